"""What changes for clients between two supergraphs, and whether it breaks them.

graphql-core tells what it can of two schemas: what comes, goes, or changes its type or its default. What it does not look at is told here
beside it (`element_changes`, `access_changes`), and two things that it says are mended: that a built-in scalar is "removed" only
follows from another change, and a default that goes from what is required breaks whoever relied on it.

Source: https://spec.graphql.org/September2025/#sec-Type-System
"""

from collections.abc import Iterable, Iterator
from dataclasses import replace

from graphql import GraphQLSchema
from graphql.utilities import BreakingChange, DangerousChange, find_schema_changes

from gateway.check.access_changes import access_changes
from gateway.check.change import Change, Severity
from gateway.check.element_changes import DEFAULT_REMOVED, element_changes
from gateway.supergraph.model import Supergraph


def api_changes(old: Supergraph, new: Supergraph) -> list[Change]:
    """Every change, breaking ones first, in order of their names."""
    elements = list(element_changes(old.api, new.api))
    found = [*_schema_changes(old.api, new.api, elements), *elements, *access_changes(old, new)]
    return sorted(found, key=lambda change: (list(Severity).index(change.severity), change.name))


def accept(changes: Iterable[Change], accepted: frozenset[str]) -> list[Change]:
    """The changes, those marked that are accepted by name."""
    return [replace(change, is_accepted=change.name in accepted) for change in changes]


def _schema_changes(old: GraphQLSchema, new: GraphQLSchema, elements: Iterable[Change]) -> Iterator[Change]:
    """What graphql-core tells, without what `elements` tell better."""
    told = {change.message.removesuffix(" It is required.") for change in elements if change.kind in DEFAULT_REMOVED}
    for change in find_schema_changes(old, new):
        if change.description in told or change.type.name == "DESCRIPTION_CHANGED":
            continue
        if change.description.startswith("Standard scalar "):
            continue
        if isinstance(change, BreakingChange):
            severity = Severity.BREAKING
        elif isinstance(change, DangerousChange):
            severity = Severity.DANGEROUS
        else:
            severity = Severity.SAFE
        yield Change(change.type.name, severity, change.description)
