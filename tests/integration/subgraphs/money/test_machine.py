"""The state machine over the services of orders and money, on both databases, with few examples that are the same in every run.

    MONEY_EXAMPLES=500 MONEY_STEPS=40 python -m pytest tests/integration/subgraphs/money/test_machine.py
    CRASH_AT=order.placing.finish/2 MONEY_EXAMPLES=50 python -m pytest tests/integration/subgraphs/money/test_machine.py
    python -m tests.seeded

The first draws that many others, the second ends processes at one commit only, and the third makes bugs and has the machine find them.
A failing example is printed as the steps that lead to it.
"""

import asyncio
import os
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager

import httpx
import pytest
from hypothesis import HealthCheck, Phase, Verbosity, settings
from hypothesis.stateful import run_state_machine_as_test

from subgraphs.catalog import app as catalog_app
from subgraphs.order import app as order_app
from tests.support.money import MoneyMarket, Opening
from tests.support.money_driver import Market
from tests.support.money_machine import MoneyMachine, machine_market
from tests.support.subgraphs import SubgraphUnderTest

AN_HOUR = 3600.0
EXAMPLES = int(os.environ.get("MONEY_EXAMPLES", "0"))
PROFILE = settings(
    max_examples=EXAMPLES or 10,
    stateful_step_count=int(os.environ.get("MONEY_STEPS", "12")),
    derandomize=not EXAMPLES,
    database=None,
    deadline=None,
    phases=(Phase.generate, Phase.shrink) if EXAMPLES else (Phase.generate,),
    suppress_health_check=list(HealthCheck),
    verbosity=Verbosity.normal,
)
"""Without a clock, a memory of earlier runs, or a search for a smaller example: what CI does is the same each time."""


@pytest.fixture
def market(opening: Opening, redis_url: str, monkeypatch: pytest.MonkeyPatch) -> Iterator[Market]:
    """The services, in an event loop that runs only while a step of the machine does. Their own loops rest: steps do what they do."""
    monkeypatch.setattr(order_app, "PAUSE_SECONDS", AN_HOUR)
    monkeypatch.setattr(catalog_app, "RELEASE_PAUSE_SECONDS", AN_HOUR)

    @asynccontextmanager
    async def opened() -> AsyncIterator[tuple[MoneyMarket, SubgraphUnderTest]]:
        async with (
            opening() as money,
            httpx.AsyncClient(base_url=money.orders.neighbours["catalog"], trust_env=False, timeout=20) as http,
        ):
            yield money, SubgraphUnderTest(http)

    with asyncio.Runner() as runner:
        services = opened()
        money, catalog = runner.run(services.__aenter__())
        try:
            market = Market(runner, money, catalog, redis_url)
            market.do(market.begin())
            yield market
        finally:
            runner.run(money.bank.set_faults())
            runner.run(services.__aexit__(None, None, None))


@pytest.mark.parametrize("redis_port", ["embedded"], indirect=True)
def test_money_stock_and_histories_are_right_whatever_happens_in_whatever_order(market: Market) -> None:
    with machine_market(market):
        run_state_machine_as_test(MoneyMachine, settings=PROFILE)
