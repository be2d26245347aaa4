"""Which of several descriptions the supergraph shows."""

from collections import Counter
from collections.abc import Mapping

from graphql import Node

from gateway.composition.errors import HintLevel
from gateway.composition.state.merge_context import MergeContext


def merge_descriptions(
    context: MergeContext, coordinate: str, given: Mapping[str, str | None], nodes: Mapping[str, Node | None]
) -> str | None:
    """The description that most subgraphs give; among equals, that of the first subgraph by name."""
    counts = Counter(text for text in given.values() if text)
    if not counts:
        return None
    if len(counts) > 1:
        context.hint(
            "INCONSISTENT_DESCRIPTION",
            HintLevel.WARN,
            f'"{coordinate}" is described differently in different subgraphs; the supergraph shows the most frequent text.',
            (context.place(name, nodes.get(name)) for name, text in given.items() if text),
        )
    best = max(counts.values())
    return next(text for text in given.values() if text and counts[text] == best)
