"""What the gateway answers over HTTP: media types, GET, compression, persisted queries, the page, health."""

import gzip
import hashlib
import json
from typing import Any

import pytest

from tests.support.gateway import RecordingSubgraph, RunningGateway

SAFE = {"graphql-require-preflight": "1"}
GOODS = "query Goods { goods { id name } }"
EXPECTED = {"data": {"goods": [{"id": str(n), "name": f"good {n}"} for n in range(3)]}}


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return {"explain": {"enabled": True}}


@pytest.mark.parametrize(
    ("accept", "content_type"),
    [
        (None, "application/json; charset=utf-8"),
        ("*/*", "application/json; charset=utf-8"),
        ("application/json", "application/json; charset=utf-8"),
        ("application/graphql-response+json", "application/graphql-response+json; charset=utf-8"),
        (
            "application/json;q=0.5, application/graphql-response+json",
            "application/graphql-response+json; charset=utf-8",
        ),
        ("image/png, application/json;q=0.1", "application/json; charset=utf-8"),
    ],
)
def test_the_answer_has_the_type_that_was_asked_for(
    gateway: RunningGateway, accept: str | None, content_type: str
) -> None:
    gateway.http.headers.pop("accept", None)
    response = gateway.ask(GOODS, headers={"accept": accept} if accept is not None else {})
    assert (response.status_code, response.headers["content-type"]) == (200, content_type)
    assert response.json() == EXPECTED


def test_a_query_by_get_is_answered(gateway: RunningGateway) -> None:
    parameters = {"query": "query ($n: Int) { goods(first: $n) { id name } }", "variables": '{"n": 3}'}
    assert gateway.http.get("/graphql", params=parameters, headers=SAFE).json() == EXPECTED


@pytest.mark.parametrize("charset", ["", "; charset=utf-8", ';charset="UTF-8"'])
def test_utf_8_may_be_said_or_not(gateway: RunningGateway, charset: str) -> None:
    body = json.dumps({"query": GOODS}).encode()
    response = gateway.http.post("/graphql", content=body, headers={"content-type": "application/json" + charset})
    assert response.json() == EXPECTED


def test_a_compressed_body_is_read(gateway: RunningGateway) -> None:
    body = gzip.compress(json.dumps({"query": GOODS}).encode())
    headers = {"content-type": "application/json", "content-encoding": "gzip"}
    assert gateway.http.post("/graphql", content=body, headers=headers).json() == EXPECTED


def test_a_query_is_registered_by_its_hash_and_then_known(gateway: RunningGateway) -> None:
    text = "query Registered { goods { id name } }"
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": hashlib.sha256(text.encode()).hexdigest()}}
    unknown = gateway.http.post("/graphql", json={"extensions": persisted})
    assert unknown.status_code == 200
    assert unknown.json()["errors"][0]["message"] == "PersistedQueryNotFound"
    assert gateway.ask(text, extensions=persisted).json() == EXPECTED
    assert gateway.http.post("/graphql", json={"extensions": persisted}).json() == EXPECTED
    by_get = {"extensions": json.dumps(persisted)}
    assert gateway.http.get("/graphql", params=by_get, headers=SAFE).json() == EXPECTED


def test_values_of_custom_scalars_come_through_untouched(gateway: RunningGateway, goods: RecordingSubgraph) -> None:
    value = {"deep": [1, 2.5, None, {"x": "ü"}], "big": 123456789012345678}
    response = gateway.ask("query ($v: Any) { any(value: $v) }", variables={"v": value})
    assert response.json() == {"data": {"any": value}}
    assert goods.requests[-1]["variables"] == {"v": value}


def test_an_accepted_variable_is_coerced_once(gateway: RunningGateway, goods: RecordingSubgraph) -> None:
    query = "query ($f: Filter, $n: Int = 3) { goods(filter: $f, first: $n) { id name } }"
    assert gateway.ask(query, variables={"f": {"tags": "x"}}).json() == EXPECTED
    assert goods.requests[-1]["variables"] == {"f": {"tags": ["x"]}, "n": 3}


def test_introspection_asks_no_subgraph(gateway: RunningGateway, untouched: None) -> None:
    names = {
        found["name"] for found in gateway.ask("{ __schema { types { name } } }").json()["data"]["__schema"]["types"]
    }
    assert {"Good", "Account", "Query"} <= names
    assert not any("join__" in name or name in ("_Entity", "_Any", "_Service") for name in names)


