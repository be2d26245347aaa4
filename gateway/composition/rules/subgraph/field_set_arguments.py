"""KEY_FIELDS_HAS_ARGS, PROVIDES_FIELDS_HAS_ARGS: a key, or a @provides, selects a field that takes arguments.

What such a field gives depends on who asks, so it cannot identify an object, nor be promised beforehand.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#key
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import SubgraphSchema
from gateway.composition.read.analysis import Analysis
from gateway.composition.rules.field_set_uses import selected
from gateway.composition.rules.subgraph.field_set_validity import valid_field_set_uses


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every key and every @provides of a subgraph."""
    for found in valid_field_set_uses(schema):
        if found.core == "requires" or found.selects_on is None:
            continue
        for _, _, field in selected(schema, found.selects_on, found.selections or ()):
            if field.arguments:
                yield error_at(
                    f"{found.code}_FIELDS_HAS_ARGS",
                    f'{found.shown} selects "{field.coordinate}", which takes arguments.',
                    schema.name,
                    [found.use.node, field.node],
                    "Select fields without arguments.",
                )
