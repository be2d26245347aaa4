"""What changes for clients between two supergraphs, and whether it breaks them.

Beside what GraphQL itself can tell of two schemas: a field that demands more of its callers than before breaks those who have less,
and a field that demands less may show what was hidden.

Source: https://spec.graphql.org/September2025/#sec-Type-System
"""

import enum
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass

from graphql import GraphQLInterfaceType, GraphQLObjectType, GraphQLSchema
from graphql.utilities import BreakingChange, DangerousChange, find_schema_changes

from gateway.supergraph.access import Access
from gateway.supergraph.model import Supergraph


class Severity(enum.Enum):
    """What a change does to clients."""

    BREAKING = "breaking"
    DANGEROUS = "dangerous"
    SAFE = "safe"


@dataclass(frozen=True, slots=True)
class Change:
    """One change of the API.

    Attributes:
        kind: a stable name in capitals, e.g. ``FIELD_REMOVED``.
        is_accepted: a file accepts it by its name.
    """

    kind: str
    severity: Severity
    message: str
    is_accepted: bool = False

    @property
    def name(self) -> str:
        """How a file of accepted changes names it."""
        return f"{self.kind}: {self.message}"


def api_changes(old: Supergraph, new: Supergraph) -> list[Change]:
    """Every change, breaking ones first, in order of their names."""
    found = [*_schema_changes(old.api, new.api), *_access_changes(old, new), *_deprecations(old.api, new.api)]
    return sorted(found, key=lambda change: (list(Severity).index(change.severity), change.name))


def accept(changes: Iterable[Change], accepted: frozenset[str]) -> list[Change]:
    """The changes, those marked that are accepted by name."""
    return [
        Change(change.kind, change.severity, change.message, is_accepted=change.name in accepted) for change in changes
    ]


def _schema_changes(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    for change in find_schema_changes(old, new):
        if isinstance(change, BreakingChange):
            severity = Severity.BREAKING
        elif isinstance(change, DangerousChange):
            severity = Severity.DANGEROUS
        else:
            severity = Severity.SAFE
        yield Change(change.type.name, severity, change.description)


def _access_changes(old: Supergraph, new: Supergraph) -> Iterator[Change]:
    for type_name, field_name in sorted(_fields(old.api) & _fields(new.api)):
        before, after = _at(old.access, type_name, field_name), _at(new.access, type_name, field_name)
        coordinate = f"{type_name}.{field_name}"
        if not _covers(before, after):
            yield Change(
                "ACCESS_TIGHTENED", Severity.BREAKING, f"{coordinate} demands more of its callers: {_shown(after)}."
            )
        elif not _covers(after, before):
            yield Change(
                "ACCESS_LOOSENED", Severity.DANGEROUS, f"{coordinate} demands less of its callers: {_shown(after)}."
            )


def _at(access: Mapping[tuple[str, str], Access], type_name: str, field_name: str) -> Access:
    return access.get((type_name, field_name)) or Access()


def _covers(held: Access, demanded: Access) -> bool:
    """Whether whoever satisfies the one satisfies the other."""
    if demanded.authenticated and not held:
        return False
    return _lists_cover(held.scopes, demanded.scopes) and _lists_cover(held.policies, demanded.policies)


def _lists_cover(
    held: tuple[tuple[frozenset[str], ...], ...], demanded: tuple[tuple[frozenset[str], ...], ...]
) -> bool:
    """Whether each demand follows from one that is held: every alternative there contains one here."""
    return all(
        any(all(any(need <= have for need in wanted) for have in given) for given in held) for wanted in demanded
    )


def _shown(access: Access) -> str:
    parts = ["sign in"] if access.authenticated else []
    for label, lists in (("scopes", access.scopes), ("policies", access.policies)):
        parts.extend(
            f"{label} {' or '.join('+'.join(sorted(each)) for each in alternatives)}" for alternatives in lists
        )
    return "; ".join(parts) or "nothing"


def _deprecations(old: GraphQLSchema, new: GraphQLSchema) -> Iterator[Change]:
    for type_name, field_name in sorted(_fields(old) & _fields(new)):
        before, after = _field_deprecation(old, type_name, field_name), _field_deprecation(new, type_name, field_name)
        if before is None and after is not None:
            yield Change("FIELD_DEPRECATED", Severity.SAFE, f"{type_name}.{field_name} is deprecated: {after}")


def _field_deprecation(schema: GraphQLSchema, type_name: str, field_name: str) -> str | None:
    type_ = schema.type_map[type_name]
    assert isinstance(type_, GraphQLObjectType | GraphQLInterfaceType)
    reason: str | None = type_.fields[field_name].deprecation_reason
    return reason


def _fields(schema: GraphQLSchema) -> set[tuple[str, str]]:
    return {
        (name, field)
        for name, type_ in schema.type_map.items()
        if isinstance(type_, GraphQLObjectType | GraphQLInterfaceType) and not name.startswith("__")
        for field in type_.fields
    }
