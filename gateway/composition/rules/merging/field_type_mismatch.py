"""FIELD_TYPE_MISMATCH: a field has types of which none includes all others.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from collections.abc import Mapping

from graphql import Node

from gateway.composition.state.merge_context import MergeContext
from gateway.composition.type_ref import TypeRef


def report(context: MergeContext, coordinate: str, types: Mapping[str, tuple[TypeRef, Node | None]]) -> None:
    """Adds the error for one element.

    Args:
        types: subgraph -> the type there and where it stands.
    """
    shown = ", ".join(f'"{type_}" in "{subgraph}"' for subgraph, (type_, _) in types.items())
    context.error(
        "FIELD_TYPE_MISMATCH",
        f'The type of "{coordinate}" cannot be merged: it is {shown}.',
        (context.place(subgraph, node) for subgraph, (_, node) in types.items()),
        "Use the same type everywhere, or types that differ only in nullability or are related by an interface or a union.",
    )
