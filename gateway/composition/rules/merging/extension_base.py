"""EXTENSION_WITH_NO_BASE: a type is extended everywhere, and defined nowhere.

In a subgraph of federation 1, `@extends` makes an extension of a definition.

Source: https://www.apollographql.com/docs/graphos/schema-design/federated-schemas/reference/errors
"""

from collections.abc import Iterator, Mapping

from graphql import TypeExtensionNode

from gateway.composition.errors import CompositionError, place_of
from gateway.composition.model import ROOT_TYPES, Kind, SubgraphSchema, TypeDefinition
from gateway.composition.state.merge_context import MergeContext


def check(context: MergeContext) -> None:
    """Checks every type that subgraphs only extend."""
    for name in context.supergraph.types:
        sources = context.sources(name)
        if name not in ROOT_TYPES and all(isinstance(source.node, TypeExtensionNode) for source in sources.values()):
            context.errors.append(_error(context.schemas, sources))


def check_federation_1(schemas: Mapping[str, SubgraphSchema]) -> Iterator[CompositionError]:
    """Checks what subgraphs of federation 1 extend, before they are read in the terms of federation 2."""
    for subgraph, schema in schemas.items():
        for name, definition in schema.types.items() if schema.is_fed1 else ():
            if (
                name in ROOT_TYPES
                or not definition.is_extension
                or definition.kind not in {Kind.OBJECT, Kind.INTERFACE}
            ):
                continue
            others = (other.types.get(name) for other in schemas.values() if other is not schema)
            if all(other is None or isinstance(other.node, TypeExtensionNode) for other in others):
                yield _error(schemas, {subgraph: definition})


def _error(schemas: Mapping[str, SubgraphSchema], sources: Mapping[str, TypeDefinition]) -> CompositionError:
    return CompositionError(
        "EXTENSION_WITH_NO_BASE",
        f'"{next(iter(sources.values())).name}" is only ever extended: no subgraph defines it.',
        tuple(place_of(s, source.node, file=schemas[s].file) for s, source in sources.items()),
        "Define it in one of them, without `extend`.",
    )
