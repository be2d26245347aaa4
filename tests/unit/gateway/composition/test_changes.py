"""What two supergraphs differ in, for those who use them."""

import pytest
from graphql.utilities.find_schema_changes import BreakingChangeType, DangerousChangeType

from gateway.check.change import Change, Severity
from gateway.check.changes import accept, api_changes
from gateway.supergraph.model import Supergraph
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.composition import composed

BREAKING, DANGEROUS, SAFE = Severity


def found(old: str, new: str) -> list[Change]:
    return api_changes(*(supergraph(sdl) for sdl in (old, new)))


def supergraph(sdl: str) -> Supergraph:
    """What a subgraph composes to; the definition of a client's directive, at its end, goes into the supergraph as it is."""
    types, separator, directive = sdl.partition("directive ")
    return read_supergraph(composed({"a": types}).supergraph_sdl + separator + directive)


def changes(old: str, new: str) -> dict[str, Severity]:
    return {change.kind: change.severity for change in found(old, new)}


Q = "type Query { q: Int } "
NODE = "interface I { id: ID }"
LIVE = "directive @live(every: Int = 1, if: Boolean) repeatable on QUERY | FIELD "

CASES = {
    "TYPE_REMOVED": ("type Query { q: Int t: T } type T { x: Int }", Q),
    "TYPE_CHANGED_KIND": ("type Query { t: T } type T { x: Int }", "type Query { t: T } interface T { x: Int }"),
    "TYPE_REMOVED_FROM_UNION": (
        "type Query { u: U a: A b: B } union U = A | B type A { x: Int } type B { x: Int }",
        "type Query { u: U a: A b: B } union U = A type A { x: Int } type B { x: Int }",
    ),
    "VALUE_REMOVED_FROM_ENUM": ("type Query { e: E } enum E { A B }", "type Query { e: E } enum E { A }"),
    "REQUIRED_INPUT_FIELD_ADDED": (
        "type Query { q(i: In): Int } input In { a: Int }",
        "type Query { q(i: In): Int } input In { a: Int b: Int! }",
    ),
    "IMPLEMENTED_INTERFACE_REMOVED": (
        f"type Query {{ t: T i: I }} type T implements I {{ id: ID }} type S implements I {{ id: ID }} {NODE}",
        f"type Query {{ t: T i: I }} type T {{ id: ID }} type S implements I {{ id: ID }} {NODE}",
    ),
    "FIELD_REMOVED": ("type Query { q: Int r: Int }", Q),
    "FIELD_CHANGED_KIND": ("type Query { q: Int! }", Q),
    "REQUIRED_ARG_ADDED": (Q, "type Query { q(a: Int!): Int }"),
    "ARG_REMOVED": ("type Query { q(a: Int): Int }", Q),
    "ARG_CHANGED_KIND": ("type Query { q(a: Int): Int }", "type Query { q(a: Int!): Int }"),
    "DIRECTIVE_REMOVED": (Q + LIVE, Q),
    "DIRECTIVE_ARG_REMOVED": (Q + LIVE, Q + LIVE.replace(", if: Boolean", "")),
    "REQUIRED_DIRECTIVE_ARG_ADDED": (Q + LIVE, Q + LIVE.replace(", if", ", by: Int!, if")),
    "DIRECTIVE_REPEATABLE_REMOVED": (Q + LIVE, Q + LIVE.replace("repeatable ", "")),
    "DIRECTIVE_LOCATION_REMOVED": (Q + LIVE, Q + LIVE.replace(" | FIELD", "")),
    "VALUE_ADDED_TO_ENUM": ("type Query { e: E } enum E { A }", "type Query { e: E } enum E { A B }"),
    "TYPE_ADDED_TO_UNION": (
        "type Query { u: U b: B } union U = A type A { x: Int } type B { x: Int }",
        "type Query { u: U b: B } union U = A | B type A { x: Int } type B { x: Int }",
    ),
    "OPTIONAL_INPUT_FIELD_ADDED": (
        "type Query { q(i: In): Int } input In { a: Int }",
        "type Query { q(i: In): Int } input In { a: Int b: Int }",
    ),
    "OPTIONAL_ARG_ADDED": (Q, "type Query { q(a: Int): Int }"),
    "IMPLEMENTED_INTERFACE_ADDED": (
        f"type Query {{ t: T i: I }} type T {{ id: ID }} type S implements I {{ id: ID }} {NODE}",
        f"type Query {{ t: T i: I }} type T implements I {{ id: ID }} type S implements I {{ id: ID }} {NODE}",
    ),
    "ARG_DEFAULT_VALUE_CHANGE": ("type Query { q(a: Int = 1): Int }", "type Query { q(a: Int = 2): Int }"),
    "INPUT_FIELD_DEFAULT_VALUE_CHANGE": (
        "type Query { q(i: In): Int } input In { a: Int = 1 }",
        "type Query { q(i: In): Int } input In { a: Int = 2 }",
    ),
}
"""By the name that graphql-core gives it: an example of every change that it knows to break clients, or to endanger them."""


