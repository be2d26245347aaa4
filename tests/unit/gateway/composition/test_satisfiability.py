"""What can be reached composes; what cannot is shown by the shortest query, and with the reason."""

import pytest

from gateway.composition.satisfiability import walk
from tests.laboratory.composition import composed, refusal


def unreachable(sdls: dict[str, str]) -> list[str]:
    errors = refusal(sdls)
    assert {error.code for error in errors} == {"SATISFIABILITY_ERROR"}
    return [error.message for error in errors]


def test_a_field_behind_a_key_is_reached() -> None:
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! }',
        "b": 'type T @key(fields: "id") { id: ID! y: Int }',
    }
    assert composed(sdls)


def test_a_chain_of_keys_is_followed() -> None:
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! }',
        "b": 'type T @key(fields: "id") @key(fields: "sku") { id: ID! sku: ID! }',
        "c": 'type T @key(fields: "sku") { sku: ID! z: Int }',
    }
    assert composed(sdls)


def test_a_compound_key_may_come_from_two_subgraphs() -> None:
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! x: Int }',
        "b": 'type T @key(fields: "id") { id: ID! y: Int }',
        "c": 'type T @key(fields: "x y") { x: Int @shareable y: Int @shareable z: Int }',
    }
    sdls["a"] = sdls["a"].replace("x: Int", "x: Int @shareable")
    sdls["b"] = sdls["b"].replace("y: Int", "y: Int @shareable")
    assert composed(sdls)


def test_the_query_shown_is_the_shortest_and_gives_required_arguments() -> None:
    sdls = {
        "a": "type Query { deep: D t(n: Int!): T }\ntype D { t: T }\ntype T @shareable { x: Int }",
        "b": "type T @shareable { x: Int y: Int }",
    }
    (message,) = unreachable(sdls)
    assert "t(n: 0) {" in message
    assert "deep" not in message
    assert '"T" has no @key there' in message


def test_a_key_that_is_not_resolvable_is_said_to_be_so() -> None:
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! }',
        "b": 'type T @key(fields: "id", resolvable: false) { id: ID! y: Int }',
    }
    (message,) = unreachable(sdls)
    assert "resolvable: false" in message


def test_a_key_whose_fields_cannot_be_had_is_named() -> None:
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! }',
        "b": 'type T @key(fields: "sku") { sku: ID! y: Int }',
    }
    messages = "\n".join(unreachable(sdls))
    assert '("sku") cannot be had from "a"' in messages


def test_a_requirement_needs_a_way_back() -> None:
    sdls = {
        "a": 'type Query { t: T }\ntype T { x: Int @external r: Int @requires(fields: "x") id: ID! @shareable }',
        "b": 'type T @key(fields: "id") { id: ID! x: Int }',
    }
    messages = "\n".join(unreachable(sdls))
    assert "no resolvable @key of its own" in messages


def test_what_is_provided_on_the_way_needs_no_jump() -> None:
    sdls = {
        "a": 'type Query { t: T @provides(fields: "x") }\ntype T { x: Int @external }',
        "b": "type T { x: Int @shareable }",
    }
    assert composed(sdls)


def test_union_members_that_only_one_subgraph_knows_are_asked_there() -> None:
    sdls = {
        "a": "type Query { u: U @shareable }\nunion U = A | C\ntype A { x: Int }\ntype C @shareable { c: Int }",
        "b": "type Query { u: U @shareable }\nunion U = B | C\ntype B { y: Int }\ntype C @shareable { c: Int }",
    }
    assert composed(sdls)


def test_the_type_behind_an_interface_object_must_be_told_by_somebody() -> None:
    interface = (
        'interface I @key(fields: "id"{}) {{ id: ID! }}\ntype T implements I @key(fields: "id") {{ id: ID! own: Int }}'
    )
    sdls = {
        "a": interface.format(", resolvable: false"),
        "b": 'type Query { i: I }\ntype I @interfaceObject @key(fields: "id") { id: ID! y: Int }',
    }
    messages = "\n".join(unreachable(sdls))
    assert "own" in messages
    sdls["a"] = interface.format("")
    assert composed(sdls)


def test_both_sides_of_a_label_must_work() -> None:
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! x: Int @override(from: "b", label: "percent(5)") }',
        "b": 'type T @key(fields: "id", resolvable: false) { id: ID! x: Int }',
    }
    messages = "\n".join(unreachable(sdls))
    assert "percent(5)" in messages


def test_a_context_that_is_not_set_on_the_path_is_refused() -> None:
    sdls = {
        "a": 'type Query { t: T! u: U! }\ntype T @key(fields: "id") @context(name: "c") { id: ID! u: U! x: Int! }\n'
        'type U @key(fields: "id") { id: ID! f(a: Int @fromContext(field: "$c { x }")): Int }'
    }
    (message,) = unreachable(sdls)
    assert 'context "c"' in message


def with_context(query: str, top: str = "") -> dict[str, str]:
    taking = 'id: ID! x: Int! s: T f(a: Int @fromContext(field: "$c { x }")): Int'
    return {"a": f'type Query {{ {query} }}\n{top}\ntype T @key(fields: "id") @context(name: "c") {{ {taking} }}'}


