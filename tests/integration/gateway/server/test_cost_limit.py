"""The cost limit of a running gateway: what is beyond it is refused whoever asks at the same moment, and no subgraph is asked."""

import asyncio
from typing import Any

import httpx
import pytest

from tests.support.gateway import RecordingSubgraph, RunningGateway

TEXTS = 30


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return {"limits": {"max_cost": 100, "assumed_list_size": 20}}


def code(response: httpx.Response) -> str | None:
    body = response.json()
    return body["errors"][0]["extensions"]["code"] if "errors" in body else None


async def test_of_two_requests_at_once_each_is_judged_by_its_own_variables(gateway: RunningGateway) -> None:
    url = f"http://127.0.0.1:{gateway.port}/graphql"
    async with httpx.AsyncClient(timeout=60, trust_env=False) as client:
        for number in range(TEXTS):
            text = f"query Q{number}($n: Int) {{ goods(first: $n) {{ id name }} }}"
            asked = [{"query": text, "variables": {"n": size}} for size in (3, 101, 100, 5000)]
            for _ in range(2):  # not planned yet, and planned
                answers = await asyncio.gather(*(client.post(url, json=each) for each in asked))
                assert [code(answer) for answer in answers] == [None, "MAX_COST_EXCEEDED", None, "MAX_COST_EXCEEDED"]


@pytest.mark.usefixtures("untouched")
@pytest.mark.parametrize(
    ("query", "variables"),
    [
        ("{ items { id } a: items { id } b: items { id } c: items { id } d: items { id } e: items { id } }", {}),
        ("query ($n: Int = 101) { goods(first: $n) { id } }", {}),
        ("{ " + " ".join(f"a{number}: goods(first: -1) {{ id }}" for number in range(6)) + " }", {}),
        ("query ($n: Int) { " + " ".join(f"a{n}: goods(first: $n) {{ id }}" for n in range(6)) + " }", {"n": None}),
        ("{ account(id: 1) { friends { friends { id } } } }", {}),
        ("mutation { ...M } fragment M on Mutation { " + " ".join(f"a{n}: R" for n in range(10)) + " }", {}),
        ("query ($f: Filter) { " + " ".join(f"a{n}: goods(first: 1, filter: $f) {{ id }}" for n in range(40)) + " }", {"f": {"not": {"price": {"min": 1}}}}),
    ],
)  # fmt: skip
def test_what_slips_under_no_limit(gateway: RunningGateway, query: str, variables: dict[str, Any]) -> None:
    text = query.replace(": R", ': rename(id: 1, name: "x") { id }')
    for _ in range(2):
        assert code(gateway.ask(text, variables=variables)) == "MAX_COST_EXCEEDED"


def test_a_closed_part_is_not_counted(gateway: RunningGateway, goods: RecordingSubgraph) -> None:
    text = "query ($open: Boolean!) { goods { id } dear: goods(first: 1000) @include(if: $open) { id } }"
    assert code(gateway.ask(text, variables={"open": False})) is None
    asked = len(goods.requests)
    assert code(gateway.ask(text, variables={"open": True})) == "MAX_COST_EXCEEDED"
    assert len(goods.requests) == asked


def test_refusals_are_counted_and_say_by_how_much(gateway: RunningGateway) -> None:
    extensions = gateway.ask("{ goods(first: 321) { id } }").json()["errors"][0]["extensions"]
    assert extensions == {"code": "MAX_COST_EXCEEDED", "cost": 321, "maxCost": 100}
    assert 'gateway_cost_limited_total{outcome="refused"}' in gateway.http.get("/metrics").text
