"""What an operation weighs is counted after fragments are expanded, without expanding them."""

import pytest
from graphql import get_introspection_query

from gateway.errors import ClientError
from gateway.operation.limits import Limits, Measure, check_limits
from gateway.operation.parse import parse_document
from tests.support.work import calls_of

FREE = Limits(max_tokens=10**6, max_selections=10**9, max_aliases=10**9, max_root_fields=10**9, max_directives=10**9)


def measured(text: str, limits: Limits = FREE) -> Measure:
    document = parse_document(text, max_tokens=limits.max_tokens)
    (operation,) = document.operations.values()
    return check_limits(document, operation, limits)


def refused_as(text: str, limits: Limits) -> str:
    with pytest.raises(ClientError) as refused:
        measured(text, limits)
    return refused.value.code


def test_a_fragment_weighs_what_it_holds_wherever_it_is_spread() -> None:
    found = measured("{ me { ...F } you: me { ...F } } fragment F on User { id n: name }")
    assert (found.selections, found.aliases, found.depth, found.root_fields) == (6, 3, 2, 2)


def test_root_fields_inside_fragments_are_root_fields() -> None:
    assert measured("{ a ... { b ...F } } fragment F on Query { c d }").root_fields == 4


def test_directives_on_every_kind_of_selection_count() -> None:
    text = "query @a { x @a ... @a { y } ...F @a } fragment F on Query { z @a }"
    assert refused_as(text, Limits(max_directives=4)) == "MAX_DIRECTIVES_EXCEEDED"
    assert measured(text, Limits(max_directives=5)).directives == 4


def test_a_small_document_that_expands_to_millions_is_refused_at_once() -> None:
    levels = "".join(f"fragment F{i} on Q {{ x: a {{ ...F{i + 1} }} y: a {{ ...F{i + 1} }} }} " for i in range(21))
    text = "{ ...F0 } " + levels + "fragment F21 on Q { n }"
    assert refused_as(text, Limits()) == "MAX_SELECTIONS_EXCEEDED"
    assert calls_of(lambda: refused_as(text, Limits())) < 30_000
    assert measured(text).selections == 6_291_454


@pytest.mark.parametrize(
    ("text", "limits", "code"),
    [
        ("{ a { b { c } } }", Limits(max_depth=2), "MAX_DEPTH_EXCEEDED"),
        ("{ a ...F } fragment F on Q { b { c } }", Limits(max_depth=1), "MAX_DEPTH_EXCEEDED"),
        ("{ a b c }", Limits(max_root_fields=2), "MAX_ROOT_FIELDS_EXCEEDED"),
        ("{ x: a y: a ...F } fragment F on Q { z: a }", Limits(max_aliases=2), "MAX_ALIASES_EXCEEDED"),
        ("{ a(x: [1, 2, 3]) }", Limits(max_list_items=2), "MAX_LIST_ITEMS_EXCEEDED"),
        ("{ a(x: [[[1]]]) }", Limits(max_input_depth=2), "MAX_INPUT_DEPTH_EXCEEDED"),
        ("{ a(x: {b: {c: {}}}) }", Limits(max_input_depth=2), "MAX_INPUT_DEPTH_EXCEEDED"),
        ("query ($v: [Int] = [1, 2, 3]) { a(x: $v) }", Limits(max_list_items=2), "MAX_LIST_ITEMS_EXCEEDED"),
        (
            "{ __schema { types { fields { name } } } }",
            Limits(max_introspection_lists=2),
            "MAX_INTROSPECTION_LISTS_EXCEEDED",
        ),
        (
            "{ ...F a: __type { ...G } } fragment F on Q { __schema { types { name } } } fragment G on T { fields { name } }",
            Limits(max_introspection_lists=3),
            "MAX_INTROSPECTION_LISTS_EXCEEDED",
        ),
    ],
)
def test_past_a_limit_is_refused_with_its_code(text: str, limits: Limits, code: str) -> None:
    assert refused_as(text, limits) == code


def test_typename_is_an_alias_like_others() -> None:
    assert measured("{ __typename: __typename t: __typename ...F } fragment F on Q { __typename: a }").aliases == 3


def test_a_circle_of_fragments_is_left_to_validation() -> None:
    assert measured("{ ...F } fragment F on Q { a ...F }").selections == 1


def test_fragments_inside_each_other_without_end_are_refused() -> None:
    chain = "".join(f"fragment F{i} on Q {{ ...F{i + 1} }} " for i in range(300)) + "fragment F300 on Q { a }"
    assert refused_as("{ ...F0 } " + chain, FREE) == "MAX_DEPTH_EXCEEDED"
    backwards = "fragment F300 on Q { a } " + "".join(
        f"fragment F{i} on Q {{ ...F{i + 1} }} " for i in reversed(range(300))
    )
    spread_first = "{ " + " ".join(f"...F{i}" for i in reversed(range(301))) + " } "
    assert refused_as(spread_first + backwards, FREE) == "MAX_DEPTH_EXCEEDED"


def test_the_usual_introspection_query_is_far_within_the_limit() -> None:
    assert (
        measured(get_introspection_query(input_value_deprecation=True)).introspection
        <= Limits().max_introspection_lists // 4
    )


def test_a_field_that_only_has_the_name_of_an_introspection_list_does_not_count() -> None:
    assert measured("{ types { fields { args } } }").introspection == 0


def test_fifty_names_for_the_schema_are_refused() -> None:
    text = "{ " + " ".join(f"s{n}: __schema {{ types {{ fields {{ args {{ name }} }} }} }}" for n in range(50)) + " }"
    assert refused_as(text, Limits()) == "MAX_INTROSPECTION_LISTS_EXCEEDED"
