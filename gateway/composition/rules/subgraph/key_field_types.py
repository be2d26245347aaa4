"""KEY_FIELDS_SELECT_INVALID_TYPE: a key selects a field whose type is an interface or a union.

Which fields such a value has depends on its type, so two subgraphs need not mean the same by it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/directives#key
"""

from collections.abc import Iterator

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import SubgraphSchema
from gateway.composition.read.analysis import Analysis
from gateway.composition.rules.field_set_uses import selected
from gateway.composition.rules.subgraph.field_set_validity import valid_field_set_uses


def check(schema: SubgraphSchema, analysis: Analysis) -> Iterator[CompositionError]:
    """Checks every key of a subgraph."""
    for found in valid_field_set_uses(schema):
        if found.core != "key":
            continue
        for _, _, field in selected(schema, found.owner, found.selections or ()):
            target = schema.types.get(field.type.name)
            if target is not None and target.is_abstract:
                yield error_at(
                    "KEY_FIELDS_SELECT_INVALID_TYPE",
                    f'{found.shown} selects "{field.coordinate}", whose type "{target.name}" is a {target.kind.value}.',
                    schema.name,
                    [found.use.node, field.node],
                    "Select fields whose types are objects, scalars or enums.",
                )
