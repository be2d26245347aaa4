"""A text becomes a document, or an error with a code and a place."""

import pytest

from gateway.errors import ClientError
from gateway.operation.parse import parse_document, select_operation
from tests.support.work import calls_of


def refusal(text: str, *, max_tokens: int = 1000) -> ClientError:
    with pytest.raises(ClientError) as refused:
        parse_document(text, max_tokens=max_tokens)
    return refused.value


def test_a_syntax_error_names_its_place() -> None:
    error = refusal("{\n  a(\n}")
    assert error.code == "GRAPHQL_PARSE_FAILED"
    assert error.locations == ({"line": 3, "column": 1},)


def test_tokens_are_limited_comments_included() -> None:
    assert refusal("{ a b c d e }", max_tokens=5).code == "MAX_TOKENS_EXCEEDED"
    assert refusal("# x\n" * 50 + "{ a }", max_tokens=20).code == "MAX_TOKENS_EXCEEDED"


def test_a_megabyte_of_tokens_is_refused_before_it_is_read() -> None:
    short, long = ("{" + "a " * count + "}" for count in (10_000, 500_000))
    assert refusal(long, max_tokens=8_000).code == "MAX_TOKENS_EXCEEDED"
    assert calls_of(lambda: refusal(long, max_tokens=8_000)) == calls_of(lambda: refusal(short, max_tokens=8_000))


@pytest.mark.parametrize("text", ["{" + "a{" * 5000, "{ a(x: " + "[" * 5000, "query ($v: " + "[" * 5000])
def test_nesting_without_end_is_refused(text: str) -> None:
    assert refusal(text, max_tokens=50_000).code == "MAX_DEPTH_EXCEEDED"


def test_empty_braces_are_no_selection() -> None:
    assert refusal("{ }").code == "GRAPHQL_PARSE_FAILED"


def test_a_thousand_operations_are_refused() -> None:
    assert refusal("".join(f"query Q{i} {{ a }} " for i in range(60))).code == "MAX_OPERATIONS_EXCEEDED"


def test_the_only_operation_needs_no_name() -> None:
    document = parse_document("query A { a }", max_tokens=100)
    assert select_operation(document, None) is select_operation(document, "A")


@pytest.mark.parametrize(
    ("text", "name"), [("query A { a } query B { b }", None), ("query A { a }", "B"), ("fragment F on Q { a }", None)]
)
def test_an_operation_that_is_not_told_apart_is_refused(text: str, name: str | None) -> None:
    document = parse_document(text, max_tokens=100)
    with pytest.raises(ClientError) as refused:
        select_operation(document, name)
    assert refused.value.code == "OPERATION_RESOLUTION_FAILURE"


def test_a_kept_node_does_not_keep_the_tokens_of_the_whole_document() -> None:
    document = parse_document("{ a b c }", max_tokens=100)
    assert document.ast.loc is not None
    assert document.ast.loc.start_token.next is None
