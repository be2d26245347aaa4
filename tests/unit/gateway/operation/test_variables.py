"""Variables are coerced once, by the declared types; custom scalars are nobody's business here."""

from typing import Any

import pytest
from graphql import build_schema

from gateway.errors import ClientError
from gateway.operation.limits import Limits
from gateway.operation.parse import parse_document, select_operation
from gateway.operation.variables import VariableCoercer

SCHEMA = build_schema("""
scalar Any
enum Colour { RED GREEN }
input Range { min: Int!, max: Int! = 10 }
input Filter { name: String, colour: Colour, range: Range, not: Filter, tags: [String!] }
input One @oneOf { a: Int, b: String }
type Query { f(i: Int, f: Float, s: String, b: Boolean, id: ID, any: Any, c: Colour, filter: Filter, one: One, l: [[Int!]]): Int }
""")


def coerced(declared: str, given: dict[str, Any] | None, limits: Limits | None = None) -> dict[str, Any]:
    document = parse_document(f"query ({declared}) {{ f }}", max_tokens=1000)
    return VariableCoercer(SCHEMA, select_operation(document, None), limits or Limits()).coerce(given)


def refusal(declared: str, given: dict[str, Any], limits: Limits | None = None) -> ClientError:
    with pytest.raises(ClientError) as refused:
        coerced(declared, given, limits)
    return refused.value


@pytest.mark.parametrize(
    ("declared", "given", "expected"),
    [
        ("$v: Int", 1.0, 1),
        ("$v: Float", 1, 1),
        ("$v: ID", 7, "7"),
        ("$v: ID", "x", "x"),
        ("$v: Boolean", False, False),
        ("$v: Colour", "RED", "RED"),
        ("$v: [Int]", 3, [3]),
        ("$v: [Int]", [1, None], [1, None]),
        ("$v: [[Int!]]", [[1], None], [[1], None]),
        ("$v: Filter", {"tags": "x", "not": {"colour": "GREEN"}}, {"tags": ["x"], "not": {"colour": "GREEN"}}),
        ("$v: One", {"b": "x"}, {"b": "x"}),
        ("$v: Int", None, None),
        ("$v: Filter", {"range": {"min": 1}}, {"range": {"min": 1}}),
    ],
)
def test_values_are_coerced_by_the_specification(declared: str, given: Any, expected: Any) -> None:
    found = coerced(declared, {"v": given})["v"]
    assert found == expected
    assert type(found) is type(expected)


@pytest.mark.parametrize("value", [1, "x", 1.5, True, {"a": [{"b": None}]}, [1, [2]], 12345678901234567890])
def test_custom_scalars_pass_untouched(value: Any) -> None:
    assert coerced("$v: Any", {"v": value})["v"] is value


@pytest.mark.parametrize(
    ("declared", "given"),
    [
        ("$v: Int", "1"),
        ("$v: Int", 1.5),
        ("$v: Int", True),
        ("$v: Int", 2**31),
        ("$v: Float", "1"),
        ("$v: Float", False),
        ("$v: String", 1),
        ("$v: Boolean", 1),
        ("$v: ID", 1.5),
        ("$v: ID", True),
        ("$v: Colour", "BLUE"),
        ("$v: Colour", 1),
        ("$v: Int!", None),
        ("$v: [Int!]", [None]),
        ("$v: Filter", "x"),
        ("$v: Filter", {"nope": 1}),
        ("$v: Filter", {"range": {}}),
        ("$v: Filter", {"range": {"min": None}}),
        ("$v: One", {}),
        ("$v: One", {"a": 1, "b": "x"}),
        ("$v: One", {"a": None}),
    ],
)
def test_wrong_values_are_refused(declared: str, given: Any) -> None:
    assert refusal(declared, {"v": given}).code == "BAD_USER_INPUT"


def test_the_error_names_the_place_inside_the_value() -> None:
    error = refusal("$v: Filter", {"v": {"not": {"tags": ["a", 1]}}})
    assert '"v.not.tags[1]"' in error.message


def test_each_wrong_variable_has_its_error() -> None:
    error = refusal("$a: Int!, $b: Int, $c: Int", {"b": "x", "c": 1})
    assert [shown["extensions"]["code"] for shown in error.all_formatted()] == ["BAD_USER_INPUT"] * 2


def test_absent_variables_take_their_default_or_stay_absent() -> None:
    assert coerced("$a: Int = 5, $b: Int, $c: [Int] = 1, $d: Colour! = RED", None) == {"a": 5, "c": [1], "d": "RED"}
    assert coerced("$a: Int = 5", {"a": None}) == {"a": None}


def test_variables_that_are_not_declared_are_dropped() -> None:
    assert coerced("$a: Int", {"a": 1, "z": 2}) == {"a": 1}


def test_deep_and_long_input_is_refused_in_custom_scalars_too() -> None:
    deep: Any = 1
    for _ in range(100):
        deep = [deep]
    assert refusal("$v: Any", {"v": deep}).code == "MAX_INPUT_DEPTH_EXCEEDED"
    assert refusal("$v: Any", {"v": [1] * 11}, Limits(max_list_items=10)).code == "MAX_LIST_ITEMS_EXCEEDED"
    few = Limits(max_list_items=10, max_input_values=20)
    assert refusal("$v: Any", {"v": [[1] * 9] * 3}, few).code == "MAX_INPUT_VALUES_EXCEEDED"
    assert refusal("$v: Any, $w: Any", {"v": [1] * 10, "w": [{"a": 1}] * 6}, few).code == "MAX_INPUT_VALUES_EXCEEDED"
    assert coerced("$v: Any, $w: Any", {"v": [1] * 10, "w": [1] * 10}, few) == {"v": [1] * 10, "w": [1] * 10}
    nested: Any = {}
    for _ in range(100):
        nested = {"not": nested}
    assert refusal("$v: Filter", {"v": nested}).code == "MAX_INPUT_DEPTH_EXCEEDED"
