"""Working off one row of an outbox, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.client import ServiceRefused, ServiceUnavailable
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage import leases, outbox, outbox_work
from subgraphs.kit.storage.faults import DatabaseUnavailable
from subgraphs.kit.storage.leases import LEASE
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.outbox_work import work_off
from subgraphs.kit.storage.session import Database
from subgraphs.payment import events
from subgraphs.payment.settings import MIGRATIONS
from subgraphs.payment.tables import Outbox
from tests.support.bank import eventually
from tests.support.payments import publish_captured
from workers.actors.draining import drain


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
    return await publish_captured(database, now=clock())


async def test_an_event_is_delivered_and_settled_once(database: Database, clock: FixedClock, job_id: str) -> None:
    delivered: list[Envelope] = []

    async def deliver(envelope: Envelope) -> None:
        delivered.append(envelope)

    assert await work_off(database, Outbox, job_id, deliver, clock=clock)
    assert not await work_off(database, Outbox, job_id, deliver, clock=clock)
    assert [(each.id, each.type) for each in delivered] == [(job_id, "payment.captured")]


async def test_an_event_that_is_not_answered_waits_without_losing_an_attempt(
    database: Database, clock: FixedClock, job_id: str
) -> None:
    async def deliver(_: Envelope) -> None:
        raise ServiceUnavailable("order", "timed out")

    for _ in range(3 * jobs.MAX_ATTEMPTS):
        with pytest.raises(ServiceUnavailable):
            await work_off(database, Outbox, job_id, deliver, clock=clock)
        clock.advance(timedelta(minutes=1))
    async with database.reading() as session:
        row = await session.get_one(Outbox, job_id)
    assert (row.attempts, row.dead_at, row.lease_until) == (0, None, None)


async def test_an_event_that_is_refused_is_parked_after_its_tries(
    database: Database, clock: FixedClock, job_id: str
) -> None:
    async def deliver(_: Envelope) -> None:
        raise ServiceRefused("order", [{"extensions": {"code": "NOT_FOUND"}}])

    tries = 0
    while True:
        try:
            if not await work_off(database, Outbox, job_id, deliver, clock=clock):
                break
        except ServiceRefused:
            tries += 1
        clock.advance(timedelta(minutes=1))
    assert tries == jobs.MAX_ATTEMPTS


async def test_a_database_that_was_away_for_seconds_gets_its_row_back_before_the_lease_ends(
    database: Database, clock: FixedClock, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "WRITE_PAUSE_SECONDS", 0.001)
    real, tried = database.transaction, 0

    @asynccontextmanager
    async def away_for_a_while() -> AsyncIterator[AsyncSession]:
        nonlocal tried
        tried += 1
        if tried < 5:
            raise DatabaseUnavailable("no connection: ConnectionRefusedError")
        async with real() as session:
            yield session

    async def deliver(_: Envelope) -> None:
        monkeypatch.setattr(database, "transaction", away_for_a_while)
        raise ServiceUnavailable("order", "its database is away")

    with pytest.raises(ServiceUnavailable):
        await work_off(database, Outbox, job_id, deliver, clock=clock)
    assert tried == 5
    async with database.reading() as session:
        row = await session.get_one(Outbox, job_id)
    assert (row.lease_until, row.due_at) == (None, clock() + timedelta(seconds=1))


async def test_a_lease_is_renewed_while_the_delivery_goes_on(
    database: Database, clock: FixedClock, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEWALS", 1000)

    async def lease_until() -> datetime | None:
        async with database.reading() as session:
            return (await session.get_one(Outbox, job_id)).lease_until

    async def deliver(_: Envelope) -> None:
        first = await lease_until()
        clock.advance(timedelta(seconds=9))

        async def is_renewed() -> bool:
            return await lease_until() != first

        await eventually(is_renewed)
        clock.advance(timedelta(seconds=9))
        assert not await work_off(other, Outbox, job_id, deliver, clock=clock), "another worker leaves it alone"

    other = Database(database.url)
    assert await work_off(database, Outbox, job_id, deliver, clock=clock)
    await other.close()


async def test_a_lease_is_renewed_while_the_outcome_waits_for_the_database(
    database: Database, clock: FixedClock, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(leases, "RENEWALS", 1000)

    async def lease_until() -> datetime | None:
        async with database.reading() as session:
            return (await session.get_one(Outbox, job_id)).lease_until

    async def write_late(database: Database, write: Callable[[AsyncSession], Awaitable[None]]) -> None:
        first = await lease_until()
        clock.advance(timedelta(seconds=9))

        async def is_renewed() -> bool:
            return await lease_until() != first

        await eventually(is_renewed)
        await leases.write_outcome(database, write)

    async def deliver(_: Envelope) -> None:
        return

    monkeypatch.setattr(outbox_work, "write_outcome", write_late)
    assert await work_off(database, Outbox, job_id, deliver, clock=clock)
    async with database.reading() as session:
        assert (await session.get_one(Outbox, job_id)).settled_at is not None


async def test_a_process_that_stood_still_does_not_take_its_own_work_a_second_time(
    database: Database, clock: FixedClock, job_id: str
) -> None:
    delivered: list[str] = []

    async def deliver(envelope: Envelope) -> None:
        delivered.append(envelope.id)
        clock.advance(2 * LEASE)
        assert not await work_off(database, Outbox, job_id, deliver, clock=clock)

    assert await work_off(database, Outbox, job_id, deliver, clock=clock)
    async with database.reading() as session:
        row = await session.get_one(Outbox, job_id)
    assert (delivered, row.attempts, row.settled_at is not None) == ([job_id], 1, True)


async def test_an_event_whose_delivery_is_interrupted_is_due_at_once(
    database: Database, clock: FixedClock, job_id: str
) -> None:
    is_delivering = asyncio.Event()

    async def deliver(_: Envelope) -> None:
        is_delivering.set()
        await asyncio.Event().wait()

    working = asyncio.create_task(work_off(database, Outbox, job_id, deliver, clock=clock))
    await is_delivering.wait()
    working.cancel()
    with pytest.raises(asyncio.CancelledError):
        await working
    async with database.reading() as session:
        row = await session.get_one(Outbox, job_id)
    assert (row.attempts, row.lease_until, row.due_at) == (0, None, clock())


async def test_a_drain_claims_each_row_once_and_one_bad_row_stops_no_other(
    database: Database, clock: FixedClock, job_id: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    row_ids = [job_id, *[await another(database, clock) for _ in range(500)]]
    claims, delivered, claim = 0, set[str](), jobs.claim

    async def counted(*arguments: Any, **named: Any) -> list[jobs.Claim]:
        nonlocal claims
        claims += 1
        return await claim(*arguments, **named)

    async def deliver(envelope: Envelope) -> None:
        if envelope.id == job_id:
            raise ValueError("unreadable")
        delivered.add(envelope.id)

    async def handle(row_id: str) -> bool:
        return await work_off(database, Outbox, row_id, deliver, clock=clock)

    monkeypatch.setattr(jobs, "claim", counted)
    assert await drain(database, Outbox, handle, clock=clock, seconds=600) == len(row_ids)
    assert delivered == set(row_ids) - {job_id}
    assert claims == len(row_ids)


async def test_a_drain_stops_when_nothing_is_answered(database: Database, clock: FixedClock, job_id: str) -> None:
    row_ids = [job_id, *[await another(database, clock) for _ in range(40)]]

    async def deliver(_: Envelope) -> None:
        raise ServiceUnavailable("order", "away")

    async def handle(row_id: str) -> bool:
        return await work_off(database, Outbox, row_id, deliver, clock=clock)

    assert await drain(database, Outbox, handle, clock=clock) < len(row_ids)


async def another(database: Database, clock: FixedClock) -> str:
    event = events.PaymentFailed(
        payment_id="payment-1",
        payment_version=2,
        order_id="order-1",
        buyer_id="buyer-1",
        status="FAILED",
        currency="EUR",
        amount=1490,
        failure_code="card_declined",
        is_retryable=True,
    )
    async with database.transaction() as session:
        envelope = events.envelope(event, occurred_at=clock())
        return outbox.put(session, Outbox, envelope, queue=events.QUEUE, actor_name=events.ACTOR_NAME).id


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
