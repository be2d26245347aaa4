"""Every list that a client or service can write in an input has a maximum, and a cost that grows with its items."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    DocumentNode,
    InputObjectTypeDefinitionNode,
    InputValueDefinitionNode,
    ListTypeNode,
    NamedTypeNode,
    NonNullTypeNode,
    ObjectTypeDefinitionNode,
    TypeNode,
    parse,
    value_from_ast_untyped,
)

from subgraphs import SERVICES

EXPORTED = Path(__file__).parents[2] / "schema" / "subgraphs"
MOST = 1_000

EXCEPTIONS = {
    "Query._entities(representations)": "the gateway makes it of what it found, within the limit on a body",
}


def lists_in_inputs(document: DocumentNode) -> Iterator[tuple[str, InputValueDefinitionNode]]:
    """Each list-typed argument and input field with its coordinate."""
    for definition in document.definitions:
        match definition:
            case InputObjectTypeDefinitionNode():
                given = [(f"{definition.name.value}.{each.name.value}", each) for each in definition.fields or ()]
            case ObjectTypeDefinitionNode():
                given = [
                    (f"{definition.name.value}.{field.name.value}({each.name.value})", each)
                    for field in definition.fields or ()
                    for each in field.arguments or ()
                ]
            case _:
                given = []
        yield from ((coordinate, each) for coordinate, each in given if is_list(each.type))


def is_list(type_: TypeNode) -> bool:
    return isinstance(type_.type if isinstance(type_, NonNullTypeNode) else type_, ListTypeNode)


def item_type(type_: TypeNode) -> str:
    while isinstance(type_, NonNullTypeNode | ListTypeNode):
        type_ = type_.type
    assert isinstance(type_, NamedTypeNode)
    return type_.name.value


def argument_of(value: InputValueDefinitionNode, directive: str, name: str) -> Any:
    for given in value.directives or ():
        if given.name.value == directive:
            return next(value_from_ast_untyped(each.value) for each in given.arguments or () if each.name.value == name)
    return None


@pytest.mark.parametrize("subgraph", SERVICES)
def test_every_list_in_an_input_has_a_maximum_and_a_cost(subgraph: str) -> None:
    document = parse((EXPORTED / f"{subgraph}.graphql").read_text())
    for coordinate, value in lists_in_inputs(document):
        if coordinate not in EXCEPTIONS:
            limit = argument_of(value, "maxItems", "limit")
            assert 1 <= (limit or 0) <= MOST, coordinate
            assert argument_of(value, "cost", "weight"), coordinate


@pytest.mark.parametrize("subgraph", SERVICES)
def test_each_item_of_such_a_list_costs_something(subgraph: str) -> None:
    """The gateway prices an input object by its fields, so a field that every item has bears a weight."""
    document = parse((EXPORTED / f"{subgraph}.graphql").read_text())
    inputs = {node.name.value: node for node in document.definitions if isinstance(node, InputObjectTypeDefinitionNode)}
    for coordinate, value in lists_in_inputs(document):
        item = inputs.get(item_type(value.type))
        if item is not None:
            priced = [
                each
                for each in item.fields or ()
                if (isinstance(each.type, NonNullTypeNode) or is_list(each.type))
                and argument_of(each, "cost", "weight")
            ]
            assert priced, coordinate


def test_every_exception_still_exists() -> None:
    found = {
        coordinate
        for subgraph in SERVICES
        for coordinate, _ in lists_in_inputs(parse((EXPORTED / f"{subgraph}.graphql").read_text()))
    }
    assert set(EXCEPTIONS) <= found
