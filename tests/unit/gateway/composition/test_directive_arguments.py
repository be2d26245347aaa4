"""Arguments of directives that clients may use: what is on them is merged, hides them, and counts for contracts."""

import pytest

from gateway.composition.compose import compose
from gateway.composition.contracts import Contract
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.composition import composed, refusal, subgraphs

Q = "type Query { q: Int }"


def test_a_hidden_argument_is_in_the_supergraph_and_not_in_the_schema_of_clients() -> None:
    sdls = {
        "a": f"directive @d(x: Int @inaccessible, y: Int) on FIELD {Q}",
        "b": "directive @d(x: Int, y: Int) on FIELD type Query { r: Int }",
    }
    result = composed(sdls)
    assert "directive @d(x: Int @inaccessible, y: Int) on FIELD" in result.supergraph_sdl
    assert "directive @d(y: Int) on FIELD" in result.api_sdl
    directive = read_supergraph(result.supergraph_sdl).api.get_directive("d")
    assert directive is not None
    assert list(directive.args) == ["y"]


def test_tags_deprecations_and_costs_are_kept() -> None:
    sdl = f'directive @d(x: Int @tag(name: "t") @cost(weight: 3) @deprecated) on FIELD {Q}'
    assert (
        'directive @d(x: Int @tag(name: "t") @cost(weight: 3) @deprecated) on FIELD'
        in composed({"a": sdl}).supergraph_sdl
    )
    assert "directive @d(x: Int @deprecated) on FIELD" in composed({"a": sdl}).api_sdl


@pytest.mark.parametrize(
    ("sdl", "code"),
    [
        ("directive @d(x: Int! @inaccessible) on FIELD", "REQUIRED_INACCESSIBLE"),
        ("directive @d(x: I) on FIELD input I @inaccessible { x: Int }", "REFERENCED_INACCESSIBLE"),
        ("directive @d(x: E = A) on FIELD enum E { A @inaccessible B }", "DEFAULT_VALUE_USES_INACCESSIBLE"),
    ],
)
def test_the_rules_on_what_is_hidden_hold_for_them(sdl: str, code: str) -> None:
    (error,) = refusal({"a": f"{sdl} {Q}"})
    assert error.code == code
    assert error.places[0].line


def test_a_default_holds_for_what_its_type_has_become() -> None:
    sdl = "directive @d(x: I = {{{}}}) on FIELD input I {{ a: Int b: Int{} }}"
    sdls = {"a": f"{sdl.format('a: 1, b: 2', '')} {Q}", "b": f"{sdl.format('a: 1, b: 2', '')} {Q.replace('q', 'r')}"}
    assert composed(sdls)
    sdls["b"] = sdls["b"].replace("b: Int }", "}")
    assert {error.code for error in refusal(sdls)} == {"INVALID_GRAPHQL"}


def test_an_argument_of_a_directive_of_a_specification_is_not_hidden() -> None:
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective", "@inaccessible"])'
        ' @link(url: "https://example.org/greet/v1.0", import: ["@d"]) @composeDirective(name: "@d")'
        f" directive @d(x: Int @inaccessible) on FIELD_DEFINITION {Q}"
    )
    assert [error.code for error in refusal({"a": sdl})] == ["DISALLOWED_INACCESSIBLE"]


def test_a_contract_leaves_out_arguments_and_keeps_their_types() -> None:
    sdl = f'directive @d(x: Int @tag(name: "internal"), y: E) on FIELD enum E {{ A }} enum F {{ B }} {Q}'
    api = compose(
        subgraphs({"a": sdl}), contract=Contract(exclude=frozenset({"internal"}), hides_unreachable=True)
    ).api_sdl
    assert "directive @d(y: E) on FIELD" in api
    assert "enum E" in api
    assert "enum F" not in api