@pytest.mark.parametrize("kind", [kind.name for kind in BreakingChangeType])
def test_every_breaking_change_is_found(kind: str) -> None:
    assert changes(*CASES[kind])[kind] is BREAKING


@pytest.mark.parametrize("kind", [kind.name for kind in DangerousChangeType])
def test_every_dangerous_change_is_found(kind: str) -> None:
    assert changes(*CASES[kind]) == {kind: DANGEROUS}


@pytest.mark.parametrize("kind", sorted(CASES))
def test_what_stays_the_same_is_no_change(kind: str) -> None:
    old, new = CASES[kind]
    assert changes(old, old) == changes(new, new) == {}


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("q: Int", "q: Int!", {"FIELD_CHANGED_KIND_SAFE": SAFE}),
        ("q: Int!", "q: Int", {"FIELD_CHANGED_KIND": BREAKING}),
        ("q: [Int]", "q: [Int!]!", {"FIELD_CHANGED_KIND_SAFE": SAFE}),
        ("q: [Int!]", "q: [Int]!", {"FIELD_CHANGED_KIND": BREAKING}),
        ("q: Int", "q: [Int]", {"FIELD_CHANGED_KIND": BREAKING}),
        ("q(a: Int!): Int", "q(a: Int): Int", {"ARG_CHANGED_KIND_SAFE": SAFE}),
        ("q(a: [Int!]!): Int", "q(a: [Int]): Int", {"ARG_CHANGED_KIND_SAFE": SAFE}),
        ("q(a: [Int]): Int", "q(a: [Int!]): Int", {"ARG_CHANGED_KIND": BREAKING}),
        ("q(a: Int): Int", "q(a: Int = 1): Int", {"ARG_DEFAULT_VALUE_ADDED": SAFE}),
        ("q(a: Int = 1): Int", "q(a: Int): Int", {"ARG_DEFAULT_VALUE_CHANGE": DANGEROUS}),
        ("q(a: Int! = 1): Int", "q(a: Int!): Int", {"REQUIRED_ARG_DEFAULT_REMOVED": BREAKING}),
        ("q(a: Int = 1): Int", "q(a: Int!): Int", {"ARG_CHANGED_KIND": BREAKING}),
        ("q(a: Int!): Int", "q(a: Int! = 1): Int", {"ARG_DEFAULT_VALUE_ADDED": SAFE}),
    ],
)
def test_what_is_given_may_promise_more_and_what_is_taken_may_demand_less(
    old: str, new: str, expected: dict[str, Severity]
) -> None:
    assert changes(f"type Query {{ {old} }}", f"type Query {{ {new} }}") == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("a: Int!", "a: Int", {"FIELD_CHANGED_KIND_SAFE": SAFE}),
        ("a: Int", "a: Int!", {"FIELD_CHANGED_KIND": BREAKING}),
        ("a: Int! = 1", "a: Int!", {"REQUIRED_INPUT_FIELD_DEFAULT_REMOVED": BREAKING}),
        ("a: Int", "a: Int = 1", {"INPUT_FIELD_DEFAULT_VALUE_ADDED": SAFE}),
        ("a: Int b: Int", "a: Int", {"FIELD_REMOVED": BREAKING}),
        ("a: Int", "a: Int @deprecated", {"INPUT_FIELD_DEPRECATED": SAFE}),
    ],
)
def test_fields_of_inputs_are_judged_as_what_is_taken(old: str, new: str, expected: dict[str, Severity]) -> None:
    before, after = (f"type Query {{ q(i: In): Int }} input In {{ {fields} }}" for fields in (old, new))
    assert changes(before, after) == expected


