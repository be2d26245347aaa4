"""EMPTY_MERGED_INPUT_TYPE: the subgraphs of an input type have no field in common, so nothing is left of it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from collections.abc import Mapping

from gateway.composition.errors import quoted
from gateway.composition.model import TypeDefinition
from gateway.composition.state.merge_context import MergeContext


def report(context: MergeContext, name: str, sources: Mapping[str, TypeDefinition]) -> None:
    """Adds the error for one input type."""
    context.error(
        "EMPTY_MERGED_INPUT_TYPE",
        f'No field of the input type "{name}" is in all of {quoted(sources)}, so the merged type is empty.',
        (context.place(subgraph, source.node) for subgraph, source in sources.items()),
        "Define at least one field in all of them, or give the types different names.",
    )
