"""Order, payment and the bank together."""

from collections.abc import AsyncIterator, Callable, Iterator
from functools import partial
from pathlib import Path

import pytest

from tests.support.bank import RunningBank, running_bank
from tests.support.money import MoneyMarket, Opening, money_market
from tests.support.ports import free_port


@pytest.fixture(scope="session")
def bank_and_port(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[RunningBank, int]]:
    """The bank of these tests, and the port that it sends events to."""
    file, port = tmp_path_factory.mktemp("bank") / "bank.db", free_port()
    with running_bank(file, webhook_url=f"http://127.0.0.1:{port}/webhooks/bank") as running:
        yield running, port


@pytest.fixture
def more_urls(more_databases: Callable[[str], str]) -> tuple[str, str]:
    """The URLs of two more databases on the engine of the test: order's analytics, payment's."""
    return more_databases("analytics"), more_databases("payment")


@pytest.fixture
def opening(
    tmp_path: Path,
    database_url: str,
    more_urls: tuple[str, str],
    redis_url: str,
    bank_and_port: tuple[RunningBank, int],
) -> Opening:
    """Opens the services on SQLite and on PostgreSQL, with the bank of these tests."""
    (bank, port), (analytics_url, payment_database_url) = bank_and_port, more_urls
    return partial(
        money_market,
        tmp_path,
        database_url=database_url,
        analytics_url=analytics_url,
        payment_database_url=payment_database_url,
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
