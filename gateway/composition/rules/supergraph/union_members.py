"""INVALID_GRAPHQL: a union has a member that is no object type, once all subgraphs are put together.

A subgraph knows an interface object as an object type and may put it into a union. In the supergraph it is an interface.

Source: https://spec.graphql.org/September2025/#sec-Unions
"""

from gateway.composition.errors import quoted
from gateway.composition.model import Kind
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Check the members of every union."""
    types = context.supergraph.types
    for merged in types.values():
        for member in merged.members.values():
            if types[member.name].kind is Kind.OBJECT:
                continue
            sources = {name: node for name, node in context.sources(merged.name).items() if member.name in node.members}
            context.error(
                "INVALID_GRAPHQL",
                f'"{member.name}" is a member of the union "{merged.name}" in {quoted(sources)}, but an interface in the supergraph.',
                [context.place(subgraph, definition.members[member.name]) for subgraph, definition in sources.items()],
                f'Take "{member.name}" out of the union, or put the union\'s place under the interface.',
            )
