"""INTERFACE_OBJECT_USAGE_ERROR: an interface object without a key, with which nobody can get to it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#interfaceobject
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import SubgraphSchema, first
from gateway.composition.read.analysis import Analysis


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every interface object of a subgraph."""
    for definition in schema.types.values():
        use = first(definition.directives, "interfaceObject")
        if use is not None and not analysis.keys.get(definition.name):
            yield error_at(
                "INTERFACE_OBJECT_USAGE_ERROR",
                f'"{definition.name}" is an interface object, but has no @key.',
                schema.name,
                [use.node],
                "Give it a @key that the interface has in another subgraph.",
            )
