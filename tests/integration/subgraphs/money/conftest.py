"""Order, payment and the bank together."""

import asyncio
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager
from functools import partial
from pathlib import Path

import httpx
import pytest

from subgraphs.catalog import app as catalog_app
from subgraphs.order import app as order_app
from tests.laboratory.money_driver import Market
from tests.support.bank import RunningBank, running_bank
from tests.support.money import MoneyMarket, Opening, money_market
from tests.support.ports import kept_port
from tests.support.subgraphs import SubgraphUnderTest

AN_HOUR = 3600.0


@pytest.fixture(scope="session")
def bank_and_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningBank, int]]:
    """The bank of these tests, and the port that it sends events to."""
    file, port = tmp_path_factory.mktemp("bank") / "bank.db", kept_port()
    with running_bank(file, webhook_url=f"http://127.0.0.1:{port}/webhooks/bank") as running:
        yield running, port


@pytest.fixture
def more_urls(more_databases: Callable[[str], str]) -> dict[str, str]:
    """The URLs of the other databases on the engine of the test, as `money_market` takes them."""
    return {
        "analytics_url": more_databases("analytics"),
        "payment_database_url": more_databases("payment"),
        "catalog_database_url": more_databases("catalog"),
        "user_database_url": more_databases("user"),
    }


@pytest.fixture
def opening(
    tmp_path: Path,
    database_url: str,
    more_urls: dict[str, str],
    redis_url: str,
    bank_and_port: tuple[RunningBank, int],
) -> Opening:
    """Opens the services on SQLite and on PostgreSQL, with the bank of these tests."""
    bank, port = bank_and_port
    return partial(
        money_market,
        tmp_path,
        database_url=database_url,
        **more_urls,
        redis_url=redis_url,
        bank=bank,
        port=port,
    )


@pytest.fixture
async def money(opening: Opening) -> AsyncIterator[MoneyMarket]:
    """The services; the bank does all that is asked of it, and without faults."""
    async with opening() as running:
        yield running
    await running.bank.set_faults()


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
            with market.crash.installed():
                yield market
        finally:
            runner.run(money.bank.set_faults())
            runner.run(services.__aexit__(None, None, None))
