"""Subgraphs that answer badly: what they were asked for is lost with an error that names them, the rest is kept, the gateway lives on.

Each is asked by a plan that the gateway has compiled already, and by one that it sees for the first time: both ways must say the same.
"""

import itertools
import json
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph
from tests.support.bad_subgraph import (
    Answer,
    BadSubgraph,
    compressing,
    dripping,
    flooding,
    nested,
    replying,
    sending,
    silent,
)
from tests.support.gateway import RecordingSubgraph, RunningGateway, running_gateway

Json = dict[str, Any]

FEDERATION = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])'
GOOD = f'{FEDERATION} type Query {{ me: User }} type User @key(fields: "id") {{ id: ID! name: String }}'
BAD = f"""
{FEDERATION}
scalar Any
type Query {{ shop: Shop, any: Any }}
type Shop {{ name: String!, count: Int, tags: [String!], near: Shop }}
type User @key(fields: "id") {{ id: ID!, points: Int }}
"""
SHOP_QUERY = "{ me { name } shop { name count tags near { name } } }"
ANY_QUERY = "{ me { name } any }"
POINTS_QUERY = "{ me { name points } }"
SHOP: Json = {"name": "corner", "count": 3, "tags": ["a"], "near": None}
ME = {"name": "ann"}

MAX_RESPONSE_BYTES = 5_000_000
TIMEOUT_SECONDS = 2.0
GIGABYTE = 1 << 30
SOCKET_BUFFERS_BYTES = 30_000_000
"""More than two connections' buffers on both sides of loopback can hold."""

_fresh = itertools.count()


def answering(data: object, **more: Any) -> Answer:
    return replying(json.dumps({"data": data}).encode(), **more)


def with_shop(**changed: object) -> Answer:
    return answering({"shop": {**SHOP, **changed}})


