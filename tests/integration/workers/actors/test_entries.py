"""Working off a stream: what is handled is gone, what fails stays and comes again, and no message is needed for it."""

from collections.abc import AsyncIterator
from datetime import UTC, datetime

import pytest

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.stq import TaskQueue
from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.order.followers import FOLLOWERS, Followers
from tests.support.processes import free_port
from workers.actors.entries import MAX_DELIVERIES, waking, work_off_entries


def an_event(subject: str) -> Envelope:
    return Envelope(
        id=uuid7(), type="order.placed", version=1, source="order", subject=subject,
        occurred_at=datetime.now(UTC), data={},
    )  # fmt: skip


class Handler:
    """Notes what it handled; what is in `broken` fails."""

    def __init__(self) -> None:
        self.handled: list[str] = []
        self.broken: set[str] = set()
        self.tried = 0

    async def __call__(self, envelope: Envelope) -> None:
        self.tried += 1
        if envelope.subject in self.broken:
            raise OSError("the database is away")
        self.handled.append(envelope.subject)


@pytest.fixture
async def stream(redis_url: str) -> AsyncIterator[EventStream]:
    opened = EventStream(redis_url, name="orders.test", group="test")
    yield opened
    await opened.close()


async def written(stream: EventStream, *subjects: str) -> None:
    await stream.append([an_event(each).model_dump_json().encode() for each in subjects])


async def test_what_fails_stays_holds_nobody_up_and_is_handled_when_it_can_be(stream: EventStream) -> None:
    handler = Handler()
    handler.broken = {"two"}
    await written(stream, "one", "two", "three")
    assert await work_off_entries(stream, "a", handler) == 2
    assert (handler.handled, await stream.length()) == (["one", "three"], 1)
    assert await work_off_entries(stream, "a", handler) == 0, "it waits before it is tried again"
    handler.broken = set()
    assert await work_off_entries(stream, "b", handler, idle_ms=0) == 1
    assert (handler.handled, await stream.length()) == (["one", "three", "two"], 0)


async def test_what_can_never_be_handled_is_set_aside_and_comes_back_when_asked_for(stream: EventStream) -> None:
    handler = Handler()
    handler.broken = {"two"}
    await written(stream, "two")
    assert await work_off_entries(stream, "a", handler, idle_ms=0) == 0
    assert handler.tried == MAX_DELIVERIES
    assert (await stream.length(), await stream.dead_length()) == (0, 1)
    handler.broken = set()
    assert [await stream.redrive(), await stream.redrive()] == [1, 0]
    assert await work_off_entries(stream, "a", handler) == 1
    assert (await stream.length(), await stream.dead_length()) == (0, 0)


async def test_a_sweep_wakes_a_worker_while_there_are_entries_and_not_after(
    stream: EventStream, redis_url: str
) -> None:
    queue = TaskQueue(redis_url)
    sweep = waking(stream, queue, queue_name="deliveries", actor_name="order_notice")
    assert await sweep() == 0
    await written(stream, "one")
    assert await sweep() == 1
    await work_off_entries(stream, "a", Handler())
    assert await sweep() == 0
    await queue.close()


async def test_every_follower_has_an_event_although_no_message_could_be_sent(redis_url: str) -> None:
    followers = Followers(redis_url)
    await followers._queue.close()
    followers._queue = TaskQueue(f"redis://127.0.0.1:{free_port()}/0")
    await followers.tell(an_event("order-1"))
    await followers.close()
    for each in FOLLOWERS:
        stream, handler = EventStream(redis_url, name=each.stream, group=each.group), Handler()
        assert await work_off_entries(stream, "a", handler) == 1
        assert handler.handled == ["order-1"]
        await stream.close()
