"""INVALID_FIELD_SHARING: a field is resolved by several subgraphs, and not all of them say @shareable.

A field that is @external and @provided is resolved too, and needs no @shareable itself. Fields of keys are shareable by themselves, and so is everything in a subgraph of federation 1. A field that an interface object
resolves is resolved for every implementation of the interface.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from collections.abc import Iterator

from gateway.composition.errors import quoted
from gateway.composition.merge.context import MergeContext
from gateway.composition.merged import MergedType
from gateway.composition.model import FieldDefinition, Kind, has


def check(context: MergeContext) -> None:
    """Checks every field of every object type, and of every interface that is an object somewhere."""
    for merged in context.supergraph.types.values():
        if merged.kind is Kind.OBJECT or any(join.is_interface_object for join in merged.joins):
            for name in merged.fields:
                _check_field(context, merged, name)


def _check_field(context: MergeContext, merged: MergedType, name: str) -> None:
    resolving = dict(_resolving(context, merged, name))
    if len({subgraph for subgraph, _ in resolving}) < 2:
        return
    unshared = {
        (subgraph, owner): field
        for (subgraph, owner), field in resolving.items()
        if (owner, name) not in context.analyses[subgraph].shareable | context.analyses[subgraph].external
    }
    if not unshared:
        return
    names = list(dict.fromkeys(subgraph for subgraph, _ in resolving))
    at_fault = list(dict.fromkeys(subgraph for subgraph, _ in unshared))
    others = {at: field for at, field in resolving.items() if at not in unshared}
    context.error(
        "INVALID_FIELD_SHARING",
        f'"{merged.name}.{name}" is resolved by {quoted(names)}, but {quoted(at_fault)} '
        f"{'does' if len(at_fault) == 1 else 'do'} not share it.",
        [context.place(subgraph, field.node) for (subgraph, _), field in (*unshared.items(), *others.items())],
        "Mark the field @shareable in all of them if they give the same value, or let one take it over with @override.",
    )


def _resolving(
    context: MergeContext, merged: MergedType, name: str
) -> Iterator[tuple[tuple[str, str], FieldDefinition]]:
    """((subgraph, type it stands on there), field) of all that resolve it, interface objects included."""
    owners = [merged.name]
    if merged.kind is Kind.OBJECT:
        owners += merged.interfaces
    for owner in owners:
        for subgraph, definition in context.sources(owner).items():
            field = definition.fields.get(name)
            if field is None or definition.kind is not Kind.OBJECT:
                continue
            if owner != merged.name and not has(definition.directives, "interfaceObject"):
                continue
            analysis = context.analyses[subgraph]
            at = (owner, name)
            if at in analysis.external:
                if at not in analysis.provided:
                    continue
            elif (subgraph, owner, name) in context.overrides.lost_to:
                continue
            yield (subgraph, owner), field
