"""INVALID_GRAPHQL: a root, a field, an argument or a directive of clients names a type that the subgraph does not define.

Validation puts federation's definitions and a query root beside the document, and knows the types of introspection. None of them is a
type of the subgraph: the supergraph would not have it, or a misspelled root would lose the subgraph's queries.

Source: https://spec.graphql.org/September2025/#sec-Type-System
"""

from collections.abc import Iterator

from graphql import (
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    TypeNode,
)

from gateway.composition import specs
from gateway.composition.errors import CompositionError, error_at
from gateway.composition.model import BUILT_IN_SCALARS
from gateway.composition.read.parse import SERVICE_TYPES, Document


def check(document: Document) -> Iterator[CompositionError]:
    """Check every reference to a type outside of definitions of directives for schemas."""
    yield from _unknown_roots(document)
    beside = {name for name, _ in specs.definitions(document.links, is_fed1=document.is_fed1)}
    beside |= {*SERVICE_TYPES, "Query"}
    for node in _references(document):
        name = node.name.value
        if name in document.types or not (name in beside or name.startswith("__")):
            continue  # defined, or reported by a rule of GraphQL's own
        what = "GraphQL's or federation's own" if name != "Query" else "the name of a root that this subgraph lacks"
        yield error_at(
            "INVALID_GRAPHQL",
            f'"{name}" is no type of this subgraph: it is {what}.',
            document.subgraph.name,
            [node],
            f'Define "{name}" here, or use another type.' if name == "Query" else "Use a type of your own.",
        )
    yield from _redefined_scalars(document)


def _unknown_roots(document: Document) -> Iterator[CompositionError]:
    for schema_node in document.schema_nodes:
        for operation in schema_node.operation_types or ():
            name = operation.type.name.value
            if name not in document.types:
                yield error_at(
                    "INVALID_GRAPHQL",
                    f'The {operation.operation.value} root is "{name}", which this subgraph does not define.',
                    document.subgraph.name,
                    [operation],
                    f'Define the type "{name}", correct the name, or remove the line.',
                )


def _redefined_scalars(document: Document) -> Iterator[CompositionError]:
    for name in sorted(BUILT_IN_SCALARS & document.types.keys()):
        for node in document.types[name]:
            if not isinstance(node, ScalarTypeDefinitionNode | ScalarTypeExtensionNode):
                yield error_at(
                    "INVALID_GRAPHQL",
                    f'"{name}" is a scalar of GraphQL itself and cannot be another kind of type.',
                    document.subgraph.name,
                    [node],
                    "Rename your type.",
                )
            elif isinstance(node, ScalarTypeExtensionNode):
                yield error_at(
                    "INVALID_GRAPHQL",
                    f'"{name}" is a scalar of GraphQL itself and cannot be extended.',
                    document.subgraph.name,
                    [node],
                    "Remove the extension, or define a scalar of your own.",
                )


def _references(document: Document) -> Iterator[NamedTypeNode]:
    for nodes in document.types.values():
        for node in nodes:
            yield from getattr(node, "interfaces", None) or ()
            yield from getattr(node, "types", None) or ()
            for field in getattr(node, "fields", None) or ():
                yield _named(field.type)
                yield from (_named(argument.type) for argument in getattr(field, "arguments", None) or ())
    for directive in document.directives.values():
        if any(location.value in specs.EXECUTABLE_LOCATIONS for location in directive.locations):
            yield from (_named(argument.type) for argument in directive.arguments or ())


def _named(node: TypeNode) -> NamedTypeNode:
    while isinstance(node, ListTypeNode | NonNullTypeNode):
        node = node.type
    assert isinstance(node, NamedTypeNode)
    return node
