"""`@cacheTag`, which the supergraph keeps as `@join__directive`: each use as it is written, with the subgraphs that write it.

What a cache tag says holds for the answers of its own subgraph, so uses of different subgraphs are never merged into one, and one on
a field that the subgraph does not resolve (`@external`, overridden) is kept as well.

Source: https://specs.apollo.dev/join/v0.5/
"""

from collections.abc import Mapping

from graphql import print_ast

from gateway.composition.merged_model import JoinDirective
from gateway.composition.model import Directives

JOINED = ("cacheTag",)


def merge_join_directives(sources: Mapping[str, Directives]) -> list[JoinDirective]:
    """Return the uses on an element, in the order of the subgraphs, equal ones once."""
    graphs: dict[tuple[str, tuple[tuple[str, str], ...]], list[str]] = {}
    for subgraph, directives in sources.items():
        for use in directives:
            if use.core in JOINED:
                arguments = tuple((name, print_ast(value)) for name, value in use.arguments.items())
                using = graphs.setdefault((use.core, arguments), [])
                if subgraph not in using:
                    using.append(subgraph)
    return [JoinDirective(tuple(using), name, arguments) for (name, arguments), using in graphs.items()]
