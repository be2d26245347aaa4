"""What is known of a text is worked out once, whether it is accepted or refused."""

import pytest
from graphql import build_schema

from gateway.errors import ClientError
from gateway.operation.access import AccessRules
from gateway.operation.limits import Limits
from gateway.operation.model import OperationKind
from gateway.operation.parse import Document, parse_document
from gateway.operation.prepare import Preparer
from gateway.supergraph.reader import read_supergraph
from tests.support.gateway import shop_supergraph

RULES = AccessRules(read_supergraph(shop_supergraph()))
SCHEMA = build_schema("type Query { a(x: Int): Int b: Query } type Mutation { m: Int } type Subscription { s: Int }")


def preparer(**changed: bool) -> Preparer:
    told = {"allows_introspection": True, **changed}
    return Preparer(SCHEMA, RULES, Limits(), max_documents=10, max_document_bytes=1_000_000, **told)


def refused_as(subject: Preparer, text: str, name: str | None = None) -> str:
    with pytest.raises(ClientError) as refused:
        subject.prepare(text, name)
    return refused.value.code


def test_a_text_is_parsed_once(monkeypatch: pytest.MonkeyPatch) -> None:
    parsed: list[str] = []

    def counting(text: str, *, max_tokens: int) -> Document:
        parsed.append(text)
        return parse_document(text, max_tokens=max_tokens)

    monkeypatch.setattr("gateway.operation.prepare.parse_document", counting)
    subject = preparer()
    for _ in range(3):
        assert subject.prepare("{ a }", None) is subject.prepare("{ a }", None)
        assert refused_as(subject, "{ nope }") == "GRAPHQL_VALIDATION_FAILED"
    assert parsed == ["{ a }", "{ nope }"]


def test_operations_of_one_text_are_apart() -> None:
    subject = preparer()
    text = (
        "query A { a } mutation B($v: Int) { m } subscription C { s } query D($y: Boolean!) { b @skip(if: $y) { a } }"
    )
    text = text.replace("($v: Int)", "")
    kinds = [subject.prepare(text, name).kind for name in "ABC"]
    assert kinds == [OperationKind.QUERY, OperationKind.MUTATION, OperationKind.SUBSCRIPTION]
    assert subject.prepare(text, "D").condition_names == ("y",)
    assert refused_as(subject, text) == "OPERATION_RESOLUTION_FAILURE"
    assert refused_as(subject, text, "E") == "OPERATION_RESOLUTION_FAILURE"


def test_names_that_do_not_exist_are_not_remembered() -> None:
    subject = preparer()
    subject.prepare("query A { a }", "A")
    for number in range(100):
        assert refused_as(subject, "query A { a }", f"N{number}") == "OPERATION_RESOLUTION_FAILURE"
        assert subject.recall("query A { a }", f"N{number}") is None
    assert subject.recall("query A { a }", "A") is not None


@pytest.mark.parametrize(
    "text",
    [
        "{ __schema { types { name } } }",
        '{ b { a } __type(name: "Query") { name } }',
        "{ ...F } fragment F on Query { x: __schema { types { name } } }",
        "{ ... on Query { __schema { types { name } } } }",
    ],
)
def test_the_schema_is_not_shown_where_that_is_closed(text: str) -> None:
    assert preparer().prepare(text, None).kind is OperationKind.QUERY
    assert refused_as(preparer(allows_introspection=False), text) == "INTROSPECTION_DISABLED"


def test_typename_is_no_introspection() -> None:
    assert preparer(allows_introspection=False).prepare("{ __typename b { __typename } }", None).name is None


def test_a_long_text_is_refused_before_it_is_read() -> None:
    assert refused_as(preparer(), "{ a } #" + "x" * 200_000) == "MAX_LENGTH_EXCEEDED"
