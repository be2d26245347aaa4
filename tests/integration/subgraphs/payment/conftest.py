"""The shop that the payment tests pay in, and banks: each is started once for a session, as a process."""

from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from tests.support.bank import RunningBank, running_bank
from tests.support.payments import Place, Shop, running_shop
from tests.support.ports import kept_port


@pytest.fixture(scope="session")
def bank(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningBank]:
    """A bank whose events nobody asked for."""
    with running_bank(tmp_path_factory.mktemp("bank") / "bank.db") as running:
        yield running


@pytest.fixture(scope="session")
def webhook_port() -> int:
    """The port that the shop's bank sends events to."""
    return kept_port()


@pytest.fixture(scope="session")
def shops_bank(tmp_path_factory: pytest.TempPathFactory, webhook_port: int) -> Iterator[RunningBank]:
    """A bank whose events go to the shop."""
    file = tmp_path_factory.mktemp("bank") / "bank.db"
    with running_bank(file, webhook_url=f"http://127.0.0.1:{webhook_port}/webhooks/bank") as running:
        yield running


@pytest.fixture
async def silent_bank(shops_bank: RunningBank) -> AsyncIterator[RunningBank]:
    """The shop's bank, which loses every event during the test."""
    await shops_bank.set_faults(is_lost=True)
    yield shops_bank
    await shops_bank.set_faults()


@pytest.fixture
async def shop(
    database_url: str, redis_url: str, tmp_path: Path, shops_bank: RunningBank, webhook_port: int
) -> AsyncIterator[Shop]:
    """A payment service with its surroundings, on SQLite and on PostgreSQL."""
    async with running_shop(Place(database_url, redis_url, tmp_path, shops_bank.url, webhook_port)) as running:
        yield running
