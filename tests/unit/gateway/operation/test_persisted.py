"""Queries by their hash: registered by clients, or deployed with the gateway and nothing else."""

import hashlib
from typing import Any

import pytest
from graphql import Lexer, Token

from gateway.errors import ClientError
from gateway.operation.persisted import PersistedQueries

TEXT = "query A { a }\n"


def hashed(text: str) -> dict[str, Any]:
    return {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}


def refused_as(queries: PersistedQueries, text: str | None, extensions: dict[str, Any] | None) -> str:
    with pytest.raises(ClientError) as refused:
        queries.resolve(text, extensions)
    return refused.value.code


def test_a_registered_text_is_found_by_its_hash() -> None:
    queries = PersistedQueries()
    assert refused_as(queries, None, hashed(TEXT)) == "PERSISTED_QUERY_NOT_FOUND"
    assert queries.resolve(TEXT, hashed(TEXT)) == TEXT
    queries.register(TEXT, hashed(TEXT))
    assert queries.resolve(None, hashed(TEXT)) == TEXT


def test_not_found_is_what_clients_of_the_protocol_look_for() -> None:
    with pytest.raises(ClientError) as refused:
        PersistedQueries().resolve(None, hashed(TEXT))
    assert (refused.value.message, refused.value.status) == ("PersistedQueryNotFound", 200)


def test_a_hash_of_another_text_is_refused_and_nothing_registered() -> None:
    queries = PersistedQueries()
    assert refused_as(queries, "{ b }", hashed(TEXT)) == "PERSISTED_QUERY_HASH_MISMATCH"
    assert refused_as(queries, None, hashed(TEXT)) == "PERSISTED_QUERY_NOT_FOUND"


def test_neither_text_nor_hash_is_no_request() -> None:
    assert refused_as(PersistedQueries(), None, None) == "QUERY_MISSING"


def test_other_versions_of_the_protocol_are_refused() -> None:
    assert refused_as(PersistedQueries(), None, {"persistedQuery": {"version": 2}}) == "PERSISTED_QUERY_NOT_SUPPORTED"


def test_a_deployed_text_is_known_without_registering() -> None:
    queries = PersistedQueries([TEXT], is_automatic=False)
    assert queries.resolve(None, hashed(TEXT)) == TEXT
    assert queries.resolve(None, hashed(TEXT.strip())) == TEXT
    assert queries.resolve("{ anything }", None) == "{ anything }"


def test_a_safelist_answers_what_is_deployed_and_nothing_else() -> None:
    queries = PersistedQueries([TEXT], is_safelist=True)
    assert queries.resolve(TEXT, None) == TEXT
    assert queries.resolve("# hello\nquery  A {\n  a,\n}", None) == TEXT
    assert refused_as(queries, "{ a }", None) == "OPERATION_NOT_SAFELISTED"
    assert refused_as(queries, "query A { a b }", None) == "OPERATION_NOT_SAFELISTED"
    assert refused_as(queries, "query A {", None) == "OPERATION_NOT_SAFELISTED"
    assert refused_as(queries, "{ a }", hashed("{ a }")) == "OPERATION_NOT_SAFELISTED"
    assert refused_as(queries, None, hashed("{ a }")) == "OPERATION_NOT_SAFELISTED"


@pytest.mark.parametrize("text", ["{ " + "a " * 100_000 + "}", "#\n" * 100_000 + "{ a }", " " * 200_000 + "{ a }"])
def test_a_text_that_is_longer_than_any_deployed_one_is_not_read_to_its_end(
    text: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    queries = PersistedQueries([TEXT], is_safelist=True)
    ends: list[int] = []

    def read(lexer: Lexer, start: int, read_next_token: Any = Lexer.read_next_token) -> Token:
        token: Token = read_next_token(lexer, start)
        ends.append(token.end)
        return token

    monkeypatch.setattr(Lexer, "read_next_token", read)
    assert refused_as(queries, text, None) == "OPERATION_NOT_SAFELISTED"
    assert len(ends) < 2_000
    assert max(ends, default=0) < 10_000
