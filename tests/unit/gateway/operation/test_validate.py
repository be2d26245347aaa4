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
