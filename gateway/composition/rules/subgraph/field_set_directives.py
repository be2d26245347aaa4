"""KEY_DIRECTIVE_IN_FIELDS_ARG, REQUIRES_DIRECTIVE_IN_FIELDS_ARG, PROVIDES_DIRECTIVE_IN_FIELDS_ARG: a field set has a directive.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.fieldsets import has_directives
from gateway.composition.model import SubgraphSchema
from gateway.composition.read.analysis import Analysis
from gateway.composition.rules.subgraph.field_set_validity import valid_field_set_uses


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every field set of a subgraph."""
    for found in valid_field_set_uses(schema):
        if has_directives(found.selections or ()):
            yield error_at(
                f"{found.code}_DIRECTIVE_IN_FIELDS_ARG",
                f"{found.shown} has a directive inside.",
                schema.name,
                [found.use.node],
                "Remove it: the fields are always selected.",
            )
