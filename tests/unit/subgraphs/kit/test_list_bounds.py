"""Bounds of lists in inputs: refused before a resolver runs, wherever the list is, and never forgotten."""

from typing import Annotated, Any

import pytest
import strawberry

from subgraphs.kit.graph.context import Context
from subgraphs.kit.graph.errors import presented
from subgraphs.kit.graph.list_bounds import bounded
from subgraphs.kit.graph.schema import SubgraphSchema, make_schema
from subgraphs.kit.runtime.identity import GATEWAY, Identity


@strawberry.input
class Leaf:
    values: list[str] | None = strawberry.field(default=None, directives=bounded(2))


@strawberry.input
class Tree:
    leaves: list[Leaf] | None = strawberry.field(default=None, directives=bounded(3))
    below: "Tree | None" = None


@strawberry.type
class Query:
    @strawberry.field
    async def plain(self, ids: Annotated[list[strawberry.ID], strawberry.argument(directives=bounded(2))]) -> int:
        return len(ids)

    @strawberry.field
    async def nested(self, tree: Tree) -> int:
        return len(tree.leaves or [])


@pytest.fixture(scope="module")
def schema() -> SubgraphSchema:
    return make_schema(query=Query)


async def answer(schema: SubgraphSchema, query: str, variables: dict[str, Any] | None = None) -> Any:
    context: Context[None, None] = Context(Identity(caller=GATEWAY), None, None)
    result = await schema.execute(query, variable_values=variables, context_value=context)
    if result.errors:
        error = presented(result.errors[0])
        return error["extensions"]["code"], error["message"]
    return result.data


async def test_a_list_up_to_its_maximum_is_taken(schema: SubgraphSchema) -> None:
    assert await answer(schema, '{ plain(ids: ["1", "2"]) }') == {"plain": 2}
    assert await answer(schema, '{ plain(ids: "1") }') == {"plain": 1}
    assert await answer(schema, "{ nested(tree: {leaves: [{}, {values: null}]}) }") == {"nested": 2}


async def test_a_longer_list_is_refused_with_its_place(schema: SubgraphSchema) -> None:
    asked = "query ($ids: [ID!]!) { plain(ids: $ids) }"
    refused = ("BAD_USER_INPUT", "ids has 3 items; at most 2 are taken")
    assert await answer(schema, asked, {"ids": ["1", "2", "3"]}) == refused
    assert await answer(schema, '{ plain(ids: ["1", "2", "3"]) }') == refused


@pytest.mark.parametrize(
    ("tree", "place"),
    [
        ({"leaves": [{}] * 4}, "tree.leaves has 4 items; at most 3 are taken"),
        ({"leaves": [{}, {"values": ["a"] * 3}]}, "tree.leaves.values has 3 items; at most 2 are taken"),
        ({"below": {"below": {"leaves": [{}] * 4}}}, "tree.below.below.leaves has 4 items; at most 3 are taken"),
    ],
    ids=["list", "list in a list", "list in an input that contains itself"],
)
async def test_lists_inside_of_inputs_are_bound_too(schema: SubgraphSchema, tree: dict[str, Any], place: str) -> None:
    asked = "query ($tree: Tree!) { nested(tree: $tree) }"
    assert await answer(schema, asked, {"tree": tree}) == ("BAD_USER_INPUT", place)


def test_a_schema_with_a_list_that_has_no_bound_cannot_be_built() -> None:
    @strawberry.type
    class Unbounded:
        @strawberry.field
        async def of(self, ids: list[str]) -> int:
            return len(ids)

    with pytest.raises(TypeError, match=r"Query\.of\(ids:\)"):
        make_schema(query=Unbounded)
