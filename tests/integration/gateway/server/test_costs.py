"""What operations cost, told in a header to whoever may know it, in the log and in metrics; nothing is refused by measuring."""

import time
from typing import Any

import pytest

from tests.support.gateway import RunningGateway

DEAR = "query Dear { goods(first: 1000) { id } }"
MEASURED = "query Measured($n: Int) { goods(first: $n) { id } me { nickname } }"
ASKING = {"x-gateway-explain": "cost"}


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return {
        "explain": {"enabled": True},
        "batching": {"enabled": True},
        "rate_limits": {"fields": {"Query.items": {"limit": 1, "per_seconds": 3600}}},
        "server": {"cors_origins": ["https://shop.test"]},
        "limits": {"max_cost": 100, "cost_mode": "measure", "actual_cost": "all"},
    }


def test_the_header_tells_the_estimate_and_what_the_answer_cost(gateway: RunningGateway) -> None:
    for _ in range(2):  # planned, and remembered
        response = gateway.ask(MEASURED, variables={"n": 7}, headers=ASKING)
        assert response.headers["x-gateway-cost"] == "estimate=7, actual=3, limit=100"
    assert "x-gateway-cost" not in gateway.ask(MEASURED, variables={"n": 7}).headers


def test_an_array_tells_the_sums(gateway: RunningGateway) -> None:
    batch = [{"query": MEASURED, "variables": {"n": 7}}, {"query": "{ goods { id } }"}]
    response = gateway.http.post("/graphql", json=batch, headers=ASKING)
    assert response.headers["x-gateway-cost"] == "estimate=12, actual=6, limit=100"


def test_a_page_of_another_origin_reads_every_header_that_tells_it_something(gateway: RunningGateway) -> None:
    page = {"origin": "https://shop.test"}
    weighed = gateway.ask(MEASURED, variables={"n": 7}, headers={**page, **ASKING})
    forged = gateway.ask(MEASURED, headers={**page, "authorization": "Bearer forged"})
    limited = [gateway.ask("{ items { id } }", headers=page) for _ in range(2)][1]
    for response, status, name in (
        (weighed, 200, "x-gateway-cost"),
        (forged, 401, "www-authenticate"),
        (limited, 429, "retry-after"),
    ):
        exposed = response.headers["access-control-expose-headers"].replace(" ", "").split(",")
        assert (response.status_code, name in response.headers, name in exposed) == (status, True, True)


def test_what_is_beyond_the_limit_is_answered_and_counted(gateway: RunningGateway) -> None:
    response = gateway.ask(DEAR, headers=ASKING)
    assert len(response.json()["data"]["goods"]) == 3
    assert response.headers["x-gateway-cost"] == "estimate=1000, actual=3, limit=100"
    metrics = gateway.http.get("/metrics").text
    assert 'gateway_cost_limited_total{outcome="measured"} 1.0' in metrics
    assert 'gateway_operation_cost_count{figure="estimate"}' in metrics
    assert 'gateway_operation_cost_count{figure="actual"}' in metrics


def test_the_log_tells_both(gateway: RunningGateway) -> None:
    gateway.ask("query Logged { goods(first: 9) { id } }")
    deadline = time.monotonic() + 60
    while not (events := [event for event in gateway.log() if event.get("operation.name") == "Logged"]):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)
    event = events[0]
    assert (event["cost.estimate"], event["cost.actual"]) == (9, 3)


def test_the_log_has_no_more_than_the_beginning_of_a_long_name(gateway: RunningGateway) -> None:
    gateway.ask(f"query Long{'x' * 100_000} {{ goods {{ id }} }}")
    gateway.ask("query AfterLong { goods { id } }")
    deadline = time.monotonic() + 60
    while "AfterLong" not in (names := [str(event.get("operation.name")) for event in gateway.log()]):
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)
    assert [len(name) for name in names if name.startswith("Longx")] == [200]