@pytest.mark.parametrize(
    ("old", "new", "expected"),
    [
        ("q: Int", "q: Int @deprecated", {"FIELD_DEPRECATED": SAFE}),
        ("q: Int @deprecated", "q: Int", {"FIELD_UNDEPRECATED": SAFE}),
        ('q: Int @deprecated(reason: "x")', 'q: Int @deprecated(reason: "y")', {"DEPRECATION_REASON_CHANGED": SAFE}),
        ("q(a: Int): Int", "q(a: Int @deprecated): Int", {"ARG_DEPRECATED": SAFE}),
        ("q: Int", '"The q." q: Int', {"DESCRIPTION_CHANGED": SAFE}),
        ("q: Int", "q: Int r: Int", {"FIELD_ADDED": SAFE}),
    ],
)
def test_what_only_says_more_is_safe(old: str, new: str, expected: dict[str, Severity]) -> None:
    assert changes(f"type Query {{ {old} }}", f"type Query {{ {new} }}") == expected


def test_a_deprecated_enum_value_is_told() -> None:
    old, new = ("type Query { e: E } enum E { A B }", "type Query { e: E } enum E { A B @deprecated }")
    assert changes(old, new) == {"ENUM_VALUE_DEPRECATED": SAFE}


def test_another_specification_of_a_scalar_is_dangerous() -> None:
    bare, one, other = (
        f"type Query {{ s: S }} scalar S {by}" for by in ("", '@specifiedBy(url: "x:1")', '@specifiedBy(url: "x:2")')
    )
    assert changes(bare, one) == {"SPECIFIED_BY_ADDED": SAFE}
    assert changes(one, other) == {"SPECIFIED_BY_CHANGED": DANGEROUS}
    assert changes(one, bare) == {"SPECIFIED_BY_REMOVED": DANGEROUS}


def test_an_input_that_comes_to_take_exactly_one_field_breaks_whoever_gave_two() -> None:
    old = "type Query { q(i: In): Int } input In { a: Int b: Int }"
    assert changes(old, old.replace("In {", "In @oneOf {")) == {"ONE_OF_ADDED": BREAKING}
    assert changes(old.replace("In {", "In @oneOf {"), old) == {"ONE_OF_REMOVED": SAFE}


def test_a_default_of_a_directives_argument_is_looked_at_as_well() -> None:
    assert changes(Q + LIVE, Q + LIVE.replace("= 1", "= 2")) == {"ARG_DEFAULT_VALUE_CHANGE": DANGEROUS}
    assert changes(Q + LIVE.replace("Int = 1", "Int! = 1"), Q + LIVE.replace("Int = 1", "Int!")) == {
        "REQUIRED_ARG_DEFAULT_REMOVED": BREAKING
    }


def test_a_built_in_scalar_that_nobody_uses_any_more_is_no_change_of_its_own() -> None:
    assert changes("type Query { q: Int f: Float }", Q) == {"FIELD_REMOVED": BREAKING}


def test_what_becomes_inaccessible_is_gone_for_clients() -> None:
    assert changes("type Query { q: Int r: Int }", "type Query { q: Int r: Int @inaccessible }") == {
        "FIELD_REMOVED": BREAKING
    }


def test_a_field_that_demands_more_breaks_those_who_have_less() -> None:
    assert changes("type Query { q: Int }", "type Query { q: Int @authenticated }") == {"ACCESS_TIGHTENED": BREAKING}


def test_a_further_alternative_of_scopes_loosens_access() -> None:
    old = 'type Query { q: Int @requiresScopes(scopes: [["a"]]) }'
    new = 'type Query { q: Int @requiresScopes(scopes: [["a"], ["b"]]) }'
    assert changes(old, new) == {"ACCESS_LOOSENED": DANGEROUS}
    assert changes(new, old) == {"ACCESS_TIGHTENED": BREAKING}


def test_what_moves_between_subgraphs_changes_nothing() -> None:
    old = read_supergraph(composed({"a": "type Query { q: Int r: Int }"}).supergraph_sdl)
    new = read_supergraph(composed({"a": "type Query { q: Int }", "b": "type Query { r: Int }"}).supergraph_sdl)
    assert api_changes(old, new) == []


def test_changes_come_in_order_of_how_much_they_matter() -> None:
    severities = [
        change.severity
        for change in found("type Query { q: Int r: Int! s: Int }", "type Query { q(a: Int): Int r: Int t: Int }")
    ]
    assert severities == [BREAKING, BREAKING, DANGEROUS, SAFE]


def test_changes_are_accepted_by_their_whole_name_only() -> None:
    change = Change("FIELD_REMOVED", Severity.BREAKING, "Query.q was removed.")
    assert accept([change], frozenset({"FIELD_REMOVED: Query.q was removed."}))[0].is_accepted
    assert not accept([change], frozenset({"FIELD_REMOVED"}))[0].is_accepted
