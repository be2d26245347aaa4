"""REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH: an input type's field that must be given in one subgraph does not exist in another.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from collections.abc import Mapping

from gateway.composition.errors import quoted
from gateway.composition.model import InputValue, TypeDefinition
from gateway.composition.state.merge_context import MergeContext


def report(
    context: MergeContext, coordinate: str, sources: Mapping[str, InputValue], without: Mapping[str, TypeDefinition]
) -> None:
    """Adds the error for one input field.

    Args:
        sources: the subgraphs that have it.
        without: those that do not.
    """
    required = {s: value for s, value in sources.items() if value.type.is_non_null and value.default is None}
    context.error(
        "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
        f'The input field "{coordinate}" is required in {quoted(required)}, but {quoted(without)} do not have it.',
        [
            *(context.place(subgraph, value.node) for subgraph, value in required.items()),
            *(context.place(subgraph, source.node) for subgraph, source in without.items()),
        ],
        f"Make it nullable or give it a default in {quoted(required)}, or add it to {quoted(without)}.",
    )
