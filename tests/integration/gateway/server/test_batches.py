"""Arrays of requests where they are enabled, a safelist, and pages of other origins."""

import hashlib
from pathlib import Path
from typing import Any

import pytest

from tests.support.gateway import RunningGateway

LISTED = "query Listed { goods(first: 3) { id } }"
ANSWER = {"data": {"goods": [{"id": "0"}, {"id": "1"}, {"id": "2"}]}}


@pytest.fixture(scope="module")
def settings(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    folder: Path = tmp_path_factory.mktemp("manifest")
    (folder / "Listed.graphql").write_text(LISTED + "\n", encoding="utf-8")
    (folder / "Renamed.graphql").write_text("subscription Renamed { renamed { id } }", encoding="utf-8")
    return {
        "batching": {"enabled": True, "max_operations": 3},
        "limits": {"max_cost": 8},
        "persisted": {"manifest": str(folder), "safelist": True},
        "server": {"cors_origins": ["https://shop.test"]},
    }


def codes(answers: list[Any]) -> list[str | None]:
    return [answer["errors"][0]["extensions"]["code"] if "errors" in answer else None for answer in answers]


def test_an_array_is_answered_in_order(gateway: RunningGateway) -> None:
    response = gateway.http.post("/graphql", json=[{"query": LISTED}, {"query": "{ nope }"}, {"query": LISTED}])
    assert response.status_code == 200
    answers = response.json()
    assert [answers[0], answers[2]] == [ANSWER, ANSWER]
    assert codes(answers) == [None, "OPERATION_NOT_SAFELISTED", None]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("batch", "code"),
    [([{"query": LISTED}] * 4, "BATCH_TOO_LARGE"), ([], "MALFORMED_BODY"), ([1], "MALFORMED_BODY")],
)
def test_an_array_is_refused(gateway: RunningGateway, batch: list[Any], code: str) -> None:
    response = gateway.http.post("/graphql", json=batch)
    assert (response.status_code, codes([response.json()])) == (400, [code])


@pytest.mark.usefixtures("untouched")
def test_the_costs_of_an_array_add_up(gateway: RunningGateway) -> None:
    response = gateway.http.post("/graphql", json=[{"query": LISTED}] * 3)
    assert (response.status_code, codes([response.json()])) == (400, ["MAX_COST_EXCEEDED"])


@pytest.mark.usefixtures("untouched")
def test_a_subscription_is_no_part_of_an_array(gateway: RunningGateway) -> None:
    response = gateway.http.post("/graphql", json=[{"query": "subscription Renamed { renamed { id } }"}])
    assert codes(response.json()) == ["BATCHED_SUBSCRIPTION"]


def test_what_is_listed_is_answered_by_text_or_by_hash(gateway: RunningGateway) -> None:
    assert gateway.ask("query Listed {\n  goods(first: 3) { id, } # the same\n}").json() == ANSWER
    known = hashlib.sha256((LISTED + "\n").encode()).hexdigest()
    persisted = {"persistedQuery": {"version": 1, "sha256Hash": known}}
    assert gateway.http.post("/graphql", json={"extensions": persisted}).json() == ANSWER


@pytest.mark.usefixtures("untouched")
def test_what_is_not_listed_is_refused(gateway: RunningGateway) -> None:
    response = gateway.ask("{ goods(first: 3) { id name } }")
    assert (response.status_code, codes([response.json()])) == (400, ["OPERATION_NOT_SAFELISTED"])


def test_a_page_of_a_listed_origin_may_ask_and_no_other(gateway: RunningGateway) -> None:
    def allowed(origin: str) -> str | None:
        headers = {
            "origin": origin,
            "access-control-request-method": "POST",
            "access-control-request-headers": "content-type",
        }
        return gateway.http.options("/graphql", headers=headers).headers.get("access-control-allow-origin")

    assert allowed("https://shop.test") == "https://shop.test"
    assert allowed("https://evil.test") is None
    answered = gateway.ask(LISTED, headers={"origin": "https://shop.test"})
    assert answered.headers["access-control-allow-origin"] == "https://shop.test"
