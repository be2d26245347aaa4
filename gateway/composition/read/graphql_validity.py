"""Holds a subgraph's document against GraphQL itself: unknown types, wrong directives, broken interfaces.

Federation's own definitions are put beside the document for that, under the names it uses for them, where it does not define them
itself, and a type that is only extended counts as defined.

Source: https://spec.graphql.org/September2025/#sec-Type-System
"""

from collections.abc import Iterable, Iterator, Sequence
from functools import lru_cache
from typing import cast

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumTypeExtensionNode,
    GraphQLError,
    InputObjectTypeDefinitionNode,
    InputObjectTypeExtensionNode,
    InterfaceTypeDefinitionNode,
    InterfaceTypeExtensionNode,
    Node,
    ObjectTypeDefinitionNode,
    ObjectTypeExtensionNode,
    ScalarTypeDefinitionNode,
    ScalarTypeExtensionNode,
    SchemaDefinitionNode,
    SchemaExtensionNode,
    TypeDefinitionNode,
    TypeExtensionNode,
    UnionTypeDefinitionNode,
    UnionTypeExtensionNode,
    parse,
    specified_directives,
)
from graphql.validation.validate import validate_sdl

from gateway.composition import specs
from gateway.composition.errors import CompositionError, place_of
from gateway.composition.links import FEDERATION
from gateway.composition.read.argument_values import argument_errors
from gateway.composition.read.graphql_schema import as_graphql, validated_schema
from gateway.composition.read.parse import Document

_DEFINED_BY: dict[type[TypeExtensionNode], type[TypeDefinitionNode]] = {
    ScalarTypeExtensionNode: ScalarTypeDefinitionNode,
    ObjectTypeExtensionNode: ObjectTypeDefinitionNode,
    InterfaceTypeExtensionNode: InterfaceTypeDefinitionNode,
    UnionTypeExtensionNode: UnionTypeDefinitionNode,
    EnumTypeExtensionNode: EnumTypeDefinitionNode,
    InputObjectTypeExtensionNode: InputObjectTypeDefinitionNode,
}
_SPECIFIED = frozenset(directive.name for directive in specified_directives)
_GATEWAY_PART = """
scalar _Any
type _Service { sdl: String }
"""


def check_plain_graphql(document: Document) -> list[CompositionError]:
    """Everything in the document that GraphQL itself refuses."""
    whole = plain_document(document)
    errors = validate_sdl(whole)
    if not errors:
        schema, errors = validated_schema(whole)
        if schema is not None and not errors:
            errors = argument_errors(schema, whole, document.links, is_fed1=document.is_fed1)
    return [_composition_error(document, error) for error in errors]


def plain_document(document: Document) -> DocumentNode:
    """The document with federation's definitions beside it, so that GraphQL by itself understands it."""
    return DocumentNode(definitions=cast(tuple[DefinitionNode, ...], tuple(_definitions(document))))


def _definitions(document: Document) -> Iterator[DefinitionNode | SchemaDefinitionNode | SchemaExtensionNode]:
    yield from document.schema_nodes
    yield from (node for name, node in document.directives.items() if name not in _SPECIFIED)  # GraphQL's own hold
    for nodes in document.types.values():
        yield from _defined(nodes)
    core = specs.definitions(document.links, is_fed1=document.is_fed1)
    given = dict(core)
    given.update({name: f"scalar {name}" for name in ("_FieldSet", "FieldSet") if name not in document.types})
    for node in document.own_core_definitions:
        if given.pop(f"@{node.name.value}" if isinstance(node, DirectiveDefinitionNode) else node.name.value, None):
            yield node
    yield from _beside(_GATEWAY_PART + "\n".join(given.values()))
    query = next((name for name, root in document.roots.items() if root == "Query"), "Query")
    extend = "extend type" if query in document.types else "type"
    yield from _beside(f"{extend} {query} {{ _service: _Service! }}")


@lru_cache(maxsize=64)
def _beside(text: str) -> tuple[DefinitionNode, ...]:
    """Definitions that are the same beside most documents, parsed once."""
    return parse(text, no_location=True).definitions


def _defined(nodes: Iterable[TypeDefinitionNode | TypeExtensionNode]) -> Iterator[DefinitionNode]:
    """The nodes of a type, the first one a definition."""
    nodes = list(nodes)
    if not any(isinstance(node, TypeDefinitionNode) for node in nodes):
        nodes[0] = _as_definition(nodes[0])
    yield from nodes


def _as_definition(node: TypeDefinitionNode | TypeExtensionNode) -> TypeDefinitionNode | TypeExtensionNode:
    if isinstance(node, TypeDefinitionNode):
        return node
    return _DEFINED_BY[type(node)](**{key: getattr(node, key) for key in node.keys})


def _composition_error(document: Document, error: GraphQLError) -> CompositionError:
    name = document.subgraph.name
    nodes = [node for node in error.nodes or () if node.loc is not None]
    places = tuple(dict.fromkeys(place_of(name, node) for node in nodes)) or (place_of(name, None, file=document.file),)
    own_directive = any(isinstance(node, DirectiveDefinitionNode) for node in nodes)
    code = "DIRECTIVE_DEFINITION_INVALID" if own_directive else "INVALID_GRAPHQL"
    return CompositionError(code, as_graphql(error.message), places, _advice(document, nodes))


def _advice(document: Document, nodes: Sequence[Node]) -> str:
    """What to change: an unknown directive may be federation's, only not linked or not imported."""
    unknown = next((node.name.value for node in nodes if isinstance(node, DirectiveNode)), None)
    spec = specs.DIRECTIVES.get(unknown or "")
    core = specs.core_directive(unknown, document.links, is_fed1=document.is_fed1) if unknown else None
    if spec is None or core is not None:
        return "Correct the SDL so that it is valid GraphQL by itself."
    since = max(spec.since, (2, 0))
    if document.is_fed1:
        url = f"{FEDERATION}/v{since[0]}.{since[1]}"
        return f'@{unknown} is of federation 2: write extend schema @link(url: "{url}", import: ["@{unknown}"]), or remove it.'
    if document.version < since:
        return (
            f"@{unknown} came with federation {since[0]}.{since[1]}: link that version or a later one, and import it."
        )
    return f'Add "@{unknown}" to the `import` of the federation link, or write @federation__{unknown}.'
