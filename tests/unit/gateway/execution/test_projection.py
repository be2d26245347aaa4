"""Projection against graphql-core: over the same tree, with nulls anywhere, both give the same data."""

import random
from typing import Any

import pytest
from graphql import GraphQLSchema, build_schema, execute_sync, parse
from hypothesis import given, settings
from hypothesis import strategies as st

from gateway.execution.encoding import decode_json, encode_json
from gateway.execution.interpreter.projection import compile_projection
from tests.support.execution import normalized

SCHEMA = build_schema(
    """
    type Query { t: T  nn: T!  list: [T!]  grid: [[T!]!]  loose: [[T]]  named: Named  things: [Thing!]! }
    interface Named { name: String!  twin: Named }
    union Thing = T | S
    type T implements Named {
      name: String!  twin: T  a: Int  b: Int!  ints: [Int!]!  matrix: [[Int!]]  strict: [[Int!]!]!
      t: T  u: T!  many: [T!]  thing: Thing!
    }
    type S implements Named { name: String!  twin: Named  size: Float!  kind: Kind! }
    enum Kind { A B }
    """
)
OPERATIONS = [
    "{ t { a b ints } nn { name matrix strict } }",
    "{ list { b many { b u { a } } } grid { b } loose { name t { ints } } }",
    "{ named { name twin { name ... on T { b } ... on S { kind } } } nn { thing { ... on S { size } ... on T { u { b } } } } }",
    "{ things { __typename ... on Named { name } ... on T { many { thing { ... on Named { twin { name } } } } } } }",
    "{ x: t { y: a a: b } things { ... on T { same: a } ... on S { same: size } } nn { t { t { b } u { u { ints } } } } }",
]


def tree_of(dice: random.Random, type_name: str, depth: int) -> Any:
    """An object of a type, with all its fields; each value may be null, whatever its type says."""
    declared: Any = SCHEMA.get_type(type_name)
    possible = SCHEMA.get_possible_types(declared) if type_name in ("Named", "Thing") else [declared]
    concrete = dice.choice(possible)
    tree = {"__typename": concrete.name}
    for name, field in concrete.fields.items():
        tree[name] = value_of(dice, str(field.type), depth)
    return tree


def value_of(dice: random.Random, declared: str, depth: int) -> Any:
    """A value of a type as SDL writes it, or null."""
    if dice.random() < 0.08:
        return None
    declared = declared.removesuffix("!")
    if declared.startswith("["):
        return [value_of(dice, declared[1:-1], depth) for _ in range(dice.randrange(3))]
    leaves = {"Int": 7, "Float": 1.5, "String": "text", "Kind": "B"}
    if declared in leaves:
        return leaves[declared]
    return tree_of(dice, declared, depth - 1) if depth else None


def aliased(tree: Any, text: str) -> Any:
    """The tree as fetches would have written it: the client's aliases are there beside the fields."""
    if isinstance(tree, list):
        return [aliased(item, text) for item in tree]
    if not isinstance(tree, dict):
        return tree
    written = {name: aliased(value, text) for name, value in tree.items()}
    if text.startswith("{ x:"):
        same = written.get("a") if written.get("__typename") == "T" else written.get("size")
        written |= {"x": written.get("t"), "y": written.get("a"), "same": same}
    return written


def resolve(source: Any, info: Any) -> Any:
    return source.get(info.field_name)


@settings(max_examples=300)
@given(text=st.sampled_from(OPERATIONS), seed=st.integers(0, 2**32))
def test_nulls_go_as_far_up_as_graphql_core_lets_them(text: str, seed: int) -> None:
    tree = tree_of(random.Random(seed), "Query", 3)
    expected = execute_sync(
        SCHEMA, parse(text), tree, field_resolver=resolve, type_resolver=lambda value, _info, _type: value["__typename"]
    )
    # The last operation says "a" of b: it is projected over a tree where that alias has been written.
    written = aliased(tree, text)
    if "a: b" in text and isinstance(written.get("x"), dict):
        written["x"] = {**written["x"], "a": written["x"]["b"]}
    data, errors = compile_projection(normalized(SCHEMA, text), SCHEMA).complete_root(
        decode_json(encode_json(written)), [], {}
    )
    assert data == expected.data
    assert list_order(data) == list_order(expected.data)
    assert bool(errors) == bool(expected.errors)
    for error in errors:
        assert error["extensions"]["code"] == "NON_NULL_FIELD_IS_NULL"
        assert leads_to_null(data, error["path"])
    told = [tuple(error["path"]) for error in errors]
    assert len(told) == len(set(told))


def list_order(data: Any) -> Any:
    """The data with objects as lists of pairs, so that order counts."""
    if isinstance(data, dict):
        return [(name, list_order(value)) for name, value in data.items()]
    return [list_order(item) for item in data] if isinstance(data, list) else data


def leads_to_null(data: Any, path: list[str | int]) -> bool:
    """Whether a null lies on the path, or at its end."""
    for segment in path:
        if data is None:
            return True
        data = data[segment]
    return data is None


@pytest.mark.parametrize("reported", [["t", "b"], ["t"], ["t", "b", "deeper"]])
def test_a_null_that_is_known_is_not_reported_again(reported: list[str]) -> None:
    projection = compile_projection(normalized(SCHEMA, "{ t { b } }"), SCHEMA)
    assert projection.complete_root({"t": {"b": None}}, [reported], {}) == ({"t": None}, [])


def test_an_error_beside_a_null_does_not_explain_it() -> None:
    projection = compile_projection(normalized(SCHEMA, "{ t { a b } }"), SCHEMA)
    data, errors = projection.complete_root({"t": {"a": None, "b": None}}, [["t", "a"]], {})
    assert data == {"t": None}
    assert [error["path"] for error in errors] == [["t", "b"]]


def test_the_schema_is_the_only_source_of_types() -> None:
    hidden: GraphQLSchema = build_schema(
        "type Query { named: Named } interface Named { name: String } type T implements Named { name: String }"
    )
    projection = compile_projection(normalized(hidden, "{ named { name } }"), hidden)
    data, errors = projection.complete_root({"named": {"__typename": "Secret", "name": "x"}}, [], {})
    assert data == {"named": None}
    assert len(errors) == 1
