"""PROVIDES_ON_NON_OBJECT_FIELD: a @provides stands on a field whose type has no fields.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#provides
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import SubgraphSchema
from gateway.composition.read.analysis import Analysis
from gateway.composition.rules.subgraph.field_set_validity import valid_field_set_uses


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every @provides of a subgraph."""
    for found in valid_field_set_uses(schema):
        if found.core == "provides" and found.field is not None and found.selects_on is None:
            yield error_at(
                "PROVIDES_ON_NON_OBJECT_FIELD",
                f'{found.shown} provides fields of "{found.field.type}", which has none.',
                schema.name,
                [found.use.node],
                "Remove it.",
            )
