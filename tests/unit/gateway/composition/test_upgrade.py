"""Documents of federation 1 mean what they meant."""

import re

import pytest

from tests.laboratory.composition import composed, refusal
from tests.laboratory.supergraphs import facts


def supergraph(sdls: dict[str, str]) -> str:
    return composed({name: f"# fed1\n{sdl}" for name, sdl in sdls.items()}).supergraph_sdl


def test_every_field_may_be_shared() -> None:
    shared = {"a": "type Query { t: T }\ntype T { x: Int }", "b": "type Query { u: T }\ntype T { x: Int }"}
    assert "type T" in supergraph(shared)


def test_keys_may_be_lists_and_bare_names() -> None:
    sdls = {"a": 'type Query { t: T }\ntype T @key(fields: ["id", "sku"]) @key(fields: id) { id: ID! sku: Int }'}
    text = supergraph(sdls)
    assert 'key: "id sku"' in text
    assert 'key: "id")' in text


def test_the_key_of_an_extended_type_is_resolved_though_it_says_external() -> None:
    sdls = {
        "a": 'type Query { t: T }\nextend type T @key(fields: "id") { id: ID! @external y: Int }',
        "b": 'type T @key(fields: "id") { id: ID! x: Int }',
    }
    assert ("join__field", "T", "id", frozenset({("graph", "a")})) in facts(supergraph(sdls))


def test_external_fields_that_nothing_names_are_dropped() -> None:
    sdls = {
        "a": 'type Query { t: T }\nextend type T @key(fields: "id") { id: ID! @external x: Int @external y: Int }',
        "b": 'type T @key(fields: "id") { id: ID! x: Int }',
    }
    found = facts(supergraph(sdls))
    assert {fact[-1] for fact in found if fact[:3] == ("join__field", "T", "x")} == {frozenset({("graph", "b")})}


def test_what_means_nothing_is_dropped() -> None:
    sdls = {
        "a": 'type Query { t: T q: Int @provides(fields: "x") }\n'
        'interface I @key(fields: "id") { id: ID! @external }\n'
        'type T implements I @key(fields: "id") { id: ID! y: Int z: Int @requires(fields: "y") }'
    }
    text = supergraph(sdls)
    assert "provides" not in text.split("enum join__Graph")[1]
    assert "requires" not in text.split("enum join__Graph")[1]


def test_directives_of_federation_2_need_a_link() -> None:
    (error,) = refusal({"a": "# fed1\ntype Query { q: Int @shareable }"})
    assert error.code == "INVALID_GRAPHQL"
    assert "@link" in error.advice


def test_what_frameworks_print_for_the_gateway_is_dropped() -> None:
    sdl = (
        "directive @key(fields: _FieldSet!) repeatable on OBJECT | INTERFACE\nscalar _FieldSet\nscalar _Any\nunion _Entity = T\n"
        "type _Service { sdl: String }\n"
        "type Query { t: T _service: _Service! _entities(representations: [_Any!]!): [_Entity]! }\n"
        'type T @key(fields: "id") { id: ID! }'
    )
    assert "_" not in composed({"a": f"# fed1\n{sdl}"}).api_sdl


BASE = 'type P @key(fields: "id") { id: ID town: Int home: H }\ntype H { zip: Int street: Int }'


@pytest.mark.parametrize(
    ("requires", "left"),
    [
        ("own town", "town"),
        ("id town", "town"),
        ("__typename town", "town"),
        ("own", None),
        ("id", None),
        ("pets { name }", None),
        ("pets { name town }", "pets { town }"),
        ("pets { ... on Pet { town name } }", "pets { ... on Pet { town } }"),
        ("home { zip street }", "home { zip street }"),
        ("argued(n: 1) town", "town"),
    ],
)
def test_a_requirement_keeps_what_is_another_subgraphs(requires: str, left: str | None) -> None:
    b = (
        'extend type P @key(fields: "id") { id: ID @external town: Int @external own: Int argued(n: Int): Int home: H @external '
        f'pets: [Pet] n: Int @requires(fields: "{requires}") }}\ntype H {{ zip: Int street: Int }}\n'
        'extend type Pet @key(fields: "id") { id: ID @external name: Int town: Int @external }'
    )
    a = f'type Query {{ p: P }}\n{BASE}\ntype Pet @key(fields: "id") {{ id: ID town: Int }}'
    assert re.findall(r'requires: "(.*?)"\)', supergraph({"a": a, "b": b})) == ([left] if left else [])


@pytest.mark.parametrize(
    ("provides", "left"),
    [
        ("own { zip }", None),
        ("own { zip } town", "town"),
        ("home { zip }", "home { zip }"),
        ("... on P { name town }", "... on P { town }"),
        ("__typename", None),
    ],
)
def test_a_provision_keeps_what_is_another_subgraphs(provides: str, left: str | None) -> None:
    b = (
        f'type Query {{ q: P @provides(fields: "{provides}") }}\n'
        'extend type P @key(fields: "id") { id: ID @external name: Int town: Int @external home: H @external own: H }\n'
        "type H { zip: Int street: Int }"
    )
    a = f"type Query {{ p: P }}\n{BASE}"
    assert re.findall(r'provides: "(.*?)"\)', supergraph({"a": a, "b": b})) == ([left] if left else [])


@pytest.mark.parametrize("wrong", ["own wrong", "own { zip }", "pets"])
def test_a_field_set_that_is_not_valid_is_refused_as_it_is_written(wrong: str) -> None:
    b = (
        f'extend type P @key(fields: "id") {{ id: ID @external town: Int @external own: Int pets: [H] n: Int @requires(fields: "{wrong}") }}\n'
        "type H { zip: Int street: Int }"
    )
    (error,) = refusal({"a": f"# fed1\ntype Query {{ p: P }}\n{BASE}", "b": f"# fed1\n{b}"})
    assert error.code == "REQUIRES_INVALID_FIELDS"
    assert f'"{wrong}"' in error.message


@pytest.mark.parametrize("extension", ["# fed1\nextend type T { x: Int }", "extend type T @shareable { x: Int }"])
def test_a_type_without_a_key_is_no_extension(extension: str) -> None:
    sdls = {
        "a": "# fed1\ntype Query { t: T }\ntype T { x: Int }",
        "b": f"{extension}\nextend type Query {{ u: T }}",
    }
    assert "extension: true" not in composed(sdls).supergraph_sdl
