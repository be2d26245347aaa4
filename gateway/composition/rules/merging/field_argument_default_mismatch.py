"""FIELD_ARGUMENT_DEFAULT_MISMATCH: an argument has different defaults in different subgraphs.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from collections.abc import Mapping

from graphql import Node

from gateway.composition.state.merge_context import MergeContext


def report(context: MergeContext, coordinate: str, defaults: Mapping[str, tuple[str, Node | None]]) -> None:
    """Adds the error for one element.

    Args:
        defaults: subgraph -> the default there and where it stands.
    """
    shown = ", ".join(f'{text} in "{subgraph}"' for subgraph, (text, _) in defaults.items())
    context.error(
        "FIELD_ARGUMENT_DEFAULT_MISMATCH",
        f'The default of "{coordinate}" is not the same everywhere: {shown}.',
        (context.place(subgraph, node) for subgraph, (_, node) in defaults.items()),
        "Write the same default in all subgraphs.",
    )
