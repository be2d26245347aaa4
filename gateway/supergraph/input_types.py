"""The types of what fields are given, as each subgraph has them: arguments, input types, enums and scalars.

Source: https://specs.apollo.dev/join/v0.3/
"""

from collections.abc import Mapping, Sequence

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    EnumValueNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ScalarTypeDefinitionNode,
    StringValueNode,
    TypeNode,
    parse_type,
)

from gateway.supergraph.features import Feature
from gateway.supergraph.model import InputType, InputValue

Directives = Sequence[ConstDirectiveNode] | None


def read_input_types(
    document: DocumentNode, join: Feature, graphs: Mapping[str, tuple[str, str]]
) -> dict[str, dict[str, InputType]]:
    """Return the types by the subgraph's name, then by their own.

    Args:
        graphs: (name, url) of each subgraph by its name in the join enum.
    """
    found: dict[str, dict[str, InputType]] = {name: {} for name, _ in graphs.values()}
    for node in document.definitions:
        if isinstance(node, EnumTypeDefinitionNode | InputObjectTypeDefinitionNode | ScalarTypeDefinitionNode):
            joined = _graphs_of(node.directives, join.directive("type"))
            for graph, (name, _) in graphs.items():
                if joined is None or graph in joined:
                    found[name][node.name.value] = _input_type(node, graph, join)
    return found


def input_value(node: InputValueDefinitionNode, type_: TypeNode | None = None) -> InputValue:
    """Return an argument, or a field of an input type.

    Args:
        type_: the type that it has in a subgraph, if that differs from the supergraph's.
    """
    type_name, wrappers = wrapped(type_ or node.type)
    return InputValue(type_name, wrappers, wrappers.startswith("!") and node.default_value is None)


def wrapped(node: TypeNode) -> tuple[str, str]:
    """(named type, wrappers from outside in: ``!`` for non-null and ``[`` for a list)."""
    wrappers = ""
    while isinstance(node, NonNullTypeNode | ListTypeNode):
        wrappers += "!" if isinstance(node, NonNullTypeNode) else "["
        node = node.type
    assert isinstance(node, NamedTypeNode)
    return node.name.value, wrappers


def _input_type(
    node: EnumTypeDefinitionNode | InputObjectTypeDefinitionNode | ScalarTypeDefinitionNode, graph: str, join: Feature
) -> InputType:
    match node:
        case EnumTypeDefinitionNode():
            marker = join.directive("enumValue")
            values = ((value.name.value, _graphs_of(value.directives, marker)) for value in node.values or ())
            return InputType(values=frozenset(name for name, having in values if having is None or graph in having))
        case InputObjectTypeDefinitionNode():
            marker = join.directive("field")
            fields = {
                field.name.value: input_value(field, _type_in(field.directives, marker, graph))
                for field in node.fields or ()
                if (having := _graphs_of(field.directives, marker)) is None or graph in having
            }
            is_one_of = any(directive.name.value == "oneOf" for directive in node.directives or ())
            return InputType(fields=fields, is_one_of=is_one_of)
        case _:
            return InputType()


def _graphs_of(directives: Directives, marker: str) -> frozenset[str] | None:
    """The graphs that the join directives of an element name; None if it has none, so that every graph has the element."""
    marked = [directive for directive in directives or () if directive.name.value == marker]
    if not marked:
        return None
    given = (
        argument.value
        for directive in marked
        for argument in directive.arguments or ()
        if argument.name.value == "graph"
    )
    return frozenset(value.value for value in given if isinstance(value, EnumValueNode))


def _type_in(directives: Directives, marker: str, graph: str) -> TypeNode | None:
    for directive in directives or ():
        given = {argument.name.value: argument.value for argument in directive.arguments or ()}
        own, text = given.get("graph"), given.get("type")
        if directive.name.value == marker and isinstance(own, EnumValueNode) and own.value == graph:
            return parse_type(text.value) if isinstance(text, StringValueNode) else None
    return None
