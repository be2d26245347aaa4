"""The examples of GraphiQL fit the public schema: the operations, the lookups, and where each variable comes from."""

import json
import re
from collections.abc import Iterator
from functools import reduce
from pathlib import Path
from typing import Any

import pytest
from graphql import (
    FieldNode,
    GraphQLError,
    GraphQLInputType,
    GraphQLSchema,
    InlineFragmentNode,
    OperationDefinitionNode,
    SelectionSetNode,
    build_schema,
    is_input_type,
    parse,
    type_from_ast,
    validate,
)
from graphql.utilities import validate_input_value

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ROOT / "schema" / "operations"
NAMES = sorted(path.stem for path in OPERATIONS.glob("*.graphql"))
ACCOUNTS = {account["label"] for account in json.loads((OPERATIONS / "graphiql.json").read_text())["accounts"]}
STEP = re.compile(r"\.(\w+)|\[\d+\]|\[\?([\w.]+)\]")


@pytest.fixture(scope="module")
def schema() -> GraphQLSchema:
    return build_schema((ROOT / "schema" / "api.graphql").read_text(), assume_valid=True)


def _example(name: str) -> dict[str, Any]:
    example: dict[str, Any] = json.loads((OPERATIONS / f"{name}.example.json").read_text())
    return example


@pytest.mark.parametrize("name", NAMES)
def test_operation_and_its_lookups_are_valid(schema: GraphQLSchema, name: str) -> None:
    queries = [
        (OPERATIONS / f"{name}.graphql").read_text(),
        *(one["query"] for one in _example(name).get("lookups", [])),
    ]

    assert [error.message for query in queries for error in validate(schema, parse(query))] == []


@pytest.mark.parametrize("name", NAMES)
def test_variables_are_those_that_the_operation_declares(schema: GraphQLSchema, name: str) -> None:
    operation = _operation((OPERATIONS / f"{name}.graphql").read_text())
    declared = {definition.variable.name.value: definition for definition in operation.variable_definitions or ()}
    given = _example(name).get("variables", {})
    assert given.keys() == declared.keys()

    for variable, value in given.items():
        wanted = type_from_ast(schema, declared[variable].type)
        assert is_input_type(wanted)
        assert _mistakes(wanted, value) == [], variable


@pytest.mark.parametrize("name", NAMES)
def test_each_path_leads_through_a_lookup(name: str) -> None:
    example = _example(name)
    seen: list[SelectionSetNode] = []
    for lookup in example.get("lookups", []):
        assert [path for path in _paths(lookup.get("variables")) if not _leads(path, seen)] == []
        seen.append(_operation(lookup["query"]).selection_set)

    assert [path for path in _paths(example.get("variables")) if not _leads(path, seen)] == []


@pytest.mark.parametrize("name", NAMES)
def test_example_says_what_it_is_for_and_names_an_account_that_there_is(name: str) -> None:
    example = _example(name)

    assert example["about"].endswith(".")
    assert {example.get("account")} - {None} <= ACCOUNTS


def _operation(query: str) -> OperationDefinitionNode:
    definition = parse(query).definitions[0]
    assert isinstance(definition, OperationDefinitionNode)
    return definition


def _mistakes(wanted: GraphQLInputType, value: Any) -> list[str]:
    """Every mistake of the value that is not one of what the page fills in (`$...`)."""
    mistakes: list[str] = []

    def note(error: GraphQLError, path: list[str | int]) -> None:
        wrong = reduce(lambda at, step: at[step], path, value)
        if not (isinstance(wrong, str) and wrong.startswith("$")):
            mistakes.append(error.message)

    validate_input_value(value, wanted, note)
    return mistakes


def _paths(value: Any) -> Iterator[str]:
    match value:
        case str() if value.startswith("$."):
            yield value
        case dict():
            for item in value.values():
                yield from _paths(item)
        case list():
            for item in value:
                yield from _paths(item)


def _leads(path: str, roots: list[SelectionSetNode]) -> bool:
    steps = [step for found in STEP.finditer(path, 1) for step in (found.group(1),) if step]
    filters = [found.group(2).split(".") for found in STEP.finditer(path, 1) if found.group(2)]
    assert "".join(found.group() for found in STEP.finditer(path, 1)) == path[1:], f"{path} is no path"
    return all(any(_selects(root, wanted) for root in roots) for wanted in [steps, *_after(path, filters)])


def _after(path: str, filters: list[list[str]]) -> Iterator[list[str]]:
    """A filter's path, seen from the root: what was walked before it, and then its own steps."""
    for wanted in filters:
        before = path[1 : path.index(f"[?{'.'.join(wanted)}]")]
        yield [*(found.group(1) for found in STEP.finditer(before) if found.group(1)), *wanted]


def _selects(selections: SelectionSetNode | None, steps: list[str]) -> bool:
    if not steps:
        return True
    for selection in selections.selections if selections else ():
        if isinstance(selection, FieldNode):
            key = (selection.alias or selection.name).value
            if key == steps[0] and _selects(selection.selection_set, steps[1:]):
                return True
        elif isinstance(selection, InlineFragmentNode) and _selects(selection.selection_set, steps):
            return True
    return False
