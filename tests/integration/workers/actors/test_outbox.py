"""Working off one row of an outbox, on SQLite and on PostgreSQL."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage import outbox
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.payment import events
from subgraphs.payment.settings import MIGRATIONS
from subgraphs.payment.tables import Outbox
from workers.actors.outbox import LEASE, work_off


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.now(UTC))


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    await upgrade(database_url, MIGRATIONS)
    opened = Database(database_url)
    yield opened
    await opened.close()


@pytest.fixture
async def job_id(database: Database, clock: FixedClock) -> str:
    event = events.PaymentCaptured(
        payment_id="payment-1",
        payment_version=2,
        order_id="order-1",
        buyer_id="buyer-1",
        status="CAPTURED",
        currency="EUR",
        amount=1490,
    )
    async with database.transaction() as session:
        envelope = events.envelope(event, occurred_at=clock())
        return outbox.put(session, Outbox, envelope, queue=events.QUEUE, actor_name=events.ACTOR_NAME).id


async def test_an_event_is_delivered_and_settled_once(database: Database, clock: FixedClock, job_id: str) -> None:
    delivered: list[Envelope] = []

    async def deliver(envelope: Envelope) -> None:
        delivered.append(envelope)

    assert await work_off(database, Outbox, job_id, deliver, clock=clock)
    assert not await work_off(database, Outbox, job_id, deliver, clock=clock)
    assert [(each.id, each.type) for each in delivered] == [(job_id, "payment.captured")]


async def test_an_event_whose_workers_all_died_is_parked_and_not_delivered(
    database: Database, clock: FixedClock, job_id: str
) -> None:
    async def deliver(envelope: Envelope) -> None:
        raise AssertionError(f"{envelope.id} has no attempt left")

    for _ in range(jobs.MAX_ATTEMPTS):
        async with database.transaction() as session:
            assert await jobs.claim(session, Outbox, now=clock(), lease=LEASE, job_ids=[job_id])
        clock.advance(LEASE)
    assert not await work_off(database, Outbox, job_id, deliver, clock=clock)
    async with database.reading() as session:
        row = await session.get_one(Outbox, job_id)
    assert (row.dead_at, row.settled_at, row.last_error) == (clock(), None, "no attempt came to its end")