def test_an_object_does_not_take_from_the_context_that_it_sets_itself() -> None:
    (message,) = unreachable(with_context("t: T"))
    assert "no object above it on this path sets" in message
    above = 'type P @key(fields: "id") @context(name: "c") { id: ID! x: Int! t: T }'
    assert composed(with_context("p: P", above))


def test_a_path_on_which_only_the_object_itself_sets_the_context_is_refused_beside_one_that_is_not() -> None:
    above = 'type P @key(fields: "id") @context(name: "c") { id: ID! x: Int! t: T }'
    (message,) = unreachable(with_context("p: P t: T", above))
    assert "  query {\n    t {\n      f\n    }\n  }" in message


def mutating(b: str, more: str = "") -> dict[str, str]:
    return {
        "a": "type Query { q: Int }\ntype Mutation { m: T @shareable }\ntype T { x: Int @shareable y: Int @shareable }",
        "b": f"type Mutation {{ m: T @shareable }}\ntype T {{ x: Int @shareable {b} }}\n{more}",
    }


def test_a_mutation_of_several_subgraphs_is_answered_by_one_of_them() -> None:
    (message,) = unreachable(mutating("z: Int"))
    assert "mutation {\n    m {\n      z" in message
    assert 'none of "a" and "b" answers everything of "m"' in message
    assert composed(mutating("y: Int @shareable z: Int"))


def test_a_query_of_several_subgraphs_is_answered_by_all_of_them_together() -> None:
    sdls = {
        name: sdl.replace("type Query { q: Int }", "").replace("Mutation", "Query")
        for name, sdl in mutating("z: Int").items()
    }
    assert composed(sdls)


def test_cycles_of_types_end() -> None:
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "u { id }") { u: U }\ntype U @key(fields: "t { u { id } }") { id: ID! @shareable t: T }',
        "b": 'type T @key(fields: "u { id }") { u: U @shareable y: Int }\ntype U @shareable { id: ID! }',
    }
    sdls["a"] = sdls["a"].replace("u: U }", "u: U @shareable }")
    assert composed(sdls)


def chained(count: int, key: str) -> dict[str, str]:
    """Types of which each one's key in "b" is made of the next one's."""
    own = "\n".join(f'type T{i} @key(fields: "id") {{ id: ID! next: T{i + 1} @shareable }}' for i in range(count))
    others = "\n".join(
        f'type T{i} @key(fields: "next {{ {key} }}") {{ next: T{i + 1} @shareable k: Int }}' for i in range(count)
    )
    return {
        "a": f'type Query {{ t0: T0 }}\n{own}\ntype T{count} @key(fields: "id") {{ id: ID! }}',
        "b": f'{others}\ntype T{count} @key(fields: "id") {{ id: ID! k: Int }}',
    }


def test_keys_that_need_keys_are_followed() -> None:
    assert composed(chained(20, "k"))


def test_keys_that_need_keys_without_end_are_refused_not_followed() -> None:
    codes = {error.code for error in refusal(chained(300, "k"))}
    assert codes == {"MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED"}


def test_a_proof_that_takes_too_long_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(walk, "MAX_STATES", 1)
    sdls = {"a": "type Query { t: T }\ntype T { u: U }\ntype U { x: Int }"}
    assert [error.code for error in refusal(sdls)] == ["MAX_VALIDATION_SUBGRAPH_PATHS_EXCEEDED"]


def advice(sdls: dict[str, str]) -> str:
    return refusal(sdls)[0].advice


def test_the_key_that_would_mend_it_is_named() -> None:
    unkeyed = {
        "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! }',
        "b": "type T { id: ID! @shareable y: Int }",
    }
    assert '@key(fields: "id")' in advice(unkeyed)
    assert 'in "b"' in advice(unkeyed)


def test_the_key_that_would_bring_a_requirement_is_named() -> None:
    sdls = {
        "p": 'type Query { t: T }\ntype T @key(fields: "id", resolvable: false) { id: ID! x: Int }',
        "q": 'type T @key(fields: "id") { id: ID! x: Int @external y: Int @requires(fields: "x") }',
    }
    assert advice(sdls) == 'Give "T" a resolvable @key in "p", which resolves "x", that "q" knows too.'


def test_a_missing_context_is_said_where_to_set() -> None:
    sdls = {
        "a": 'type Query { t: T! u: U! }\ntype T @key(fields: "id") @context(name: "c") { id: ID! u: U! x: Int! }\n'
        'type U @key(fields: "id") { id: ID! f(a: Int @fromContext(field: "$c { x }")): Int }'
    }
    assert '@context(name: "c")' in advice(sdls)


def test_fields_behind_the_same_closed_door_are_one_error() -> None:
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! }',
        "b": 'type T @key(fields: "sku") { sku: ID! y: Int z: Int }',
    }
    (message,) = unreachable(sdls)
    assert '"sku" (nor, for the same reason, "y" and "z")' in message


def test_a_shared_mutation_that_returns_the_mutation_type_is_proved() -> None:
    """Below itself it was looked into again and again, until the stack was full."""
    assert composed(
        {
            "a": "type Query { x: Int } type Mutation { as: Mutation @shareable to: Mutation @shareable one: Int }",
            "b": "type Query { y: Int } type Mutation { as: Mutation @shareable to: Mutation @shareable two: Int }",
        }
    )
