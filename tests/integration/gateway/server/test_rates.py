"""Rate limits of a running gateway: for each client, and for root fields counted by execution."""

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import yaml

from tests.integration.gateway.server.conftest import Issuer
from tests.support.gateway import ROOT, RecordingSubgraph, RunningGateway, running_gateway, shop_supergraph

QUERY = "{ goods { id } }"
RENAME = 'mutation { a: rename(id: 1, name: "x") { id } b: rename(id: 2, name: "y") { id } }'
HOUR = 3600


@pytest.fixture(scope="module")
def settings(issuer: Issuer) -> dict[str, Any]:
    return {
        "server": {"trusted_proxies": 1},
        "batching": {"enabled": True},
        "identity": {
            "issuers": [
                {"issuer": "https://shop.test", "audience": "shop", "jwks_url": issuer.url, "algorithms": ["EdDSA"]}
            ]
        },
        "rate_limits": {
            "client": {"limit": 4, "per_seconds": HOUR},
            "fields": {"Mutation.rename": {"limit": 3, "per_seconds": HOUR, "by": "address"}},
        },
    }


def from_address(address: str, **more: str) -> dict[str, str]:
    return {"x-forwarded-for": address, **more}


def codes(gateway: RunningGateway, query: str, times: int, headers: dict[str, str]) -> list[str | None]:
    answers = [gateway.ask(query, headers=headers).json() for _ in range(times)]
    return [answer["errors"][0]["extensions"]["code"] if "errors" in answer else None for answer in answers]


def test_a_client_that_asks_too_often_is_told_when_to_come_back(
    gateway: RunningGateway, goods: RecordingSubgraph
) -> None:
    headers = from_address("198.51.100.1")
    assert codes(gateway, QUERY, 4, headers) == [None] * 4
    asked = len(goods.requests)
    response = gateway.ask(QUERY, headers=headers)
    (error,) = response.json()["errors"]
    assert (response.status_code, error["extensions"]["code"]) == (429, "RATE_LIMITED")
    assert 0 < int(response.headers["retry-after"]) == error["extensions"]["retryAfterSeconds"] <= HOUR
    assert len(goods.requests) == asked


def test_another_address_has_a_bucket_of_its_own(gateway: RunningGateway) -> None:
    assert codes(gateway, QUERY, 1, from_address("198.51.100.2")) == [None]


def test_what_a_client_writes_before_the_proxy_does_not_count(gateway: RunningGateway) -> None:
    refused = [codes(gateway, QUERY, 1, from_address(f"10.0.0.{n}, 198.51.100.3"))[0] for n in range(5)]
    assert refused == [None] * 4 + ["RATE_LIMITED"]


def test_ipv6_addresses_of_one_subscriber_share_a_bucket(gateway: RunningGateway) -> None:
    refused = [codes(gateway, QUERY, 1, from_address(f"2001:db8::{n}"))[0] for n in range(5)]
    assert refused == [None] * 4 + ["RATE_LIMITED"]
    assert codes(gateway, QUERY, 1, from_address("2001:db8:0:1::1")) == [None]


def test_an_account_has_one_bucket_at_all_its_addresses(gateway: RunningGateway, issuer: Issuer) -> None:
    token = f"Bearer {issuer.token(sub='busy')}"
    refused = [codes(gateway, QUERY, 1, from_address(f"203.0.113.{n}", authorization=token))[0] for n in range(5)]
    assert refused == [None] * 4 + ["RATE_LIMITED"]


def test_guessing_tokens_is_charged_to_the_address(gateway: RunningGateway, issuer: Issuer) -> None:
    guesses = [
        codes(gateway, QUERY, 1, from_address("198.51.100.4", authorization=f"Bearer {issuer.token()}x{n}"))[0]
        for n in range(5)
    ]
    assert guesses == ["UNAUTHENTICATED"] * 4 + ["RATE_LIMITED"]


def test_each_alias_of_a_limited_field_counts(gateway: RunningGateway, goods: RecordingSubgraph) -> None:
    headers = from_address("198.51.100.5")
    assert codes(gateway, RENAME, 1, headers) == [None]
    asked = len(goods.requests)
    assert codes(gateway, RENAME, 1, headers) == ["RATE_LIMITED"]
    assert len(goods.requests) == asked
    skipped = 'mutation { a: rename(id: 1, name: "x") { id } b: rename(id: 2, name: "y") @skip(if: true) { id } }'
    assert codes(gateway, skipped, 1, headers) == [None]


def test_each_operation_of_an_array_counts(gateway: RunningGateway) -> None:
    response = gateway.http.post("/graphql", json=[{"query": QUERY}] * 6, headers=from_address("198.51.100.6"))
    refused = ["errors" in answer for answer in response.json()]
    assert refused == [False] * 4 + [True] * 2


def test_metrics_count_what_was_refused(gateway: RunningGateway) -> None:
    assert codes(gateway, QUERY, 5, from_address("198.51.100.7"))[-1] == "RATE_LIMITED"
    assert 'gateway_rate_limited_total{limit="client",outcome="refused"}' in gateway.http.get("/metrics").text


def test_measuring_refuses_nothing_and_counts(tmp_path: Path, goods: RecordingSubgraph) -> None:
    supergraph = tmp_path / "supergraph.graphql"
    supergraph.write_text(shop_supergraph(goods=goods.url), encoding="utf-8")
    limits = {"mode": "measure", "client": {"limit": 1, "per_seconds": HOUR}}
    with running_gateway(tmp_path, {"supergraph": {"path": str(supergraph)}, "rate_limits": limits}) as gateway:
        assert codes(gateway, QUERY, 3, {}) == [None] * 3
        assert 'gateway_rate_limited_total{limit="client",outcome="measured"} 2.0' in gateway.http.get("/metrics").text


def test_a_limit_that_no_field_has_is_refused_at_start(tmp_path: Path) -> None:
    (tmp_path / "supergraph.graphql").write_text(shop_supergraph(), encoding="utf-8")
    config = tmp_path / "gateway.yaml"
    limits = {"fields": {"Mutation.renam": {"limit": 1}}}
    config.write_text(
        yaml.safe_dump({"supergraph": {"path": "supergraph.graphql"}, "rate_limits": limits}), encoding="utf-8"
    )
    command = [sys.executable, "-m", "gateway", "serve", "--config", str(config)]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=60, check=False)
    assert ended.returncode == 2
    told = "rate_limits.fields: the schema has no root field Mutation.renam; did you mean Mutation.rename?"
    assert f"{config}:3: {told}" in ended.stderr
