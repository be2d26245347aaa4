"""An operation written in another way gets the same data: fragments, names, values, order and repetition mean nothing."""

import asyncio
import json
import random
from collections.abc import Sequence
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, parse, print_ast
from hypothesis import given
from hypothesis import strategies as st

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.rewriting import (
    Asked,
    Rewrite,
    divided,
    extracted,
    included,
    inlined,
    narrowed,
    renamed,
    reordered,
    wrapped,
)
from tests.laboratory.rewriting_values import relabelled, spelled_out, valued
from tests.laboratory.rewritten_trials import REWRITINGS, draw_rewriting, rewrite, run_rewritten_trials
from tests.laboratory.telling_world import TellingWorld, told
from tests.laboratory.worlds.drawing import draw_world
from tests.laboratory.worlds.gateway import WorldGateway
from tests.laboratory.worlds.operations import draw_operation
from tests.support.examples import examples

SEEDS = st.integers(min_value=0, max_value=2**32)

SDL = {
    "things": """
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
        type Query { thing(id: ID = "1", among: [[ID!]]): Thing! things(filter: Filter): [Item!]! }
        type Mutation { add(by: Int!): Int! }
        interface Item { id: ID! told(like: Filter, raw: Json): String }
        type Thing implements Item @key(fields: "id") { id: ID! told(like: Filter, raw: Json): String }
        type Other implements Item @key(fields: "id") { id: ID! told(like: Filter, raw: Json): String }
        input Filter { colour: Colour = RED, sizes: [Float!], not: Filter, names: [String] = ["x"], raw: Json }
        enum Colour { RED GREEN }
        scalar Json
    """,
    "views": """
        extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])
        type Thing @key(fields: "id") { id: ID! seen(as: [Look!], times: Int): String next(by: Int! = 2): Thing }
        type Other @key(fields: "id") { id: ID! seen(as: [Look!], times: Int): String }
        input Look { at: Int! from: String }
    """,
}

OPERATIONS: dict[str, tuple[str, dict[str, Any]]] = {
    "literals": (
        """{ thing(id: 2, among: [["1", 2], null]) { told(like: {colour: GREEN, sizes: [1, 2.5], not: {raw: {a: [1, "b"]}}})
             seen(as: [{at: 1}, {at: 2, from: "x"}], times: null) next { seen(as: {at: 3}) } } }""",
        {},
    ),
    "variables": (
        """query ($like: Filter, $looks: [Look!], $at: Int!, $times: Int, $by: Int = 5, $raw: Json, $colour: Colour = GREEN) {
             thing { a: told(like: $like) b: told(like: {colour: $colour, names: [null, "y"]}, raw: $raw)
                     c: seen(as: $looks, times: $times) d: seen(as: [{at: $at}]) next(by: $by) { id } } }""",
        {"like": {"colour": "RED", "sizes": 1, "not": None}, "looks": {"at": 4}, "at": 7, "raw": {"deep": [1.5, None]}},
    ),
    "abstract": (
        """query ($times: Int = 1) { things(filter: {colour: RED}) { __typename told(raw: "r")
             ... on Thing { seen(times: $times) ...N } ... on Other { seen(times: $times) } } }
           fragment N on Thing { next { id: __typename n: id next(by: 3) { id } } }""",
        {},
    ),
    "mutation": (
        "mutation ($by: Int! = 3) { a: add(by: 1) b: add(by: $by) ...M } fragment M on Mutation { c: add(by: 5) }",
        {},
    ),
}


SUPERGRAPH = compose(
    [Subgraph(name=name, url=f"http://{name}.test/", sdl=text) for name, text in SDL.items()]
).supergraph_sdl
SCHEMA: GraphQLSchema = read_supergraph(SUPERGRAPH).api


def telling_world() -> TellingWorld:
    """Two subgraphs whose fields tell how they were asked, and a mutation that adds up."""
    total = 0

    def add(_info: object, *, by: int) -> int:
        nonlocal total
        total = total * 10 + by
        return total

    things: list[dict[str, Any]] = [
        {"__typename": name, "id": number, "told": told(f"told {number}"), "seen": told(f"seen {number}")}
        for name, number in (("Thing", "1"), ("Other", "2"), ("Thing", "3"))
    ]
    for thing in things:
        thing["next"] = lambda _info, by: things[0] if by > 2 else things[2]
    roots = {
        "thing": lambda info, **arguments: {**things[0], "told": told(f"{json.dumps(arguments)} told")},
        "things": lambda _info, **_: things,
        "add": add,
    }
    return TellingWorld(SDL, SUPERGRAPH, things, roots)


def data_of(text: str, variables: dict[str, Any]) -> Any:
    """What one schema answers."""
    answer = telling_world().answer_merged(SCHEMA, text, variables)
    assert "errors" not in answer, answer
    return answer["data"]


@examples(20)
@given(seed=SEEDS)
def test_rewritten_operations_get_the_same_data(seed: int) -> None:
    """An example is a world with two operations, each rewritten twice; the checker accepts every plan."""
    for trial in asyncio.run(run_rewritten_trials(seed)):
        assert trial.answered == trial.expected, trial.shown


@pytest.mark.parametrize("name", OPERATIONS)
@examples(15)
@given(seed=SEEDS)
def test_values_reach_subgraphs_alike_however_they_are_written(name: str, seed: int) -> None:
    text, variables = OPERATIONS[name]
    asked = draw_rewriting(text, variables, SCHEMA, random.Random(seed))
    answered = asyncio.run(WorldGateway(telling_world()).answer(asked.text, asked.variables)).response
    assert "errors" not in answered, (asked.text, asked.variables, answered)
    assert asked.read_back(answered["data"]) == data_of(text, variables), (asked.text, asked.variables)


