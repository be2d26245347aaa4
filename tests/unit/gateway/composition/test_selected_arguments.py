"""Arguments in field sets and contexts hold for the subgraphs that resolve the fields, not only for the one that selects them."""

import pytest

from tests.laboratory.composition import composed, refusal

RESOLVING = 'type Query {{ t: T }} type T @key(fields: "id") {{ id: ID {} }} {}'
REQUIRING = 'type T @key(fields: "id") {{ id: ID {} @external y: Int @requires(fields: "{}") }} {}'

REFUSED = {
    "no such argument": ("x: Int", "", "x(a: Int): Int", "x(a: 42)", ""),
    "a required argument": ("x(a: Int!): Int", "", "x(a: Int): Int", "x", ""),
    "no such enum value": ("x(a: E): Int", "enum E { A }", "x(a: E): Int", "x(a: B)", "enum E { A B }"),
    "no such input field": ("x(a: I): Int", "input I { a: Int }", "x(a: I): Int", "x(a: {b: 1})", "input I { a: Int b: Int }"),
    "a required input field": (
        "x(a: I): Int", "input I { a: Int b: Int! }", "x(a: I): Int", "x(a: {a: 1})", "input I { a: Int b: Int }",
    ),
    "an argument given twice": ("x(a: Int): Int", "", "x(a: Int): Int", "x(a: 1, a: 2)", ""),
    "a variable": ("x(a: S): Int", "scalar S", "x(a: S): Int", "x(a: $v)", "scalar S"),
    "a variable in a custom scalar": ("x(a: S): Int", "scalar S", "x(a: S): Int", "x(a: [{b: $v}])", "scalar S"),
    "below an object": (
        "o: O", "type O { x: Int @shareable }", "o: O", "o { x(a: 1) }", "type O { x(a: Int): Int @shareable }",
    ),
    "below a type condition": (
        "i: I",
        "interface I { x: Int } type P implements I { x: Int z: Int }",
        "i: I",
        "i { ... on P { z(a: 1) } }",
        "interface I { x: Int } type P implements I { x: Int @external z(a: Int): Int @external }",
    ),
    "on an interface": (
        "i: I",
        "interface I { x: Int } type P implements I { x: Int }",
        "i: I",
        "i { x(a: 1) }",
        "interface I { x(a: Int): Int } type P implements I { x(a: Int): Int @external }",
    ),
}  # fmt: skip


@pytest.mark.parametrize(("field", "types", "external", "fields", "own_types"), REFUSED.values(), ids=REFUSED.keys())
def test_a_requirement_gives_what_the_resolving_subgraph_takes(
    field: str, types: str, external: str, fields: str, own_types: str
) -> None:
    sdls = {"a": RESOLVING.format(field, types), "b": REQUIRING.format(external, fields, own_types)}
    assert {error.code for error in refusal(sdls)} == {"REQUIRES_INVALID_FIELDS"}


def test_a_requirement_gives_what_each_of_two_resolving_subgraphs_takes() -> None:
    sdls = {
        "a": RESOLVING.format("x(a: Int): Int @shareable", ""),
        "b": REQUIRING.format("x(a: Int): Int", "x(a: 42)", ""),
        "c": 'type T @key(fields: "id") { id: ID x(a: Int): Int @shareable }',
    }
    assert composed(sdls)
    sdls["c"] = sdls["c"].replace("(a: Int)", "")
    (error,) = refusal(sdls)
    assert error.code == "REQUIRES_INVALID_FIELDS"
    assert {"a", "b"} <= {place.subgraph for place in error.places}


def test_a_context_gives_what_the_resolving_subgraph_takes() -> None:
    sdls = {
        "a": 'type Query { t: T } type T @key(fields: "id") @context(name: "c") { id: ID x(a: Int): Int @shareable u: U }'
        ' type U @key(fields: "id") { id: ID f(q: Int @fromContext(field: "$c { x(a: 3) }")): Int }',
        "b": 'type T @key(fields: "id") { id: ID x(a: Int): Int @shareable }',
    }
    assert composed(sdls)
    sdls["b"] = sdls["b"].replace("(a: Int)", "")
    assert [error.code for error in refusal(sdls)] == ["CONTEXT_INVALID_SELECTION"]
