"""SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES: a shared field gives, in different subgraphs, objects that no two have in common.

The gateway may take a shared field from any of its subgraphs; where their values cannot even be of one type, they are not the same
value. Behind an interface object a value may be of any implementation.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#shareable
"""

from gateway.composition.errors import HintLevel
from gateway.composition.merged_model import MergedField, MergedType
from gateway.composition.model import Kind, has
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Checks every field of abstract type that several subgraphs resolve."""
    types = context.supergraph.types
    for merged in types.values():
        if merged.kind is not Kind.OBJECT:
            continue
        for field in merged.fields.values():
            target = types.get(field.type.name)
            if target is not None and target.kind in {Kind.INTERFACE, Kind.UNION}:
                _check_field(context, merged, field)


def _check_field(context: MergeContext, merged: MergedType, field: MergedField) -> None:
    possible: dict[str, frozenset[str]] = {}
    is_certain = True
    for subgraph, source in context.sources(merged.name).items():
        own = source.fields.get(field.name)
        at = (merged.name, field.name)
        if own is None or at in context.analyses[subgraph].external or (subgraph, *at) in context.overrides.lost_to:
            continue
        schema = context.schemas[subgraph]
        known = schema.runtime_types(own.type.name)
        is_certain &= not any(has(schema.types[name].directives, "interfaceObject") for name in known)
        possible[subgraph] = frozenset(context.runtime_types(subgraph, own.type.name))
    if len(set(possible.values())) < 2:
        return
    if not is_certain and frozenset.intersection(*possible.values()):
        return
    shown = "; ".join(f'{", ".join(sorted(names))} in "{subgraph}"' for subgraph, names in possible.items())
    places = [context.place(s, context.sources(merged.name)[s].fields[field.name].node) for s in possible]
    if frozenset.intersection(*possible.values()):
        context.hint(
            "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN",
            HintLevel.WARN,
            f'"{merged.name}.{field.name}" is shared, but its values can have different types: {shown}.',
            places,
        )
        return
    context.error(
        "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
        f'"{merged.name}.{field.name}" is shared, but its values have no type in common: {shown}.',
        places,
        f'Let "{field.type.name}" have a type in common there, or do not share the field.',
    )
