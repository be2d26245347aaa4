"""EXTERNAL_MISSING_ON_BASE: every subgraph that has a field marks it @external, so nobody resolves it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from collections.abc import Mapping

from gateway.composition.errors import quoted
from gateway.composition.model import FieldDefinition
from gateway.composition.state.merge_context import MergeContext


def report(context: MergeContext, coordinate: str, fields: Mapping[str, FieldDefinition]) -> None:
    """Adds the error for one field."""
    context.error(
        "EXTERNAL_MISSING_ON_BASE",
        f'"{coordinate}" is @external in {quoted(fields)} and resolved by no subgraph.',
        (context.place(subgraph, field.node) for subgraph, field in fields.items()),
        "Define it without @external in the subgraph that resolves it, or remove @external where it is resolved.",
    )
