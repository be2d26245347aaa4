"""What normalising keeps, folds and merges; the results are printed as GraphQL to be read at a glance."""

from collections.abc import Mapping

import pytest
from graphql import build_schema, print_ast

from gateway.errors import ClientError
from gateway.operation.model import Field, Operation, Refusal, Selection
from gateway.operation.normalize import condition_variables, normalize
from gateway.operation.parse import parse_document, select_operation

SCHEMA = build_schema("""
    type Query { me: User node: Node hits: [Hit] n(a: Int): Int }
    interface Node { id: ID! secret: Int }
    interface Named implements Node { id: ID! secret: Int name: String }
    type User implements Node & Named { id: ID! secret: Int name: String friend: User }
    type Shop implements Node & Named { id: ID! secret: Int name: String owner: User }
    type Bin implements Node { id: ID! secret: Int }
    union Hit = User | Shop
""")

DENIED = Refusal("UNAUTHORIZED", "no")


def normalized(
    text: str,
    *,
    conditions: Mapping[str, bool] | None = None,
    refused: tuple[tuple[str, str], ...] = (),
    max_selections: int = 1000,
) -> Operation:
    document = parse_document(text, max_tokens=10_000)
    return normalize(
        document,
        select_operation(document, None),
        SCHEMA,
        conditions=conditions or {},
        refuse=lambda type_name, field: DENIED if (type_name, field) in refused else None,
        max_selections=max_selections,
    )


def shown(selections: tuple[Selection, ...]) -> str:
    return "{ " + " ".join(_shown(selection) for selection in selections) + " }"


def _shown(selection: Selection) -> str:
    below = f" {shown(selection.selections)}" if selection.selections else ""
    if not isinstance(selection, Field):
        return f"... on {selection.type_condition}{below}"
    alias = "" if selection.response_name == selection.name else f"{selection.response_name}: "
    given = ", ".join(f"{name}: {print_ast(value)}" for name, value in selection.arguments)
    refused = "!" if selection.refusal else ""
    return f"{alias}{selection.name}{f'({given})' if given else ''}{refused}{below}"


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ me { id } me { name } }", "{ me { id name } }"),
        ("{ me { ...F } } fragment F on User { id ...G } fragment G on Node { id secret }", "{ me { id secret } }"),
        ("{ me { ... on Node { ... on User { name } } ... { id } } }", "{ me { name id } }"),
        ("{ node { ... on Node { id } } }", "{ node { id } }"),
        ("{ node { ... on User { name } ... on User { id } } }", "{ node { ... on User { name id } } }"),
        ("{ node { ... on User { name } secret ... on User { id } } }",
         "{ node { ... on User { name } secret ... on User { id } } }"),
        ("{ node { id ... on User { id name } ... on Shop { id } } }", "{ node { id ... on User { name } } }"),
        ("{ node { ... on User { id } id } }", "{ node { ... on User { id } id } }"),
        ("{ node { ... on User { ... on Shop { id } } } }", "{ node }"),
        ("{ hits { ... on Named { name } } }", "{ hits { ... on Named { name } } }"),
        ("{ node { ... on Named { ... on Node { id } ... on Named { name } } } }",
         "{ node { ... on Named { id name } } }"),
        ("query ($v: Int) { a: n(a: $v) b: n(a: 2) a: n(a: $v) }", "{ a: n(a: $v) b: n(a: 2) }"),
        ("{ me { friend { id } } ...F } fragment F on Query { me { friend { name } } }", "{ me { friend { id name } } }"),
    ],
)  # fmt: skip
def test_fragments_dissolve_and_fields_merge(text: str, expected: str) -> None:
    assert shown(normalized(text).selections) == expected


@pytest.mark.parametrize(
    ("conditions", "expected"),
    [
        ({"a": True, "b": True}, "{ me { id name } }"),
        ({"a": True, "b": False}, "{ me { id } }"),
        ({"a": False, "b": True}, "{ node { id } }"),
    ],
)
def test_conditions_are_folded(conditions: dict[str, bool], expected: str) -> None:
    text = """
        query ($a: Boolean!, $b: Boolean!) {
          me @include(if: $a) { id ... @include(if: $b) @skip(if: false) { name } }
          node @skip(if: $a) { id secret @skip(if: true) }
        }
    """
    assert shown(normalized(text, conditions=conditions).selections) == expected


def test_variables_of_conditions_are_found_in_fragments_too() -> None:
    document = parse_document(
        "query ($a: Boolean!, $b: Boolean!, $c: Boolean!, $d: Int) { me @skip(if: $a) { ...F @include(if: $b) } n(a: $d) }"
        " fragment F on User { friend { id @skip(if: $c) ...F } }",
        max_tokens=1000,
    )
    assert condition_variables(document, select_operation(document, None)) == {"a", "b", "c"}


def test_refused_field_stays_without_selections() -> None:
    operation = normalized("{ me { id friend { id } } }", refused=(("User", "friend"),))
    assert shown(operation.selections) == "{ me { id friend! } }"


def test_interface_field_is_written_out_where_access_differs() -> None:
    operation = normalized("{ node { id secret } }", refused=(("User", "secret"),))
    assert shown(operation.selections) == (
        "{ node { id ... on Bin { secret } ... on Shop { secret } ... on User { secret! } } }"
    )


@pytest.mark.parametrize(
    "refused", [(("Node", "secret"),), (("User", "secret"), ("Shop", "secret"), ("Bin", "secret"))]
)
def test_interface_field_that_all_refuse_is_refused_whole(refused: tuple[tuple[str, str], ...]) -> None:
    assert shown(normalized("{ node { secret } }", refused=refused).selections) == "{ node { secret! } }"


def test_places_of_merged_fields_are_all_kept() -> None:
    (me,) = normalized("{ me { id }\n  me { id } }").selections
    assert isinstance(me, Field)
    assert me.locations == ((1, 3), (2, 3))


def test_operation_that_multiplies_is_refused_before_it_does() -> None:
    fragments = " ".join(
        f"fragment F{n} on User {{ x: friend {{ ...F{n + 1} }} y: friend {{ ...F{n + 1} }} }}" for n in range(40)
    )
    with pytest.raises(ClientError) as raised:
        normalized(f"{{ me {{ ...F0 }} }} {fragments} fragment F40 on User {{ id }}")
    assert raised.value.code == "QUERY_TOO_COMPLEX"


def test_fragment_spread_twice_in_one_place_is_walked_once() -> None:
    fragments = " ".join(
        f"fragment F{n} on User {{ friend {{ ...F{n + 1} ...F{n + 1} }} ...F{n + 1} }}" for n in range(9)
    )
    operation = normalized(f"{{ me {{ ...F0 }} }} {fragments} fragment F9 on User {{ id }}")
    assert shown(operation.selections).count("friend") == 9


def test_variables_keep_their_declarations() -> None:
    operation = normalized("query Q($v: Int = 3, $w: [ID!]!) { n(a: $v) }")
    assert operation.name == "Q"
    assert [(v.name, v.type, v.default and print_ast(v.default)) for v in operation.variables] == [
        ("v", "Int", "3"),
        ("w", "[ID!]!", None),
    ]
