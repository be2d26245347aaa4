"""Arguments that take their value from a context: what may be selected, and that no client gives them."""

import pytest

from tests.laboratory.composition import composed, refusal

TAKING = (
    'type Query { t: T } type T @key(fields: "id") @context(name: "c") { id: ID! x: Int n: N i: I u: U }'
    " type N { y: Int } interface I { z: Int } type P implements I { z: Int }"
    " type U @key(fields: \"id\") { id: ID! f(a: Int @fromContext(field: '$c'), b: Int): Int @shareable }"
)


def _taking(selection: str) -> str:
    return TAKING.replace("'$c'", f'"$c {selection}"')


@pytest.mark.parametrize(
    "selection",
    [
        "{ x @skip(if: true) }",
        "{ x @unknown }",
        "{ n @include(if: true) { y } }",
        "{ n { y @skip(if: false) } }",
        "{ ... on T @include(if: true) { x } }",
        "{ ... @skip(if: true) { x } }",
        "{ n { ... @include(if: true) { y } } }",
        "{ i { ... on P @skip(if: false) { z } } }",
    ],
)
def test_a_directive_inside_a_selection_is_refused(selection: str) -> None:
    (error,) = refusal({"a": _taking(selection)})
    assert error.code == "CONTEXT_INVALID_SELECTION"
    assert "directive" in error.message


@pytest.mark.parametrize("other", ["a: Int", "a: Int = 3", "a: Int! = 3", "a: String"])
def test_an_argument_from_a_context_is_hidden_where_it_is_plain_elsewhere(other: str) -> None:
    sdls = {
        "a": _taking("{ x }"),
        "b": f'type Query {{ g: U }} type U @key(fields: "id") {{ id: ID! f({other}, b: Int): Int @shareable }}',
    }
    result = composed(sdls)
    assert "  f(b: Int): Int\n" in result.api_sdl
    assert 'contextArguments: [{context: "a__c", name: "a", type: "Int", selection: "{ x }"}]' in result.supergraph_sdl


def test_an_interface_does_not_show_an_argument_that_its_implementation_takes_from_a_context() -> None:
    sdls = {
        "a": _taking("{ x }"),
        "b": "type Query { g: J } interface J { f(a: Int, b: Int): Int }"
        ' type U implements J @key(fields: "id") { id: ID! f(a: Int, b: Int): Int @shareable }',
    }
    assert {error.code for error in refusal(sdls)} == {"INVALID_GRAPHQL"}


@pytest.mark.parametrize("selection", ["{ ... on T { x } ... on Unknown { x } }", "{ ... on T { x } ... on N { y } }"])
def test_each_fragment_applies_to_something_that_sets_the_context(selection: str) -> None:
    errors = refusal({"a": _taking(selection)})
    assert [error.code for error in errors] == ["CONTEXT_INVALID_SELECTION"]


@pytest.mark.parametrize("selection", ["{ __typename }", "{ i { __typename } }", "... on T { n { __typename } }"])
def test_typename_is_a_field_that_can_be_selected(selection: str) -> None:
    sdl = _taking(selection)
    assert {error.code for error in refusal({"a": sdl})} == {"CONTEXT_INVALID_SELECTION"}
    assert 'name: "a", type: "String"' in composed({"a": sdl.replace("f(a: Int", "f(a: String")}).supergraph_sdl


@pytest.mark.parametrize("selection", ["{ __typename(of: 1) }", "{ __typename { x } }", "{ __typename x }"])
def test_typename_is_selected_alone(selection: str) -> None:
    errors = refusal({"a": _taking(selection).replace("f(a: Int", "f(a: String")})
    assert {error.code for error in errors} == {"CONTEXT_INVALID_SELECTION"}


def test_typename_of_an_interface_object_cannot_be_selected() -> None:
    sdls = {
        "a": _taking("{ __typename }")
        .replace("f(a: Int", "f(a: String")
        .replace("@context", "@interfaceObject @context"),
        "b": 'interface T @key(fields: "id") { id: ID! } type V implements T @key(fields: "id") { id: ID! }',
    }
    assert {error.code for error in refusal(sdls)} == {"CONTEXT_INVALID_SELECTION"}


def test_an_argument_that_is_hidden_where_it_is_plain_is_a_hint() -> None:
    sdls = {
        "a": _taking("{ x }"),
        "b": 'type Query { g: U } type U @key(fields: "id") { id: ID! f(a: Int, b: Int): Int @shareable }',
    }
    assert "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS" in {hint.code for hint in composed(sdls).hints}
