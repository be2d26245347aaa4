"""INVALID_SHAREABLE_USAGE: @shareable where nothing is shared: on an interface's field, on a subscription, or twice on one thing.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#shareable
"""

from collections.abc import Iterator

from graphql import Node

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import FieldDefinition, Kind, SubgraphSchema, TypeDefinition, uses
from gateway.composition.read.analysis import Analysis


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every @shareable of a subgraph."""
    for definition in schema.types.values():
        on_type = list(uses(definition.directives, "shareable"))
        blocks = [use.block for use in on_type]
        for use in on_type:
            if blocks.count(use.block) > 1 and use is not on_type[blocks.index(use.block)]:
                yield _error(
                    schema, f'"{definition.name}"', use.node, "is @shareable twice in one declaration", "Keep one."
                )
        for field in definition.fields.values():
            yield from _check_field(schema, definition, field)


def _check_field(
    schema: SubgraphSchema, definition: TypeDefinition, field: FieldDefinition
) -> Iterator[CompositionError]:
    on_field = list(uses(field.directives, "shareable"))
    for use in on_field[1:]:
        yield _error(schema, f'"{field.coordinate}"', use.node, "is @shareable twice", "Keep one.")
    if not on_field:
        return
    if definition.kind is Kind.INTERFACE:
        yield _error(
            schema,
            f'"{field.coordinate}"',
            on_field[0].node,
            "is a field of an interface, which nobody resolves",
            "Put @shareable on the implementations' fields.",
        )
    elif definition.name == "Subscription":
        yield _error(
            schema,
            f'"{field.coordinate}"',
            on_field[0].node,
            "is a subscription, whose events come from one subgraph only",
            "Remove @shareable.",
        )


def _error(schema: SubgraphSchema, shown: str, node: Node | None, why: str, advice: str) -> CompositionError:
    return error_at("INVALID_SHAREABLE_USAGE", f"{shown} {why}.", schema.name, [node], advice)
