"""The API schema: the supergraph without what is inaccessible and without what only federation needs."""

from collections.abc import Callable, Mapping
from typing import Any, TypeVar

from graphql import (
    DefinitionNode,
    DirectiveDefinitionNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    GraphQLError,
    GraphQLSchema,
    InputObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    SchemaDefinitionNode,
    UnionTypeDefinitionNode,
    build_ast_schema,
)

from gateway.supergraph.errors import SupergraphError
from gateway.supergraph.features import Feature

_KEPT_DIRECTIVES = frozenset({"deprecated", "specifiedBy", "oneOf"})
_EXECUTABLE_LOCATIONS = frozenset(
    {
        "QUERY", "MUTATION", "SUBSCRIPTION", "FIELD",
        "FRAGMENT_DEFINITION", "FRAGMENT_SPREAD", "INLINE_FRAGMENT", "VARIABLE_DEFINITION",
    }
)  # fmt: skip

_N = TypeVar("_N")


def build_api_schema(document: DocumentNode, features: Mapping[str, Feature]) -> GraphQLSchema:
    """The schema that clients see.

    Raises:
        SupergraphError: what is left when the hidden is taken away is no schema.
    """
    inaccessible = features["inaccessible"].directive("inaccessible") if "inaccessible" in features else None

    def is_open(node: Any) -> bool:
        return not any(directive.name.value == inaccessible for directive in node.directives or ())

    def is_own(node: Any) -> bool:
        name, is_directive = node.name.value, isinstance(node, DirectiveDefinitionNode)
        return not any(f.owns_directive(name) if is_directive else f.owns_type(name) for f in features.values())

    kept = [shown for node in document.definitions if (shown := _shown(node, is_open, is_own)) is not None]
    hidden = {
        definition.name.value
        for definition in document.definitions
        if isinstance(definition, _TYPES) and not (is_open(definition) and is_own(definition))
    }
    kept = [_without_references(node, hidden) for node in kept]
    try:
        return build_ast_schema(DocumentNode(definitions=tuple(kept)), assume_valid=True)
    except (GraphQLError, TypeError, KeyError) as error:
        message = f"the supergraph has no valid API schema: {error}"
        raise SupergraphError(message, code="INVALID_FEDERATION_SUPERGRAPH") from error


_TYPES = (
    ObjectTypeDefinitionNode,
    InterfaceTypeDefinitionNode,
    UnionTypeDefinitionNode,
    EnumTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    InputObjectTypeDefinitionNode,
)


def _shown(
    node: DefinitionNode, is_open: Callable[[Any], bool], is_own: Callable[[Any], bool]
) -> DefinitionNode | None:
    match node:
        case SchemaDefinitionNode():
            return _copy(node, directives=())
        case DirectiveDefinitionNode():
            locations = {location.value for location in node.locations}
            if not (is_own(node) and locations & _EXECUTABLE_LOCATIONS):
                return None
            return _copy(
                node, arguments=tuple(_bare(argument) for argument in node.arguments or () if is_open(argument))
            )
        case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
            if not (is_open(node) and is_own(node)):
                return None
            fields = tuple(_shown_field(field, is_open) for field in node.fields or () if is_open(field))
            return _copy(node, directives=(), fields=fields)
        case InputObjectTypeDefinitionNode():
            if not (is_open(node) and is_own(node)):
                return None
            inputs = tuple(_bare(field) for field in node.fields or () if is_open(field))
            return _copy(node, directives=_plain(node.directives), fields=inputs)
        case EnumTypeDefinitionNode():
            if not (is_open(node) and is_own(node)):
                return None
            return _copy(
                node, directives=(), values=tuple(_bare(value) for value in node.values or () if is_open(value))
            )
        case UnionTypeDefinitionNode() | ScalarTypeDefinitionNode():
            if not (is_open(node) and is_own(node)):
                return None
            return _bare(node)
        case _:
            return None


def _shown_field(field: Any, is_open: Callable[[Any], bool]) -> Any:
    arguments = tuple(_bare(argument) for argument in field.arguments or () if is_open(argument))
    return _copy(field, directives=_plain(field.directives), arguments=arguments)


def _without_references(node: DefinitionNode, hidden: set[str]) -> DefinitionNode:
    """The node without the interfaces, union members and root types that are hidden."""
    if isinstance(node, ObjectTypeDefinitionNode | InterfaceTypeDefinitionNode):
        return _copy(node, interfaces=tuple(i for i in node.interfaces or () if i.name.value not in hidden))
    if isinstance(node, UnionTypeDefinitionNode):
        return _copy(node, types=tuple(t for t in node.types or () if t.name.value not in hidden))
    if isinstance(node, SchemaDefinitionNode):
        shown = tuple(root for root in node.operation_types if root.type.name.value not in hidden)
        return _copy(node, operation_types=shown)
    return node


def _bare(node: _N) -> _N:
    return _copy(node, directives=_plain(node.directives))  # type: ignore[attr-defined]


def _plain(directives: tuple[Any, ...] | None) -> tuple[Any, ...]:
    return tuple(directive for directive in directives or () if directive.name.value in _KEPT_DIRECTIVES)


def _copy(node: _N, **changes: Any) -> _N:
    values = {key: getattr(node, key) for key in node.keys}  # type: ignore[attr-defined]
    return type(node)(**{**values, **changes})
