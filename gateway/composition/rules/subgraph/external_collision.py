"""EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE: a field is @external and has a directive for fields that are resolved here.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import SubgraphSchema, first
from gateway.composition.read.analysis import Analysis


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every @external field of a subgraph."""
    for name, field_name in sorted(analysis.external):
        field = schema.types[name].fields[field_name]
        use = first(field.directives, "provides")
        if use is not None:
            yield error_at(
                "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE",
                f'"{field.coordinate}" is @external, so there is nothing that this subgraph could provide with it.',
                schema.name,
                [use.node],
                f"Remove @{use.name}, or @external.",
            )
