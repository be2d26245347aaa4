"""Arguments and input fields are read by their rules before the resolver runs; see `kit.graph.input_checks`."""

import asyncio
from types import SimpleNamespace
from typing import Annotated, Any

import pytest
import strawberry

from subgraphs.kit.graph.errors import NotFoundError, ValidationError, presented
from subgraphs.kit.graph.input_checks import rules_of
from subgraphs.kit.graph.list_bounds import bounded
from subgraphs.kit.graph.scalars import Id
from subgraphs.kit.graph.schema import make_schema
from subgraphs.kit.runtime.identity import Identity
from subgraphs.kit.runtime.rules import IdRule, RangeRule, TextRule

NAME = TextRule(5, least=1)


@strawberry.input
class Leaf:
    name: Annotated[str, NAME]
    ids: list[Id] | None = strawberry.field(default=None, directives=bounded(10))
    below: "list[Leaf] | None" = strawberry.field(default=None, directives=bounded(10))
    weight: float | None = None


@strawberry.type
class Done:
    said: str


SaveResult = Annotated[Done | ValidationError | NotFoundError, strawberry.union("SaveResult")]
DropResult = Annotated[Done | NotFoundError, strawberry.union("DropResult")]


@strawberry.type
class Query:
    @strawberry.field
    def leaf(
        self,
        id: Id | None = None,  # noqa: A002 - as the subgraphs name it
        first: Annotated[int, RangeRule(0, 3)] | None = 3,
        leaf: Leaf | None = None,
    ) -> str | None:
        return f"{id} {first} {leaf.name if leaf else ''} {leaf.ids if leaf else ''}"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def save(self, leaf: Leaf) -> SaveResult:
        return Done(said=leaf.name)

    @strawberry.mutation
    def drop(self, id: Id, name: Annotated[str, NAME] = "x") -> DropResult:  # noqa: A002
        return Done(said=id)


schema = make_schema(query=Query, mutation=Mutation)


def _answer(query: str, variables: dict[str, Any] | None = None) -> Any:
    context = SimpleNamespace(identity=Identity(caller="gateway"))
    result = asyncio.run(schema.execute(query, variable_values=variables, context_value=context))
    if result.errors:
        return [(error["extensions"]["code"], error.get("path")) for error in map(presented, result.errors)]
    return result.data


def test_a_resolver_receives_the_canonical_form() -> None:
    query = '{ leaf(id: "0192F0C1-2D3E-7A4B-8C5D-6E7F8A9B0C1D", leaf: {name: " e\u0301 ", ids: ["A"]}) }'
    assert _answer(query) == {"leaf": "0192f0c1-2d3e-7a4b-8c5d-6e7f8a9b0c1d 3 \u00e9 ['A']"}
    assert _answer("{ leaf }") == {"leaf": "None 3  "}
    assert _answer("{ leaf(id: null, first: null, leaf: null) }") == {"leaf": "None None  "}


@pytest.mark.parametrize(
    "arguments",
    ['id: "a\\u0000"', "first: -1", 'leaf: {name: ""}', 'leaf: {name: "a", ids: ["1", ""]}', 'leaf: {name: "a", weight: 1e999}'],
    ids=["id", "number", "text", "item", "infinite"],
)  # fmt: skip
def test_a_refused_argument_is_a_typed_error_of_its_field(arguments: str) -> None:
    assert _answer(f"{{ leaf({arguments}) }}") == [("VALIDATION_FAILED", ["leaf"])]


def test_a_mutation_answers_a_refused_input_as_a_member_of_its_union_with_the_path() -> None:
    query = "mutation ($leaf: Leaf!) { save(leaf: $leaf) { __typename ... on ValidationError { code path } } }"
    deep = {"name": "a", "below": [{"name": "b"}, {"name": "c", "below": [{"name": "too long"}]}]}
    path = ["leaf", "below", "1", "below", "0", "name"]
    assert _answer(query, {"leaf": deep})["save"] == {
        "__typename": "ValidationError",
        "code": "VALIDATION_FAILED",
        "path": path,
    }


def test_an_id_that_is_none_is_not_found_where_the_union_says_no_more() -> None:
    query = 'mutation { drop(id: "a b") { __typename ... on NotFoundError { code path } } }'
    assert _answer(query)["drop"] == {"__typename": "NotFoundError", "code": "NOT_FOUND", "path": ["id"]}
    assert _answer('mutation { drop(id: "a", name: "") { __typename } }') == [("VALIDATION_FAILED", ["drop"])]


def test_the_rules_of_a_schema_can_be_listed() -> None:
    found = {(coordinate, kind): rule for coordinate, kind, rule in rules_of(schema._schema)}
    assert found["Leaf.name", "String"] is NAME
    assert isinstance(found["Leaf.ids", "ID"], IdRule)
    assert found["Mutation.drop(name:)", "String"] is NAME
