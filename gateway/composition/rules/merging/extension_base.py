"""EXTENSION_WITH_NO_BASE: a type is extended everywhere and defined nowhere.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from graphql import TypeExtensionNode

from gateway.composition.merge.context import MergeContext
from gateway.composition.model import ROOT_TYPES


def check(context: MergeContext) -> None:
    """Checks every type that any subgraph extends."""
    for name in context.supergraph.types:
        sources = context.sources(name)
        if name in ROOT_TYPES or not all(isinstance(source.node, TypeExtensionNode) for source in sources.values()):
            continue
        context.error(
            "EXTENSION_WITH_NO_BASE",
            f'"{name}" is only ever extended: no subgraph defines it.',
            [context.place(subgraph, source.node) for subgraph, source in sources.items()],
            "Define it in one of them, without `extend`.",
        )