@pytest.fixture(scope="module")
def bad() -> Iterator[BadSubgraph]:
    with BadSubgraph() as subgraph:
        yield subgraph


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, bad: BadSubgraph) -> Iterator[RunningGateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    schema = folder / "supergraph.graphql"
    with RecordingSubgraph(lambda _: {"data": {"me": {"__id": "1", **ME}}}) as good:
        subgraphs = [Subgraph(name="good", url=good.url, sdl=GOOD), Subgraph(name="bad", url=bad.url, sdl=BAD)]
        schema.write_text(compose(subgraphs).supergraph_sdl, encoding="utf-8")
        execution = {"timeout_seconds": TIMEOUT_SECONDS, "max_response_bytes": MAX_RESPONSE_BYTES}
        told = {
            "supergraph": {"path": str(schema)},
            "execution": execution,
            "errors": {"message": True, "code": True, "extensions": "all"},
        }
        with running_gateway(folder, told) as running:
            for query, answer, data in (
                (SHOP_QUERY, with_shop(), {"me": ME, "shop": SHOP}),
                (ANY_QUERY, answering({"any": 1}), {"me": ME, "any": 1}),
                (POINTS_QUERY, answering({"_entities": [{"points": 1}]}), {"me": {**ME, "points": 1}}),
            ):
                bad.answer = answer
                for _ in range(5):
                    assert running.ask(query).json() == {"data": data}
            yield running


@pytest.fixture(params=["compiled", "new"])
def ask(request: pytest.FixtureRequest, gateway: RunningGateway) -> Any:
    """Asks for the data and errors of a query; a comment makes it one that was never seen."""

    def asked(query: str) -> Json:
        text = query if request.param == "compiled" else f"{query} # {next(_fresh)}"
        response = gateway.ask(text)
        assert response.status_code == 200, response.text
        answer: Json = response.json()
        return answer

    return asked


def told(answer: Json) -> list[tuple[str, str, list[object]]]:
    """(code, subgraph, path) of each error."""
    return [
        (error["extensions"]["code"], error["extensions"].get("serviceName", ""), error["path"])
        for error in answer.get("errors", [])
    ]


@pytest.mark.parametrize(
    ("answer", "code"),
    [
        (replying(b"<html>", content_type="text/html"), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(b"<html>", content_type="text/html", status="502 Bad Gateway"), "SUBGRAPH_HTTP_ERROR"),
        (replying(b"", status="302 Found", more="Location: http://127.0.0.1:1/\r\n"), "SUBGRAPH_HTTP_ERROR"),
        (replying(b""), "SUBGRAPH_MALFORMED_RESPONSE"),
        (sending(b"HTTP/1.1 204 No Content\r\n\r\n"), "SUBGRAPH_MALFORMED_RESPONSE"),
        (sending(b"SSH-2.0-OpenSSH\r\n\r\n"), "SUBGRAPH_MALFORMED_RESPONSE"),
        (sending(*[b"HTTP/1.1 100 Continue\r\n\r\n"] * 1000), "SUBGRAPH_UNREACHABLE"),
        (sending(), "SUBGRAPH_UNREACHABLE"),
        (replying(b'{"data":{"shop":{"na'), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(b'{"data":{"shop":{"na', length=1000), "SUBGRAPH_UNREACHABLE"),
        (replying(b"[]"), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(b"null"), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(b'{"data":[]}'), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(b'{"data":null,"errors":{}}'), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(b'{"hello":1}'), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(b'{"data":{"shop":{"name":"\xff"}}}'), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(b'{"data":{"shop":{"name":"\\ud800"}}}'), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(b'{"data":{"shop":{"count":NaN}}}'), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(b'{"data":{"shop":{"count":' + b"9" * 5000 + b"}}}"), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(b'{"data":{"shop":{"name":' + nested(100_000) + b"}}}"), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(b'{"data":{"shop":{"unknown":' + nested(100_000) + b"}}}"), "SUBGRAPH_MALFORMED_RESPONSE"),
        (replying(nested(2_000_000)), "SUBGRAPH_RESPONSE_TOO_LARGE"),
        (compressing(json.dumps({"data": {"shop": SHOP}}).encode()), "SUBGRAPH_MALFORMED_RESPONSE"),
    ],
    ids=[
        "html",
        "html and 502",
        "a redirect",
        "an empty body",
        "204",
        "no http",
        "100 for ever",
        "nothing",
        "half a json",
        "half a json and the end",
        "a list",
        "null",
        "data that is a list",
        "errors that are an object",
        "another object",
        "no utf-8",
        "half a surrogate",
        "NaN",
        "a number of 5,000 digits",
        "a nesting bomb in a field",
        "a nesting bomb in a field that was not asked for",
        "a nesting bomb",
        "gzip",
    ],
)
def test_what_is_no_answer_costs_what_was_asked_of_that_subgraph(
    ask: Any, bad: BadSubgraph, answer: Answer, code: str
) -> None:
    bad.answer = answer
    got = ask(SHOP_QUERY)
    assert got["data"] == {"me": ME, "shop": None}
    assert told(got) == [(code, "bad", ["shop"])]


@pytest.mark.parametrize(
    ("answer", "shop", "path"),
    [
        (answering({"shop": [SHOP]}), None, ["shop"]),
        (answering({"shop": "corner"}), None, ["shop"]),
        (with_shop(name=5), None, ["shop", "name"]),
        (with_shop(name={"a": "b"}), None, ["shop", "name"]),
        (with_shop(count="many"), {**SHOP, "count": None}, ["shop", "count"]),
        (with_shop(count=1.5), {**SHOP, "count": None}, ["shop", "count"]),
        (with_shop(count=True), {**SHOP, "count": None}, ["shop", "count"]),
        (with_shop(count=1 << 40), {**SHOP, "count": None}, ["shop", "count"]),
        (with_shop(tags={"a": 1}), {**SHOP, "tags": None}, ["shop", "tags"]),
        (with_shop(tags="a"), {**SHOP, "tags": None}, ["shop", "tags"]),
        (with_shop(tags=["a", 5]), {**SHOP, "tags": None}, ["shop", "tags", 1]),
        (with_shop(near=5), SHOP, ["shop", "near"]),
        (with_shop(near=[]), SHOP, ["shop", "near"]),
    ],
)
def test_a_value_of_another_type_is_null_with_its_place_and_its_subgraph(
    ask: Any, bad: BadSubgraph, answer: Answer, shop: Json | None, path: list[object]
) -> None:
    bad.answer = answer
    got = ask(SHOP_QUERY)
    assert got["data"] == {"me": ME, "shop": shop}
    assert told(got) == [("INVALID_SUBGRAPH_VALUE", "bad", path)]
    assert got["errors"][0]["locations"]


def test_a_null_where_none_may_be_names_its_subgraph(ask: Any, bad: BadSubgraph) -> None:
    bad.answer = with_shop(name=None)
    got = ask(SHOP_QUERY)
    assert got["data"] == {"me": ME, "shop": None}
    assert told(got) == [("NON_NULL_FIELD_IS_NULL", "bad", ["shop", "name"])]


@pytest.mark.parametrize("entities", [{}, [], [None, None], [5], ["x"], [[{"points": 1}]], {"points": 1}])
def test_entities_of_another_shape_cost_their_fields(ask: Any, bad: BadSubgraph, entities: object) -> None:
    bad.answer = answering({"_entities": entities})
    got = ask(POINTS_QUERY)
    assert got["data"] == {"me": {**ME, "points": None}}
    assert [(service, path[0]) for _, service, path in told(got)] == [("bad", "me")]


def test_a_response_with_status_500_counts_with_its_errors(ask: Any, bad: BadSubgraph) -> None:
    body = {"data": {"shop": SHOP}, "errors": [{"message": "far away", "path": ["shop", "near"]}]}
    bad.answer = replying(json.dumps(body).encode(), status="500 Internal Server Error")
    got = ask(SHOP_QUERY)
    assert got["data"] == {"me": ME, "shop": SHOP}
    assert told(got) == [("DOWNSTREAM_SERVICE_ERROR", "bad", ["shop", "near"])]
    assert got["errors"][0]["message"] == "far away"


def test_a_response_of_another_content_type_counts(ask: Any, bad: BadSubgraph) -> None:
    bad.answer = answering({"shop": SHOP}, content_type="text/plain")
    assert ask(SHOP_QUERY) == {"data": {"me": ME, "shop": SHOP}}


@pytest.mark.parametrize(
    "status", ["302 Found", "401 Unauthorized", "429 Too Many Requests", "503 Service Unavailable"]
)
def test_data_with_a_status_that_is_no_success_is_not_an_answer(ask: Any, bad: BadSubgraph, status: str) -> None:
    bad.answer = replying(json.dumps({"data": {"shop": SHOP}}).encode(), status=status)
    got = ask(SHOP_QUERY)
    assert got["data"] == {"me": ME, "shop": None}
    assert told(got) == [("SUBGRAPH_HTTP_ERROR", "bad", ["shop"])]
    assert status[:3] in got["errors"][0]["message"]


@pytest.mark.parametrize(
    ("data", "shop", "path"),
    [
        ({}, None, ["shop"]),
        (None, None, ["shop"]),
        (
            {"shop": {key: value for key, value in SHOP.items() if key != "count"}},
            {**SHOP, "count": None},
            ["shop", "count"],
        ),
    ],
    ids=["a root field", "all data", "a field below"],
)
def test_a_field_that_did_not_come_is_null_with_an_error(
    ask: Any, bad: BadSubgraph, data: object, shop: Json | None, path: list[object]
) -> None:
    bad.answer = answering(data)
    got = ask(SHOP_QUERY)
    assert got["data"] == {"me": ME, "shop": shop}
    assert told(got) == [("SUBGRAPH_MALFORMED_RESPONSE", "bad", path)]


def test_a_field_of_an_entity_that_did_not_come_is_null_with_an_error(ask: Any, bad: BadSubgraph) -> None:
    bad.answer = answering({"_entities": [{}]})
    got = ask(POINTS_QUERY)
    assert got["data"] == {"me": {**ME, "points": None}}
    assert told(got) == [("SUBGRAPH_MALFORMED_RESPONSE", "bad", ["me", "points"])]


def test_what_an_error_explains_is_not_missing_as_well(ask: Any, bad: BadSubgraph) -> None:
    bad.answer = replying(b'{"data":{},"errors":[{"message":"away","path":["shop"]}]}')
    got = ask(SHOP_QUERY)
    assert [error["message"] for error in got["errors"]] == ["away"]


def test_a_flood_of_small_values_is_refused_before_it_is_decoded(ask: Any, bad: BadSubgraph) -> None:
    bad.answer = replying(b'{"data":{"any":[' + b"{}," * 1_600_000 + b"{}]}}")
    got = ask(ANY_QUERY)
    assert got["data"] == {"me": ME, "any": None}
    assert told(got) == [("SUBGRAPH_RESPONSE_TOO_LARGE", "bad", ["any"])]


def test_data_in_a_page_is_not_an_answer(ask: Any, bad: BadSubgraph) -> None:
    bad.answer = answering({"shop": SHOP}, content_type="text/html")
    got = ask(SHOP_QUERY)
    assert got["data"] == {"me": ME, "shop": None}
    assert told(got) == [("SUBGRAPH_MALFORMED_RESPONSE", "bad", ["shop"])]


@pytest.mark.parametrize(
    "number",
    ["1e999999999", "-1e999999999", "1e9999999999999999999", "1" * 5000],
    ids=["large", "small", "beyond", "digits"],
)
def test_a_number_of_any_size_costs_its_own_field(ask: Any, bad: BadSubgraph, number: str) -> None:
    bad.answer = replying(
        json.dumps({"data": {"shop": {**SHOP, "count": 1}}}).replace('"count": 1', f'"count": {number}').encode()
    )
    got = ask(SHOP_QUERY)
    assert got["data"]["me"] == ME
    assert got["errors"]


def test_a_path_that_leaves_the_selection_costs_what_its_length_does(ask: Any, bad: BadSubgraph) -> None:
    bad.answer = replying(
        json.dumps({"data": {"shop": SHOP}, "errors": [{"message": "m", "path": ["shop", *([0] * 12_000)]}]}).encode()
    )
    (error,) = ask(SHOP_QUERY)["errors"]
    assert error["message"] == "m"
    assert len(error.get("path", [])) < 100


def test_errors_that_are_none_are_told_as_the_subgraphs(ask: Any, bad: BadSubgraph) -> None:
    bad.answer = replying(b'{"errors":[5,null,{"message":3,"path":"x","locations":4,"extensions":[]}]}')
    got = ask(SHOP_QUERY)
    assert got["data"] == {"me": ME, "shop": None}
    assert told(got) == [("DOWNSTREAM_SERVICE_ERROR", "bad", ["shop"])] * 3


def test_a_custom_scalar_may_be_deep_but_not_without_end(ask: Any, bad: BadSubgraph) -> None:
    bad.answer = replying(b'{"data":{"any":' + nested(300) + b"}}")
    assert ask(ANY_QUERY)["data"]["any"] == json.loads(nested(300))
    bad.answer = replying(b'{"data":{"any":' + nested(100_000) + b"}}")
    got = ask(ANY_QUERY)
    assert got["data"] == {"me": ME, "any": None}
    assert told(got) == [("SUBGRAPH_MALFORMED_RESPONSE", "bad", ["any"])]


@pytest.mark.parametrize("is_length_told", [True, False])
def test_a_gigabyte_is_cut_off_at_the_limit_and_memory_stays(
    ask: Any, gateway: RunningGateway, bad: BadSubgraph, is_length_told: bool
) -> None:
    bad.answer = flooding(GIGABYTE, is_length_told=is_length_told)
    sent, resident = bad.sent, resident_bytes(gateway)
    got = ask(ANY_QUERY)
    assert got["data"] == {"me": ME, "any": None}
    assert told(got) == [("SUBGRAPH_RESPONSE_TOO_LARGE", "bad", ["any"])]
    until(lambda: bad.open == 0)
    assert bad.sent - sent < SOCKET_BUFFERS_BYTES
    assert resident_bytes(gateway) - resident < 4 * MAX_RESPONSE_BYTES


@pytest.mark.parametrize(
    "answer",
    [silent, dripping(), dripping(b"HTTP/1.1 200 OK\r\nX-Long: ")],
    ids=["says nothing", "drips its body", "drips its head"],
)
def test_who_does_not_come_to_an_end_is_given_up_in_time(ask: Any, bad: BadSubgraph, answer: Answer) -> None:
    bad.answer = answer
    began = time.monotonic()
    got = ask(SHOP_QUERY)
    assert time.monotonic() - began > TIMEOUT_SECONDS - 0.1
    assert got["data"] == {"me": ME, "shop": None}
    assert told(got) == [("SUBGRAPH_TIMEOUT", "bad", ["shop"])]
    until(lambda: bad.open == 0)


def test_nothing_of_it_was_a_fault_of_the_gateways_and_it_answers_as_before(
    gateway: RunningGateway, bad: BadSubgraph
) -> None:
    bad.answer = with_shop()
    assert gateway.ask(SHOP_QUERY).json() == {"data": {"me": ME, "shop": SHOP}}
    assert gateway.http.get("/ready").status_code == 200
    assert gateway.process.poll() is None
    assert [event for event in gateway.log() if event["level"] in {"error", "critical"}] == []


def resident_bytes(gateway: RunningGateway) -> int:
    """The memory that the gateway's process holds."""
    status = Path(f"/proc/{gateway.process.pid}/status").read_text(encoding="utf-8")
    line = next(line for line in status.splitlines() if line.startswith("VmRSS:"))
    return int(line.split()[1]) * 1024


def until(is_true: Any, *, seconds: float = 10.0) -> None:
    """Return when it is true; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)
