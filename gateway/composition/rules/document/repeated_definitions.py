"""INVALID_GRAPHQL: a directive, or an element of federation, is defined twice.

Source: https://spec.graphql.org/September2025/#sec-Type-System.Directives
"""

from collections.abc import Iterator

from graphql import DirectiveDefinitionNode

from gateway.composition.errors import CompositionError, error_at
from gateway.composition.read.parse import Document


def check(document: Document) -> Iterator[CompositionError]:
    """Report each definition after the first of its name; GraphQL's own rules report types of the subgraph."""
    for node in document.repeated:
        name = node.name.value
        what = f'directive named "@{name}"' if isinstance(node, DirectiveDefinitionNode) else f'type named "{name}"'
        yield error_at(
            "INVALID_GRAPHQL",
            f"There can be only one {what}.",
            document.subgraph.name,
            [node],
            "Remove one of the two definitions.",
        )