@pytest.mark.parametrize("name", OPERATIONS)
@examples(15)
@given(seed=SEEDS)
def test_rewritings_are_equivalent_by_the_reference_too(name: str, seed: int) -> None:
    """Else a difference would say nothing about the gateway."""
    text, variables = OPERATIONS[name]
    asked = draw_rewriting(text, variables, SCHEMA, random.Random(seed))
    assert asked.read_back(data_of(asked.text, dict(asked.variables))) == data_of(text, variables)


@examples(15)
@given(seed=SEEDS)
def test_rewritings_of_random_operations_are_equivalent_by_the_reference_too(seed: int) -> None:
    rnd = random.Random(seed)
    world = draw_world(rnd)
    schema = read_supergraph(world.supergraph).api
    drawn = draw_operation(rnd, schema)
    asked = draw_rewriting(drawn.text, drawn.variables, schema, rnd)
    before = world.answer_merged(schema, drawn.text, drawn.variables)["data"]
    assert asked.read_back(world.answer_merged(schema, asked.text, asked.variables)["data"]) == before


PETS = build_schema(
    """
    type Query { pet(id: ID!, like: Like): Pet dog: Dog }
    type Mutation { first: Int second: Int third: Int }
    interface Pet { name: String owner: Dog }
    type Dog implements Pet { name: String owner: Dog }
    type Cat implements Pet { name: String owner: Dog }
    input Like { kind: Kind, at: [Int] }
    enum Kind { WILD TAME }
    """
)


def rewritten(text: str, *rewritings: Rewrite, seed: int = 1, **variables: Any) -> Asked:
    return rewrite(Asked.of(text, variables), PETS, random.Random(seed), rewritings)


def some_is(text: str, rewriting: Rewrite, expected: str, *, seeds: Sequence[int] = range(200)) -> bool:
    """Whether a seed makes the rewriting give exactly this text."""
    wanted = print_ast(parse(expected))
    return any(rewritten(text, rewriting, seed=seed).text == wanted for seed in seeds)


@pytest.mark.parametrize(
    ("rewriting", "text", "expected"),
    [
        (
            inlined,
            "{ dog { ...A @skip(if: false) } } fragment A on Dog { name ...B } fragment B on Dog { owner { name } }",
            "{ dog { ... on Dog @skip(if: false) { name ... on Dog { owner { name } } } } }",
        ),
        (
            extracted,
            "{ a: dog { name } b: dog { name } }",
            "{ a: dog { ...F0 } b: dog { ...F0 } } fragment F0 on Dog { name }",
        ),
        (reordered, "{ dog { name } pet(id: 1) { name } }", "{ pet(id: 1) { name } dog { name } }"),
        (wrapped, "{ dog { name } }", "{ ... { dog { ... on Dog { name } } } }"),
        (narrowed, "{ pet(id: 1) { name } }", "{ pet(id: 1) { ... on Dog { name } ... on Cat { name } } }"),
        (divided, "{ dog { name owner { name } } }", "{ dog { name } dog { owner { name } } }"),
        (included, "{ dog { name } }", "{ dog @include(if: true) { name @skip(if: false) } }"),
        (renamed, "{ dog { name } pet(id: 1) { name } }", "{ pet: dog { name } dog: pet(id: 1) { name } }"),
        (
            valued,
            "{ pet(id: 1, like: {kind: WILD, at: [1, 2]}) { name } }",
            "query ($v0: Kind, $v1: [Int]! = [1, 2]) { pet(id: 1, like: {kind: $v0, at: $v1}) { name } }",
        ),
        (valued, "{ pet(id: 1, like: {at: 1}) { name } }", "query ($v0: Like) { pet(id: 1, like: $v0) { name } }"),
        (
            spelled_out,
            "query ($i: ID! = 4, $k: Kind, $s: Boolean! = true) { pet(id: $i, like: {kind: $k}) { name @skip(if: $s) } }",
            "{ pet(id: 4, like: {}) { name @skip(if: true) } }",
        ),
        (
            relabelled,
            "query ($i: ID! = 4, $k: Kind) { pet(id: $i, like: {kind: $k}) { name } }",
            "query ($k: ID! = 4, $i: Kind) { pet(id: $k, like: {kind: $i}) { name } }",
        ),
    ],
)
def test_each_rewriting_writes_what_its_name_says(rewriting: Rewrite, text: str, expected: str) -> None:
    assert some_is(text, rewriting, expected)


def test_every_rewriting_is_drawn() -> None:
    assert {each.__name__ for each in REWRITINGS} == {
        *("inlined", "extracted", "reordered", "wrapped", "narrowed", "divided", "included", "renamed"),
        *("valued", "spelled_out", "relabelled"),
    }


def test_root_fields_of_a_mutation_keep_their_order() -> None:
    text = "mutation { first second third }"
    assert all(rewritten(text, reordered, seed=seed).text == print_ast(parse(text)) for seed in range(20))


def test_renamed_answers_are_read_back_by_place() -> None:
    """Names that were exchanged in one object stay as they are in another."""
    asked = Asked(
        parse("{ __typename }"),
        {},
        {"a": ("b", {"x": ("y", {})}), "b": ("a", {"y": ("y", {})}), "list": ("list", {"n": ("name", {})})},
    )
    read = asked.read_back({"a": {"x": 1}, "b": {"y": {"x": 2}}, "list": [[{"n": 3}], None]})
    assert read == {"b": {"y": 1}, "a": {"y": {"x": 2}}, "list": [[{"name": 3}], None]}
