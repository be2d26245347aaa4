"""QUERY_ROOT_TYPE_INACCESSIBLE: the query root is hidden, and with it everything.

Source: https://specs.apollo.dev/inaccessible/v0.2/
"""

from gateway.composition.print.api_schema import is_inaccessible
from gateway.composition.rules.supergraph.places import places_of
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Checks the query root."""
    query = context.supergraph.types.get("Query")
    if query is not None and is_inaccessible(query.directives):
        context.error(
            "QUERY_ROOT_TYPE_INACCESSIBLE",
            '"Query" is @inaccessible, so clients could ask nothing.',
            places_of(context, "Query"),
            "Hide fields of it instead.",
        )
