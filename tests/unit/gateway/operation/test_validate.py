"""Documents are validated by every rule, without suggestions, within a budget."""

import pytest
from graphql import build_schema

from gateway.errors import ClientError
from gateway.operation.parse import parse_document
from gateway.operation.validate import MAX_ERRORS, validate_document
from tests.support.work import calls_of

SCHEMA = build_schema(
    "type Query { name: String me(id: ID!): Query " + " ".join(f"field{i}: Int" for i in range(300)) + " }"
)


def refusal(text: str) -> ClientError:
    with pytest.raises(ClientError) as refused:
        validate_document(SCHEMA, parse_document(text, max_tokens=20_000))
    return refused.value


def test_a_valid_document_passes() -> None:
    validate_document(SCHEMA, parse_document("query ($i: ID!) { me(id: $i) { name } }", max_tokens=100))


@pytest.mark.parametrize(
    "text",
    [
        "{ nope }",
        "{ me { name } }",
        "{ name { x } }",
        "{ me(id: 1, no: 2) { name } }",
        "query ($i: Int) { me(id: $i) { name } }",
        "{ ...F } fragment F on Query { ...F }",
        "{ name: field1 name }",
        "query A { name } query A { name }",
        "{ name @no }",
    ],
)
def test_what_the_specification_forbids_is_refused(text: str) -> None:
    assert refusal(text).code == "GRAPHQL_VALIDATION_FAILED"


def test_every_error_is_told_with_its_place() -> None:
    shown = refusal("{ a\n b }").all_formatted()
    assert [error["locations"] for error in shown] == [[{"line": 1, "column": 3}], [{"line": 2, "column": 2}]]


def test_misspelt_names_get_no_suggestions_and_cost_what_right_ones_do() -> None:
    misspelt, right = ("{ " + " ".join(f"{name}{i}" for i in range(250)) + " }" for name in ("feild", "field"))
    error = refusal(misspelt)
    valid = parse_document(right, max_tokens=20_000)
    assert calls_of(lambda: refusal(misspelt)) < 2 * calls_of(lambda: validate_document(SCHEMA, valid))
    assert "mean" not in str(error.all_formatted())
    assert len(error.all_formatted()) == MAX_ERRORS + 1


def test_messages_do_not_grow_with_what_the_client_sent() -> None:
    assert len(refusal("{ " + "x" * 100_000 + " }").message) < 600


OWN_DIRECTIVES = build_schema(
    """
    directive @stream(initialCount: String, label: Int) repeatable on FIELD
    directive @defer(if: String, label: Int) repeatable on FIELD | INLINE_FRAGMENT | FRAGMENT_SPREAD
    type Query { name: String } type Mutation { set: String } type Subscription { changed: String }
    """
)


@pytest.mark.parametrize(
    "text",
    [
        '{ name @stream(initialCount: "a", label: 1) }',
        'query ($l: Int) { name @stream(initialCount: "a", label: $l) @stream(label: $l) }',
        'mutation { ... @defer(if: "a", label: 1) { set } set @stream }',
        'subscription { ... @defer(if: "a", label: 1) { changed @stream } }',
        'subscription ($l: Int) { ...F @defer(if: "a", label: $l) } fragment F on Subscription { changed }',
    ],
)
def test_own_directives_called_stream_and_defer_have_no_rules_but_their_own(text: str) -> None:
    validate_document(OWN_DIRECTIVES, parse_document(text, max_tokens=100))


@pytest.mark.parametrize("text", ["{ name @stream(initialCount: 3) }", "{ ... @defer(no: 1) { name } }"])
def test_own_directives_called_stream_and_defer_are_held_to_their_definition(text: str) -> None:
    with pytest.raises(ClientError) as refused:
        validate_document(OWN_DIRECTIVES, parse_document(text, max_tokens=100))
    assert refused.value.code == "GRAPHQL_VALIDATION_FAILED"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("subscription { changed x: changed }", "Anonymous Subscription must select only one top level field."),
        (
            "subscription S { ...F x: changed } fragment F on Subscription { changed }",
            "Subscription 'S' must select only",
        ),
        ("subscription { __typename }", "must not select an introspection top level field."),
        ("subscription ($b: Boolean!) { changed @skip(if: $b) }", "must not use `@skip` or `@include`"),
        ("subscription { ... @include(if: true) { changed } }", "must not use `@skip` or `@include`"),
    ],
)
def test_subscription_has_one_unconditional_root_field(text: str, message: str) -> None:
    with pytest.raises(ClientError, match=message):
        validate_document(OWN_DIRECTIVES, parse_document(text, max_tokens=100))


def test_subscription_may_repeat_its_root_field() -> None:
    text = "subscription { changed ...F ...F ... { changed } } fragment F on Subscription { changed }"
    validate_document(OWN_DIRECTIVES, parse_document(text, max_tokens=100))