def test_conditions_decide_what_is_fetched(gateway: RunningGateway, untouched: None) -> None:
    query = "query ($no: Boolean!) { __typename goods @skip(if: $no) { id } }"
    assert gateway.ask(query, variables={"no": True}).json() == {"data": {"__typename": "Query"}}


def test_a_mutation_runs_by_post(gateway: RunningGateway) -> None:
    response = gateway.ask('mutation { rename(id: 1, name: "new") { name } }')
    assert response.json() == {"data": {"rename": {"name": "new"}}}


def test_whoever_asks_is_shown_the_plan_and_the_trace(gateway: RunningGateway) -> None:
    gateway.ask(GOODS)
    extensions = gateway.ask(GOODS, headers={"x-gateway-explain": "plan, trace"}).json()["extensions"]
    assert extensions["queryPlan"]["isCached"] is True
    assert [fetch["service"] for fetch in extensions["queryPlan"]["fetches"]] == ["goods"]
    assert [fetch["service"] for fetch in extensions["trace"]["fetches"]] == ["goods"]
    assert extensions["trace"]["planIsCached"] is True
    assert extensions["trace"]["table"][1].startswith("* 0 goods ")
    assert "extensions" not in gateway.ask(GOODS).json()


@pytest.mark.parametrize(("header", "shown"), [("plan", {"queryPlan"}), ("trace", {"trace"}), ("other", set())])
def test_only_what_was_asked_for_is_shown(gateway: RunningGateway, header: str, shown: set[str]) -> None:
    answer = gateway.ask(GOODS, headers={"x-gateway-explain": header}).json()
    assert set(answer.get("extensions", {})) == shown
    assert answer["data"] == EXPECTED["data"]


def test_a_trace_tells_sizes_and_times_below_a_millisecond(gateway: RunningGateway) -> None:
    """The clock of uvloop, which serves here, counts whole milliseconds: times must not come from it."""
    query = "query Sold { items { __typename ... on Good { id } } goods { name } }"
    times: list[float] = []
    for _ in range(5):
        trace = gateway.ask(query, headers={"x-gateway-explain": "trace"}).json()["extensions"]["trace"]
        (fetch,) = trace["fetches"]
        assert (fetch["entitiesFound"], fetch["entitiesSent"], fetch["requests"]) == (None, None, 1)
        assert fetch["responseBytes"] > fetch["requestBytes"] > 0
        assert 0 < fetch["readyMs"] < fetch["startMs"] < fetch["endMs"] < trace["durationMs"]
        times += [fetch["waitMs"], trace["durationMs"], fetch["endMs"]]
    assert any(time != int(time) for time in times)


def test_a_browser_gets_the_page_and_a_script_does_not(gateway: RunningGateway) -> None:
    browser = {"accept": "text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8"}
    page = gateway.http.get("/graphql", headers=browser)
    assert page.headers["content-type"] == "text/html; charset=utf-8"
    assert "<!doctype html>" in page.text
    assert gateway.http.get("/graphql").json()["errors"][0]["extensions"]["code"] == "CSRF_PREVENTED"
    assert gateway.http.get("/graphiql/no-such-file.js").status_code == 404
    assert gateway.http.get("/graphiql/operations.json").headers["content-type"] == "application/json"


def test_health_readiness_and_metrics_are_there(gateway: RunningGateway) -> None:
    assert gateway.http.get("/health").json() == {"status": "ok", "service": "gateway"}
    assert gateway.http.get("/ready").json() == {"status": "ready", "service": "gateway"}
    gateway.ask(GOODS)
    metrics = gateway.http.get("/metrics").text
    assert 'gateway_requests_total{kind="query",outcome="ok"}' in metrics
    assert gateway.http.get("/nothing").status_code == 404


def test_a_browsers_trace_goes_on_and_one_is_begun_for_others(
    gateway: RunningGateway, goods: RecordingSubgraph
) -> None:
    trace = "00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01"
    gateway.ask(GOODS, headers={"traceparent": trace, "tracestate": "a=1"})
    assert (goods.headers[-1]["traceparent"], goods.headers[-1]["tracestate"]) == (trace, "a=1")
    gateway.ask(GOODS, headers={"traceparent": "00-nonsense"})
    assert goods.headers[-1]["traceparent"].startswith("00-")
    assert goods.headers[-1]["traceparent"] != "00-nonsense"
