"""EXTERNAL_ON_INTERFACE: a field of an interface is @external; interfaces resolve nothing in the first place.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#external
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import Kind, SubgraphSchema, first
from gateway.composition.read.analysis import Analysis


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every interface of a subgraph."""
    for definition in schema.types.values():
        if definition.kind is not Kind.INTERFACE:
            continue
        for field in definition.fields.values():
            use = first(field.directives, "external")
            if use is not None:
                yield error_at(
                    "EXTERNAL_ON_INTERFACE",
                    f'"{field.coordinate}" is a field of an interface and @external.',
                    schema.name,
                    [use.node],
                    "Remove @external here; put it on the implementations' fields where they are another subgraph's.",
                )
