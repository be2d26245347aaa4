"""EXTERNAL_UNUSED: a field is @external, and no key, requirement, @provides or interface of its subgraph names it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#external
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import Kind, SubgraphSchema
from gateway.composition.read.analysis import Analysis


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every @external field of a subgraph."""
    for definition in schema.types.values():
        if definition.kind is Kind.INTERFACE:
            continue
        for field in definition.fields.values():
            at = (definition.name, field.name)
            if at in analysis.external and not analysis.is_used(at):
                yield error_at(
                    "EXTERNAL_UNUSED",
                    f'"{field.coordinate}" is @external, but nothing in this subgraph uses it.',
                    schema.name,
                    [field.node],
                    "Remove the field, or, if this subgraph resolves it, remove @external.",
                )
