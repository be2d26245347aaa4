"""What the gateway refuses, over HTTP: each with its status and code, and no subgraph is asked."""

import gzip
import hashlib
import json
import zlib
from typing import Any

import httpx
import pytest

from tests.support.gateway import RunningGateway

JSON = {"content-type": "application/json"}
SAFE = {"graphql-require-preflight": "1"}


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return {
        "limits": {"max_length": 19_000, "max_cost": 500, "max_list_items": 100, "max_aliases": 20},
        "server": {"max_body_bytes": 20_000},
    }


def told(response: httpx.Response) -> tuple[int, str]:
    """Status, and the first error's code."""
    return response.status_code, response.json()["errors"][0]["extensions"]["code"]


DEEP = "{ account(id: 1) { " + "friends { " * 70 + "id" + " }" * 70 + " } }"
BOMB = (
    "{ account(id: 1) { ...F0 } } "
    + "".join(f"fragment F{i} on Account {{ friends {{ ...F{i + 1} }} ...F{i + 1} }} " for i in range(20))
    + "fragment F20 on Account { id }"
)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("query", "status", "code"),
    [
        ("{ goods { ", 400, "GRAPHQL_PARSE_FAILED"),
        ("", 400, "GRAPHQL_PARSE_FAILED"),
        ("{ nope }", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("{ goods { id: name id } }", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("{ _service { sdl } }", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("{ _entities(representations: []) { __typename } }", 400, "GRAPHQL_VALIDATION_FAILED"),
        ("{ goods { " + "name " * 9000 + "} }", 413, "BODY_TOO_LARGE"),
        ('{ account(id: "' + "x" * 19_000 + '") { id } }', 400, "MAX_LENGTH_EXCEEDED"),
        ("{ goods { " + "a " * 5500 + "} }", 400, "MAX_TOKENS_EXCEEDED"),
        (DEEP, 400, "MAX_DEPTH_EXCEEDED"),
        (BOMB, 400, "MAX_SELECTIONS_EXCEEDED"),
        ("{ goods { " + " ".join(f"a{i}: id" for i in range(21)) + " } }", 400, "MAX_ALIASES_EXCEEDED"),
        ("{ " + "__typename " * 101 + "}", 400, "MAX_ROOT_FIELDS_EXCEEDED"),
        ("{ goods { id " + "@skip(if: false) " * 501 + "} }", 400, "MAX_DIRECTIVES_EXCEEDED"),
        ("{ goods(first: 10000) { id } }", 400, "MAX_COST_EXCEEDED"),
        ("{ any(value: " + "[" * 65 + "]" * 65 + ") }", 400, "MAX_INPUT_DEPTH_EXCEEDED"),
        ("{ numbers(of: [" + "1 " * 101 + "]) }", 400, "MAX_LIST_ITEMS_EXCEEDED"),
        ("query A { goods { id } } query B { goods { id } }", 400, "OPERATION_RESOLUTION_FAILURE"),
        ("subscription { renamed { id } }", 406, "NOT_ACCEPTABLE"),
    ],
)
def test_a_document_is_refused(gateway: RunningGateway, query: str, status: int, code: str) -> None:
    for _ in range(2):  # what was remembered is refused like what is new
        response = gateway.ask(query, headers={"accept": "application/graphql-response+json"})
        assert told(response) == (status, code)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("query", "variables", "code"),
    [
        ("query ($n: Int!) { goods(first: $n) { id } }", {}, "BAD_USER_INPUT"),
        ("query ($n: Int!) { goods(first: $n) { id } }", {"n": "x"}, "BAD_USER_INPUT"),
        ("query ($n: Int) { goods(first: $n) { id } }", {"n": 10_000}, "MAX_COST_EXCEEDED"),
        ("query ($f: Filter) { goods(filter: $f) { id } }", {"f": {"nope": 1}}, "BAD_USER_INPUT"),
        ("query ($l: [Int!]!) { numbers(of: $l) }", {"l": [1] * 101}, "MAX_LIST_ITEMS_EXCEEDED"),
        ("query ($v: Any) { any(value: $v) }", {"v": json.loads("[" * 70 + "]" * 70)}, "MAX_INPUT_DEPTH_EXCEEDED"),
        ("query ($y: Boolean) { goods @include(if: $y) { id } }", {"y": True}, "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_variables_are_refused(gateway: RunningGateway, query: str, variables: dict[str, Any], code: str) -> None:
    assert told(gateway.ask(query, variables=variables)) == (400, code)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("body", "headers", "status", "code"),
    [
        (b"{", JSON, 400, "MALFORMED_BODY"),
        (b'"text"', JSON, 400, "MALFORMED_BODY"),
        (b'{"query": 5}', JSON, 400, "MALFORMED_BODY"),
        (b'{"query": "{goods{id}}", "variables": []}', JSON, 400, "MALFORMED_BODY"),
        (b'{"query": "\xff"}', JSON, 400, "MALFORMED_BODY"),
        (b"{}", JSON, 400, "QUERY_MISSING"),
        (b'[{"query": "{goods{id}}"}]', JSON, 400, "BATCHING_DISABLED"),
        (b'{"variables": ' + b'{"a":' * 3000 + b"1" + b"}" * 3001, JSON, 400, "MAX_INPUT_DEPTH_EXCEEDED"),
        (b"{goods{id}}", {"content-type": "application/graphql"}, 415, "UNSUPPORTED_MEDIA_TYPE"),
        (b'{"query": "{goods{id}}"}', {"content-type": "text/plain"}, 400, "CSRF_PREVENTED"),
        (b'{"query": "{goods{id}}"}', {"content-type": "multipart/form-data; boundary=x"}, 400, "CSRF_PREVENTED"),
        (b"query={goods{id}}", {"content-type": "application/x-www-form-urlencoded"}, 400, "CSRF_PREVENTED"),
        (b'{"query": "{goods{id}}"}', {}, 400, "CSRF_PREVENTED"),
        (b"{}", {"content-type": "application/json; charset=latin-1"}, 400, "UNSUPPORTED_CHARSET"),
        (b" " * 20_001, JSON, 413, "BODY_TOO_LARGE"),
        (gzip.compress(b" " * 10_000_000, mtime=0), {**JSON, "content-encoding": "gzip"}, 413, "BODY_TOO_LARGE"),
        (zlib.compress(b" " * 30_000), {**JSON, "content-encoding": "deflate"}, 413, "BODY_TOO_LARGE"),
        (b"no gzip", {**JSON, "content-encoding": "gzip"}, 400, "MALFORMED_BODY"),
        (gzip.compress(b"{}", mtime=0)[:-4], {**JSON, "content-encoding": "gzip"}, 400, "MALFORMED_BODY"),
        (b"{}", {**JSON, "content-encoding": "br"}, 415, "UNSUPPORTED_ENCODING"),
    ],
)
def test_a_body_is_refused(
    gateway: RunningGateway, body: bytes, headers: dict[str, str], status: int, code: str
) -> None:
    assert told(gateway.http.post("/graphql", content=body, headers=headers)) == (status, code)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("parameters", "headers", "status", "code"),
    [
        ({"query": "{ goods { id } }"}, {}, 400, "CSRF_PREVENTED"),
        ({"query": "{ goods { id } }"}, {"content-type": "text/plain"}, 400, "CSRF_PREVENTED"),
        ({"query": 'mutation { rename(id: 1, name: "x") { id } }'}, SAFE, 405, "MUTATION_OVER_GET"),
        ({"query": "{ goods { id } }", "variables": "[]"}, SAFE, 400, "MALFORMED_QUERY_STRING"),
        ({}, SAFE, 400, "QUERY_MISSING"),
    ],
)
def test_a_get_is_refused(
    gateway: RunningGateway, parameters: dict[str, str], headers: dict[str, str], status: int, code: str
) -> None:
    assert told(gateway.http.get("/graphql", params=parameters, headers=headers)) == (status, code)


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("method", ["PUT", "DELETE", "PATCH", "OPTIONS"])
def test_other_methods_are_refused(gateway: RunningGateway, method: str) -> None:
    response = gateway.http.request(method, "/graphql")
    assert told(response) == (405, "METHOD_NOT_ALLOWED")
    assert response.headers["allow"] == "GET, POST"


@pytest.mark.usefixtures("untouched")
def test_a_persisted_query_whose_hash_does_not_match_is_refused(gateway: RunningGateway) -> None:
    wrong = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(b"other").hexdigest()}}
    assert told(gateway.ask("{ goods { id } }", extensions=wrong)) == (400, "PERSISTED_QUERY_HASH_MISMATCH")


