"""REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH: a field's argument that must be given in one subgraph does not exist in another.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from collections.abc import Mapping

from graphql import Node

from gateway.composition.errors import quoted
from gateway.composition.model import InputValue
from gateway.composition.state.merge_context import MergeContext


def report(
    context: MergeContext, coordinate: str, sources: Mapping[str, InputValue], without: Mapping[str, Node | None]
) -> None:
    """Adds the error for one argument.

    Args:
        sources: the subgraphs that have it.
        without: those that do not, and where the argument would stand.
    """
    required = {s: value for s, value in sources.items() if value.type.is_non_null and value.default is None}
    context.error(
        "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
        f'The argument "{coordinate}" is required in {quoted(required)}, but {quoted(without)} do not have it.',
        [
            *(context.place(subgraph, value.node) for subgraph, value in required.items()),
            *(context.place(subgraph, node) for subgraph, node in without.items()),
        ],
        f"Make it nullable or give it a default in {quoted(required)}, or add it to {quoted(without)}.",
    )
