"""TYPE_KIND_MISMATCH: one name is an object type here and something else there.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/composition-rules
"""

from collections.abc import Mapping

from gateway.composition.model import Kind, TypeDefinition, has
from gateway.composition.state.merge_context import MergeContext

_SHOWN = {Kind.OBJECT: "object type", Kind.INPUT: "input type"}


def report(context: MergeContext, name: str, sources: Mapping[str, TypeDefinition]) -> None:
    """Adds the error for one type."""
    shown = ", ".join(f'{_kind(source)} in "{subgraph}"' for subgraph, source in sources.items())
    context.error(
        "TYPE_KIND_MISMATCH",
        f'"{name}" is not the same kind of type everywhere: {shown}.',
        (context.place(subgraph, source.node) for subgraph, source in sources.items()),
        "Make it the same kind in all subgraphs, or rename one.",
    )


def _kind(source: TypeDefinition) -> str:
    if has(source.directives, "interfaceObject"):
        return "interface object"
    return _SHOWN.get(source.kind, source.kind.value)
