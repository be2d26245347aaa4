"""NO_QUERIES: no subgraph has a query, so a client could ask nothing.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from gateway.composition.errors import Place
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Checks the query root."""
    if any(schema.types["Query"].fields for schema in context.schemas.values()):
        return
    context.error(
        "NO_QUERIES",
        "No subgraph defines a query.",
        [Place(name, schema.file) for name, schema in context.schemas.items()],
        "Define at least one field of Query in some subgraph.",
    )
