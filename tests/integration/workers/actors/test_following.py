"""A Redis that was emptied, or the stream of one follower that is gone, loses no event of order's."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest
import redis as redis_py
from sqlalchemy import select

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.stream import Entry, EventStream
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage import outbox
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.order.settings import MIGRATIONS
from subgraphs.order.tables import Outbox, StreamPosition
from workers.actors.entries import work_off_entries
from workers.actors.following import MARGIN, keep_positions


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
async def stream(redis_url: str) -> AsyncIterator[EventStream]:
    opened = EventStream(redis_url, name="orders.test", group="test")
    yield opened
    await opened.close()


async def settled(database: Database, stream: EventStream, clock: FixedClock) -> str:
    """An event as a worker delivers it: written into the stream, its row settled after; its id."""
    envelope = Envelope(
        id=uuid7(), type="order.placed", version=1, source="order", subject="order-1", occurred_at=clock(), data={}
    )
    async with database.transaction() as session:
        outbox.put(session, Outbox, envelope, queue="orders", actor_name="order_event").settled_at = clock()
    await stream.append([envelope.model_dump_json().encode()])
    return envelope.id


async def handled(stream: EventStream) -> list[str]:
    ids: list[str] = []

    async def handle(envelope: Envelope) -> None:
        ids.append(envelope.id)

    await work_off_entries(stream, "a", handle)
    return ids


async def position(database: Database) -> StreamPosition:
    async with database.reading() as session:
        return (await session.scalars(select(StreamPosition))).one()


async def test_what_an_emptied_redis_held_is_written_again_and_nothing_older(
    database: Database, stream: EventStream, clock: FixedClock, redis_url: str
) -> None:
    assert await keep_positions(database, [stream], clock=clock) == 0
    old = await settled(database, stream, clock)
    assert await handled(stream) == [old]
    clock.advance(timedelta(minutes=5))
    assert await keep_positions(database, [stream], clock=clock) == 0
    assert (await position(database)).handled_until == clock() - MARGIN
    lost = [await settled(database, stream, clock) for _ in range(3)]
    with redis_py.Redis.from_url(redis_url) as client:
        client.flushall()
    since = await settled(database, stream, clock)
    assert await keep_positions(database, [stream], clock=clock) == 4
    assert sorted(set(await handled(stream))) == sorted([*lost, since])
    assert await keep_positions(database, [stream], clock=clock) == 0, "once"


async def test_an_event_that_waits_or_is_dead_holds_the_position(
    database: Database, stream: EventStream, clock: FixedClock, redis_url: str
) -> None:
    await keep_positions(database, [stream], clock=clock)
    waiting = await settled(database, stream, clock)
    [entry] = await _claimed(stream)
    await stream.set_aside(entry, "no luck")
    clock.advance(timedelta(days=3))
    await keep_positions(database, [stream], clock=clock)
    assert (await position(database)).handled_until < clock() - timedelta(days=2)
    with redis_py.Redis.from_url(redis_url) as client:
        client.flushall()
    assert await keep_positions(database, [stream], clock=clock) == 1
    assert await handled(stream) == [waiting]


async def test_a_quiet_market_writes_no_position(database: Database, stream: EventStream, clock: FixedClock) -> None:
    await keep_positions(database, [stream], clock=clock)
    before = (await position(database)).handled_until
    clock.advance(timedelta(seconds=20))
    await keep_positions(database, [stream], clock=clock)
    assert (await position(database)).handled_until == before


async def _claimed(stream: EventStream) -> list[Entry]:
    await stream.ensure_group()
    return await stream.claim("a", limit=1)