@pytest.mark.usefixtures("untouched")
def test_refusals_do_not_depend_on_the_media_type_but_documents_errors_do(gateway: RunningGateway) -> None:
    legacy = {"accept": "application/json"}
    assert told(gateway.ask("{ nope }", headers=legacy)) == (200, "GRAPHQL_VALIDATION_FAILED")
    assert told(gateway.ask(BOMB, headers=legacy)) == (400, "MAX_SELECTIONS_EXCEEDED")
    assert told(gateway.ask("{ nope }")) == (400, "GRAPHQL_VALIDATION_FAILED")
    response = gateway.ask("{ nope }", headers={"accept": "text/html"})
    assert response.status_code == 400


def test_what_cannot_be_accepted_is_not_answered(gateway: RunningGateway) -> None:
    assert told(gateway.ask("{ goods { id } }", headers={"accept": "image/png"})) == (406, "NOT_ACCEPTABLE")


def test_refusals_are_counted_by_code(gateway: RunningGateway) -> None:
    gateway.ask("{ nope }")
    assert 'gateway_refusals_total{code="GRAPHQL_VALIDATION_FAILED"}' in gateway.http.get("/metrics").text


def test_plans_and_traces_are_shown_to_nobody_by_default(gateway: RunningGateway) -> None:
    response = gateway.ask("{ goods { id } }", headers={"x-gateway-explain": "plan, trace"})
    assert set(response.json()) == {"data"}


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize("name", ["authorization", "content-type", "traceparent"])
def test_a_header_with_one_value_is_not_repeated(gateway: RunningGateway, name: str) -> None:
    lines = [("content-type", "application/json"), ("authorization", "Bearer a"), ("traceparent", "x"), (name, "y")]
    response = gateway.http.post("/graphql", content=b'{"query": "{ goods { id } }"}', headers=lines)
    assert told(response) == (400, "REPEATED_HEADER")


def test_an_empty_operation_name_is_none(gateway: RunningGateway) -> None:
    response = gateway.http.post("/graphql", json={"query": "{ goods { id } }", "operationName": ""})
    assert response.json()["data"]["goods"]


def test_a_head_is_answered_as_a_get_without_its_body(gateway: RunningGateway) -> None:
    asked = gateway.http.get("/graphql", params={"query": "{ goods { id } }"}, headers=SAFE)
    head = gateway.http.head("/graphql", params={"query": "{ goods { id } }"}, headers=SAFE)
    assert (head.status_code, head.content) == (200, b"")
    assert head.headers["content-length"] == asked.headers["content-length"]
