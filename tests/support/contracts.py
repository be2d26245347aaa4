"""Compares an exported SDL with its contract: the meaning, not the text.

Equal are: types and their kinds, fields, arguments, defaults, nullability, interfaces, union members, enum values, and the federation directives with
their arguments. Of no meaning are order, descriptions, `@link`, and the machinery that a running subgraph adds. The bounds and prices of
inputs are the service's own; `test_list_bounds.py` holds them.
"""

from collections.abc import Iterable

from graphql import (
    ConstDirectiveNode,
    DocumentNode,
    EnumTypeDefinitionNode,
    FieldDefinitionNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    InterfaceTypeDefinitionNode,
    ObjectTypeDefinitionNode,
    ScalarTypeDefinitionNode,
    TypeDefinitionNode,
    UnionTypeDefinitionNode,
    parse,
    print_ast,
)

_MACHINERY = {"_Any", "_Entity", "_Service", "_entities", "_service"}

_OF_INPUTS = {"maxItems", "cost"}


def facts(sdl: str) -> set[str]:
    """Everything that an SDL says, a line each, such as `Query.seller(slug): String`."""
    said: set[str] = set()
    for definition in _types(parse(sdl)):
        name = definition.name.value
        said.add(f"{name} is a {definition.kind}")
        said.update(f"{name} {directive}" for directive in _directives(definition.directives))
        match definition:
            case ObjectTypeDefinitionNode() | InterfaceTypeDefinitionNode():
                said.update(f"{name} implements {each.name.value}" for each in definition.interfaces or ())
                for field in definition.fields or ():
                    said.update(_field_facts(name, field))
            case InputObjectTypeDefinitionNode():
                for value in definition.fields or ():
                    said.update(_input_facts(f"{name}.{value.name.value}", value))
            case UnionTypeDefinitionNode():
                said.update(f"{name} = {each.name.value}" for each in definition.types or ())
            case EnumTypeDefinitionNode():
                said.update(f"{name} has {each.name.value}" for each in definition.values or ())
            case ScalarTypeDefinitionNode():
                pass
            case _:
                raise AssertionError(f"a {definition.kind} is not expected in a contract")
    return said


def missing_from(exported: str, contract: str) -> list[str]:
    """What the contract says and the export does not."""
    return sorted(facts(contract) - facts(exported))


def beyond(exported: str, contract: str) -> list[str]:
    """What the export says and the contract does not."""
    return sorted(facts(exported) - facts(contract))


def _types(document: DocumentNode) -> Iterable[TypeDefinitionNode]:
    for definition in document.definitions:
        if isinstance(definition, TypeDefinitionNode) and definition.name.value not in _MACHINERY:
            yield definition


def _field_facts(owner: str, field: FieldDefinitionNode) -> Iterable[str]:
    name = field.name.value
    if name in _MACHINERY:
        return
    yield f"{owner}.{name}: {print_ast(field.type)}"
    for directive in _directives(field.directives):
        yield f"{owner}.{name} {directive}"
    for argument in field.arguments or ():
        yield from _input_facts(f"{owner}.{name}({argument.name.value})", argument)


def _input_facts(place: str, value: InputValueDefinitionNode) -> Iterable[str]:
    default = f" = {print_ast(value.default_value)}" if value.default_value else ""
    yield f"{place}: {print_ast(value.type)}{default}"
    for directive in _directives(node for node in value.directives or () if node.name.value not in _OF_INPUTS):
        yield f"{place} {directive}"


def _directives(nodes: Iterable[ConstDirectiveNode] | None) -> Iterable[str]:
    for node in nodes or ():
        arguments = ", ".join(
            sorted(f"{argument.name.value}: {print_ast(argument.value)}" for argument in node.arguments or ())
        )
        yield f"@{node.name.value}({arguments})"
