"""EMPTY_MERGED_ENUM_TYPE: the subgraphs of an enum that goes in have no value in common, so nothing is left of it.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from collections.abc import Mapping

from gateway.composition.errors import quoted
from gateway.composition.model import TypeDefinition
from gateway.composition.state.merge_context import MergeContext


def report(context: MergeContext, name: str, sources: Mapping[str, TypeDefinition]) -> None:
    """Adds the error for one enum."""
    context.error(
        "EMPTY_MERGED_ENUM_TYPE",
        f'No value of the enum "{name}", which arguments use, is in all of {quoted(sources)}, so the merged enum is empty.',
        (context.place(subgraph, source.node) for subgraph, source in sources.items()),
        "Define at least one value in all of them, or give the enums different names.",
    )
