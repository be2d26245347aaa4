"""INVALID_FIELD_SHARING: a field is resolved by several subgraphs, and not all of them say @shareable.

A field that is @external and @provided is resolved too, and needs no @shareable itself. Fields of keys are shareable by themselves, and so is everything in a subgraph of federation 1. A field that an interface object
resolves is resolved for every implementation of the interface, also when two interface objects of one subgraph meet in it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from collections.abc import Iterable, Iterator, Mapping

from graphql import StringValueNode

from gateway.composition.merged_model import MergedType
from gateway.composition.model import FieldDefinition, Kind, first
from gateway.composition.state.merge_context import MergeContext
from gateway.composition.state.overrides import closest_subgraph


def check(context: MergeContext) -> None:
    """Checks every field of every object type, and of every interface that is an object somewhere."""
    for merged in context.supergraph.types.values():
        if merged.kind is Kind.OBJECT or any(join.is_interface_object for join in merged.joins):
            for name in merged.fields:
                _check_field(context, merged, name)


def _check_field(context: MergeContext, merged: MergedType, name: str) -> None:
    resolving = dict(_resolving(context, merged, name))
    if len(resolving) < 2:
        return
    unshared = {
        (subgraph, owner): field
        for (subgraph, owner), field in resolving.items()
        if (owner, name) not in context.analyses[subgraph].shareable | context.analyses[subgraph].external
    }
    if not unshared:
        return
    names, at_fault = _shown(merged, resolving), _shown(merged, unshared)
    others = {at: field for at, field in resolving.items() if at not in unshared}
    missed, advice = _missed_override(context, resolving)
    context.error(
        "INVALID_FIELD_SHARING",
        f'"{merged.name}.{name}" is resolved by {names}, but {at_fault} '
        f"{'does' if len(unshared) == 1 else 'do'} not share it.{missed}",
        [context.place(subgraph, field.node) for (subgraph, _), field in (*unshared.items(), *others.items())],
        advice,
    )


def _missed_override(context: MergeContext, resolving: Mapping[tuple[str, str], FieldDefinition]) -> tuple[str, str]:
    """Return what to add to the message, and the advice: one of the subgraphs may take the field over from a misspelt one."""
    for (subgraph, _), field in resolving.items():
        use = first(field.directives, "override")
        source = use.arguments.get("from") if use else None
        if isinstance(source, StringValueNode) and source.value not in context.schemas:
            meant = closest_subgraph(source.value, context.schemas)
            advice = (
                f'Write @override(from: "{meant}").' if meant else "Name the subgraph that resolved the field so far."
            )
            return f' "{subgraph}" takes it over from "{source.value}", which is not a subgraph.', advice
    return (
        "",
        "Mark the field @shareable in all of them if they give the same value, or let one take it over with @override.",
    )


def _shown(merged: MergedType, resolving: Iterable[tuple[str, str]]) -> str:
    """The subgraphs as the message shows them, each with the interface object by which it resolves the field."""
    shown = [
        f'"{subgraph}"' if owner == merged.name else f'"{subgraph}" (by its interface object "{owner}")'
        for subgraph, owner in resolving
    ]
    return shown[0] if len(shown) == 1 else f"{', '.join(shown[:-1])} and {shown[-1]}"


def _resolving(
    context: MergeContext, merged: MergedType, name: str
) -> Iterator[tuple[tuple[str, str], FieldDefinition]]:
    """((subgraph, type it stands on there), field) of all that resolve it, interface objects included."""
    own = context.sources(merged.name)
    for local in context.local_types(merged.name):
        field = local.definition.fields.get(name)
        if field is None or local.definition.kind is not Kind.OBJECT:
            continue
        if local.is_interface_object and local.subgraph in own:
            continue  # no sharing, but an interface object beside an implementation: `interface_objects` reports it
        analysis = context.analyses[local.subgraph]
        at = (local.definition.name, name)
        if at in analysis.external:
            if at not in analysis.provided:
                continue
        elif (local.subgraph, *at) in context.overrides.lost_to:
            continue
        yield (local.subgraph, local.definition.name), field
