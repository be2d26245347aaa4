"""Errors name what is wrong, and not something that only follows from it."""

import pytest

from tests.laboratory.composition import composed, refusal

ENTITY = 'type T @key(fields: "id") { id: ID x: Int %s }'


def test_a_root_that_is_not_defined_is_no_misnamed_root() -> None:
    (error,) = refusal({"a": "schema { query: Qeury }\ntype Query { q: Int }"})
    assert error.code == "INVALID_GRAPHQL"
    assert '"Qeury"' in error.message


@pytest.mark.parametrize("head", ["", "# fed1\n"])
@pytest.mark.parametrize("name", ["Int", "Float", "String", "Boolean", "ID"])
def test_a_scalar_of_graphql_itself_is_not_extended(head: str, name: str) -> None:
    (error,) = refusal({"a": f'{head}extend scalar {name} @tag(name: "t")\ntype Query {{ q: Int }}'})
    assert (error.code, error.message) == (
        "INVALID_GRAPHQL",
        f'"{name}" is a scalar of GraphQL itself and cannot be extended.',
    )


@pytest.mark.parametrize(
    ("source", "subgraph", "meant"),
    [("B", "b", "b"), ("USER_DATA", "user-data", "user-data"), ("ordrs", "orders", "orders")],
)
def test_a_field_taken_over_from_a_misspelt_subgraph_says_so(source: str, subgraph: str, meant: str) -> None:
    taking = f'type Query {{ t: T }}\n{ENTITY % f"""@override(from: "{source}")"""}'
    (error,) = refusal({"a": taking, subgraph: ENTITY % ""})
    assert error.code == "INVALID_FIELD_SHARING"
    assert f'"a" takes it over from "{source}", which is not a subgraph.' in error.message
    assert error.advice == f'Write @override(from: "{meant}").'


def test_the_hint_of_a_misspelt_subgraph_says_which_is_meant() -> None:
    taking = f'type Query {{ t: T }}\n{ENTITY % """@override(from: "B")"""}'
    hints = composed({"a": taking, "b": 'type T @key(fields: "id") { id: ID y: Int }'}).hints
    (message,) = [hint.message for hint in hints if hint.code == "FROM_SUBGRAPH_DOES_NOT_EXIST"]
    assert message.endswith('Did you mean "b"?')


@pytest.mark.parametrize(
    "sdl",
    [
        "type Query { q(a: Int! = null): Int }",
        "type Query { q(a: [Int!] = [null]): Int }",
        "type Query { q(i: I): Int }\ninput I { x: Int! = null }",
        "type Query { q: Int @tag(name: null) }",
    ],
)
def test_null_is_called_null(sdl: str) -> None:
    (error,) = refusal({"a": sdl})
    assert "null" in error.message
    assert "None" not in error.message


def test_a_string_is_a_list_of_one_in_list_sizes() -> None:
    sdl = 'type Query { q(first: Int): C @listSize(slicingArguments: "first", sizedFields: "edges") }\ntype C { edges: [Int] }'
    assert '@listSize(slicingArguments: ["first"], sizedFields: ["edges"])' in composed({"a": sdl}).supergraph_sdl


@pytest.mark.parametrize("given", ['"missing"', '["missing"]', '["first", "missing"]'])
def test_a_slicing_argument_that_does_not_exist_is_refused(given: str) -> None:
    (error,) = refusal({"a": f"type Query {{ q(first: Int): [Int] @listSize(slicingArguments: {given}) }}"})
    assert error.code == "LIST_SIZE_INVALID_SLICING_ARGUMENT"
    assert '"missing", which does not exist' in error.message


@pytest.mark.parametrize(
    ("given", "left"),
    [
        ('["first", "last"]', '@listSize(slicingArguments: ["last"], requireOneSlicingArgument: false)'),
        ('["first"]', "@listSize(assumedSize: 9)"),
    ],
)
def test_a_slicing_argument_that_clients_do_not_have_is_left_out_with_a_hint(given: str, left: str) -> None:
    assumed = "assumedSize: 9, " if "last" not in given else ""
    size = f"@listSize({assumed}slicingArguments: {given}, requireOneSlicingArgument: false)"
    made = composed(
        {
            "a": f"type Query {{ q(first: Int last: Int): [Int] @shareable {size} }}",
            "b": "type Query { q(last: Int): [Int] @shareable }",
        }
    )
    assert f"q(last: Int): [Int] {left}\n" in made.supergraph_sdl
    (hint,) = [hint for hint in made.hints if hint.code == "LIST_SIZE_SLICING_ARGUMENT_LEFT_OUT"]
    assert '"first" in "a"' in hint.message
