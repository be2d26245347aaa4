"""Arguments of directives hold values of their types, and a demand of access is never dropped."""

import pytest

from gateway.supergraph.errors import SupergraphError
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.composition import composed, refusal

REFUSED = {
    "a scope without quotes": "type Query { q: Int @requiresScopes(scopes: [[admin]]) }",
    "a scope without quotes beside one with": 'type Query { q: Int @requiresScopes(scopes: [["read", admin]]) }',
    "a policy without quotes": "type Query { q: Int @policy(policies: [[admin]]) }",
    "no scope": "type Query { q: Int @requiresScopes(scopes: [[]]) }",
    "no alternative": "type Query { q: Int @requiresScopes(scopes: []) }",
    "a demand on a type": "type Query { q: T } type T @policy(policies: [[1]]) { x: Int }",
    "a demand on an enum": "type Query { q: E } enum E @requiresScopes(scopes: [[{a: 1}]]) { A }",
    "a weight in quotes": 'type Query { q: Int @cost(weight: "10") }',
    "a weight on an argument": "type Query { q(x: Int @cost(weight: 1.5)): Int }",
    "a word for a boolean": 'type Query { t: T } type T @key(fields: "id", resolvable: "yes") { id: ID }',
    "a subgraph without quotes": 'type Query { t: T } type T @key(fields: "id") { id: ID x: Int @override(from: b) }',
    "a tag that is a number": "type Query { q: Int @tag(name: 5) }",
    "a tag on an enum value": "type Query { q: E } enum E { A @tag(name: B) }",
    "a tag on an input field": "type Query { q(i: I): Int } input I { x: Int @tag(name: [\"a\", \"b\"]) }",
    "a reason without quotes": "type Query { q: Int @deprecated(reason: OLD) }",
    "an address that is a number": "type Query { q: S } scalar S @specifiedBy(url: 5)",
    "a default of an object type": "type O { x: Int } type Query { q(o: O = {x: 1}): Int }",
    "a custom directive": "directive @limit(of: Int) on FIELD_DEFINITION type Query { q: Int @limit(of: ONE) }",
}  # fmt: skip


@pytest.mark.parametrize("sdl", REFUSED.values(), ids=REFUSED.keys())
def test_a_value_of_another_type_is_refused_with_its_place(sdl: str) -> None:
    (error,) = refusal({"a": sdl})
    assert error.code == "INVALID_GRAPHQL"
    assert error.places[0].subgraph == "a"


@pytest.mark.parametrize(
    ("written", "composes_to"),
    [
        ('"admin"', '[["admin"]]'),
        ('["a", "b"]', '[["a"], ["b"]]'),
        ('[["a", "b"], "c"]', '[["a", "b"], ["c"]]'),
    ],
    ids=["a name", "a list of names", "mixed"],
)
def test_lists_of_demands_are_coerced_as_graphql_coerces_lists(written: str, composes_to: str) -> None:
    sdl = composed({"a": f"type Query {{ q: Int @requiresScopes(scopes: {written}) }}"}).supergraph_sdl
    assert f"@requiresScopes(scopes: {composes_to})" in sdl


def test_demands_of_two_subgraphs_add_up_however_they_are_written() -> None:
    first = 'type Query { q: Int @shareable @requiresScopes(scopes: "admin") }'
    second = 'type Query { q: Int @shareable @requiresScopes(scopes: [["read"]]) }'
    assert '@requiresScopes(scopes: [["admin", "read"]])' in composed({"a": first, "b": second}).supergraph_sdl


@pytest.mark.parametrize("demand", ["[[admin]]", '[["read", admin]]', "[[]]", "[]", "[[5]]"])
def test_a_supergraph_whose_demand_cannot_be_read_is_not_served(demand: str) -> None:
    sdl = composed({"a": 'type Query { q: Int @requiresScopes(scopes: [["x"]]) }'}).supergraph_sdl
    with pytest.raises(SupergraphError, match=r"@requiresScopes cannot be read") as refused:
        read_supergraph(sdl.replace('@requiresScopes(scopes: [["x"]])', f"@requiresScopes(scopes: {demand})"))
    assert refused.value.line > 0


@pytest.mark.parametrize(
    ("demand", "alternatives"), [('"a"', [{"a"}]), ('["a", "b"]', [{"a"}, {"b"}])], ids=["a name", "a list of names"]
)
def test_a_supergraph_made_elsewhere_may_write_short_lists(demand: str, alternatives: list[set[str]]) -> None:
    sdl = composed({"a": 'type Query { q: Int @requiresScopes(scopes: [["x"]]) }'}).supergraph_sdl
    read = read_supergraph(sdl.replace('[["x"]]', demand))
    assert [set(each) for each in read.access["Query", "q"].scopes[0]] == alternatives
