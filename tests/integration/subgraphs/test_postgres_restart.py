"""PostgreSQL stopped and started again under running services: typed refusals meanwhile, and no process is restarted afterwards."""

import asyncio
import uuid
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import text

from local.deployables import OWNERS_OF_TABLES, deployable
from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.runtime.identity import Identity
from subgraphs.kit.storage import leases
from subgraphs.kit.storage.faults import DatabaseUnavailable
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.outbox_work import work_off
from subgraphs.kit.storage.session import Database
from subgraphs.payment.settings import MIGRATIONS
from subgraphs.payment.tables import Outbox
from subgraphs.user.tokens import TokenKeys
from tests.support.bank import eventually
from tests.support.databases import make_postgres_database
from tests.support.identity import ANONYMOUS, CURSOR_KEYS, SERVICE_KEYS, account
from tests.support.payments import publish_captured
from tests.support.postgres import PostgresServer, must_have_postgres, running_postgres
from tests.support.processes import START_SECONDS
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph

SOME_ID = str(uuid.UUID(int=1))
BUYER, ADMIN = account(SOME_ID, "BUYER"), account(SOME_ID, "ADMIN")


def an_entity(type_name: str, field: str = "__typename") -> str:
    """A query for one entity, which reads the database."""
    representation = f'{{__typename: "{type_name}", id: "{SOME_ID}"}}'
    return f"{{ _entities(representations: [{representation}]) {{ ... on {type_name} {{ {field} }} }} }}"


READS: dict[str, tuple[str, Identity]] = {
    "config": ("{ flags { __typename } }", ADMIN),
    "user": (an_entity("Seller"), ANONYMOUS),
    "catalog": (an_entity("Product"), ANONYMOUS),
    "recommendation": ("{ rankingModels { __typename } }", ADMIN),
    "payment": (an_entity("Order", "paymentState"), BUYER),
    "notification": (an_entity("Account", "unreadNotificationCount"), BUYER),
    "order": (an_entity("Order"), BUYER),
}


@pytest.fixture(scope="module")
def server() -> Iterator[PostgresServer]:
    must_have_postgres()
    with running_postgres(is_durable=True) as running:
        yield running


async def a_database(server: PostgresServer) -> str:
    """The URL of a new database."""
    return await asyncio.to_thread(make_postgres_database, server.port)


@asynccontextmanager
async def running(name: str, server: PostgresServer, folder: Path) -> AsyncIterator[SubgraphUnderTest]:
    """A subgraph on databases of its own."""
    owner = deployable(name)
    urls = {"database_url": await a_database(server)}
    if name == "order":
        urls["analytics_database_url"] = await a_database(server)
    settings = owner.settings().model_copy(update={"data_dir": folder, **urls})
    if name == "user":
        TokenKeys.rotate(folder / "keys" / "user-tokens.json")
    for database in owner.databases(settings):
        await upgrade(database.url, database.migrations)
    async with running_subgraph(owner.app(settings)) as service:
        yield service


async def failing(service: SubgraphUnderTest) -> list[str]:
    """The names of the readiness checks that fail because of a database."""
    answer = (await service.http.get("/ready")).json()
    return [name for name in answer.get("failing", {}) if "database" in name]


@pytest.mark.parametrize("name", OWNERS_OF_TABLES)
async def test_a_service_outlives_a_restart_of_its_database(
    name: str, server: PostgresServer, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("YARMARKA_SERVICE_KEYS", SERVICE_KEYS)
    monkeypatch.setenv("YARMARKA_CURSOR_KEYS", CURSOR_KEYS)
    monkeypatch.setenv("YARMARKA_REDIS_URL", "redis://127.0.0.1:9/0")
    monkeypatch.setenv("PAYMENT_WEBHOOK_SECRET", "a secret of the tests")
    monkeypatch.setenv("BANK_API_KEY", "a key of the tests")
    query, caller = READS[name]
    async with running(name, server, tmp_path) as service:
        assert (await service.codes(query, by=caller), await failing(service)) == ([], [])
        await asyncio.to_thread(server.close)
        try:
            assert await service.codes(query, by=caller) == ["SERVICE_UNAVAILABLE"]
            assert await failing(service) != []
        finally:
            await asyncio.to_thread(server.start)

        async def is_back() -> bool:
            return await service.codes(query, by=caller) == [] and await failing(service) == []

        await eventually(is_back, seconds=START_SECONDS)


async def test_a_row_whose_worker_lost_its_database_is_due_as_soon_as_the_database_is_back(
    server: PostgresServer, monkeypatch: pytest.MonkeyPatch
) -> None:
    # As long as the server may take to start.
    monkeypatch.setattr(leases, "LEASE", timedelta(seconds=START_SECONDS))
    clock = FixedClock(datetime.now(UTC))
    url = await a_database(server)
    await upgrade(url, MIGRATIONS)
    database = Database(url)
    job_id = await publish_captured(database, now=clock())
    delivered: list[str] = []
    starting: list[asyncio.Task[None]] = []

    async def deliver(envelope: Envelope) -> None:
        if not starting:
            await asyncio.to_thread(server.close)
            try:
                async with database.reading() as session:
                    await session.execute(text("SELECT 1"))
            finally:
                starting.append(asyncio.create_task(asyncio.to_thread(server.start)))
        delivered.append(envelope.id)

    with pytest.raises(DatabaseUnavailable):
        await work_off(database, Outbox, job_id, deliver, clock=clock)
    await starting[0]
    async with database.reading() as session:
        row = await session.get_one(Outbox, job_id)
    assert (row.lease_until, row.attempts, row.due_at - clock()) == (None, 0, timedelta(seconds=1))
    clock.advance(timedelta(seconds=1))
    assert await work_off(database, Outbox, job_id, deliver, clock=clock)
    assert delivered == [job_id]
    await database.close()
