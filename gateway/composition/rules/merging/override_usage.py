"""OVERRIDE_FROM_SELF_ERROR, OVERRIDE_ON_INTERFACE, OVERRIDE_LABEL_INVALID, and a collision within one subgraph.

A field is taken from another subgraph, by an object that resolves it, at once or under a label: a name, or `percent(n)` with n
from 0 to 100 and at most eight decimals.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#override
"""

from collections.abc import Iterator

from graphql import StringValueNode

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import FieldDefinition, Kind, SubgraphSchema, first, has
from gateway.composition.read.analysis import Analysis
from gateway.composition.state.merge_context import MergeContext
from gateway.override_labels import is_label


def check(context: MergeContext) -> None:
    """Checks every @override of every subgraph."""
    for name, schema in context.schemas.items():
        context.errors.extend(_check_subgraph(context, schema, context.analyses[name]))


def _check_subgraph(context: MergeContext, schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    for definition in schema.types.values():
        for field in definition.fields.values():
            if first(field.directives, "override") is not None:
                yield from _check(context, schema, analysis, field)


def _check(
    context: MergeContext, schema: SubgraphSchema, analysis: Analysis, field: FieldDefinition
) -> Iterator[CompositionError]:
    definition = schema.types[field.parent]
    use = first(field.directives, "override")
    assert use is not None
    source, label = (use.arguments.get(name) for name in ("from", "label"))
    shown = f'"{field.coordinate}"'
    if definition.kind is Kind.INTERFACE:
        yield error_at(
            "OVERRIDE_ON_INTERFACE",
            f"{shown} is a field of an interface, which nobody resolves: there is nothing to take over.",
            schema.name,
            [use.node],
            "Put @override on the implementations' fields.",
        )
        return
    if has(definition.directives, "interfaceObject"):
        yield error_at(
            "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
            f"{shown} is a field of an interface object, which cannot take over fields.",
            schema.name,
            [use.node],
            "Remove @override, and the field from the other subgraph.",
        )
    if isinstance(source, StringValueNode) and source.value == schema.name:
        yield error_at(
            "OVERRIDE_FROM_SELF_ERROR",
            f'{shown} is taken from "{schema.name}", which is this subgraph itself.',
            schema.name,
            [use.node],
            "Name the subgraph that resolved the field so far.",
        )
    is_known = isinstance(source, StringValueNode) and source.value in context.schemas
    at = (definition.name, field.name)
    if is_known and at in analysis.external:
        yield error_at(
            "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
            f"{shown} is @external, so this subgraph does not resolve it, and yet takes it over.",
            schema.name,
            [use.node],
            "Remove @external to resolve the field here, or else @override.",
        )
    is_there = isinstance(source, StringValueNode) and (source.value, *at) in context.overrides.lost_to
    if is_there and isinstance(label, StringValueNode) and label.value and not is_label(label.value):
        yield error_at(
            "OVERRIDE_LABEL_INVALID",
            f'The label "{label.value}" of {shown} is neither a name nor a percentage.',
            schema.name,
            [use.node],
            'Begin with a letter and go on with letters, digits and "_-:./", or write percent(n) with n from 0 to 100.',
        )
