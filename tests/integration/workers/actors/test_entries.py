"""Working off a stream: what is handled is gone, what fails stays and comes again, and no message is needed for it."""

import time
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta

import pytest

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.jobs import MAX_ATTEMPTS
from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.messaging.task_queue import TaskQueue
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.order.event_streams import FOLLOWERS, EventStreams
from tests.support.ports import free_port
from workers.actors.entries import UNANSWERED_IN_A_ROW, waking, work_off_entries


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
        self.error: Exception = ValueError("no such account")

    async def __call__(self, envelope: Envelope) -> None:
        self.tried += 1
        if envelope.subject in self.broken:
            raise self.error
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
    assert handler.tried == MAX_ATTEMPTS
    assert (await stream.length(), await stream.dead_length()) == (0, 1)
    assert [entry.error for entry in await stream.dead()] == ["ValueError: no such account"]
    assert await stream.redrive(["0-0"]) == 0
    handler.broken = set()
    assert [await stream.redrive(), await stream.redrive()] == [1, 0]
    assert await work_off_entries(stream, "a", handler) == 1
    assert (await stream.length(), await stream.dead_length()) == (0, 0)


async def test_what_is_not_answered_is_tried_for_a_day_and_costs_no_try(stream: EventStream) -> None:
    handler = Handler()
    handler.broken, handler.error = {"two"}, OSError("the database is away")
    await written(stream, "two")
    for _ in range(3):
        assert await work_off_entries(stream, "a", handler, idle_ms=0) == 0
    assert handler.tried == 3 * UNANSWERED_IN_A_ROW
    assert (await stream.length(), await stream.dead_length()) == (1, 0)
    [entry] = await stream.claim("a", limit=1, idle_ms=0)
    a_day_ago = time.time() - timedelta(hours=24).total_seconds()
    await stream._redis.hset(stream._unanswered, entry.id, str(a_day_ago))
    assert await work_off_entries(stream, "a", handler, idle_ms=0) == 0
    assert [entry.error for entry in await stream.dead()] == ["OSError: the database is away"]


async def test_a_worker_stops_asking_what_is_away_and_gives_the_rest_back(stream: EventStream) -> None:
    handler = Handler()
    subjects = [str(number) for number in range(20)]
    handler.broken, handler.error = set(subjects), OSError("the database is away")
    await written(stream, *subjects)
    assert await work_off_entries(stream, "a", handler) == 0
    assert handler.tried == UNANSWERED_IN_A_ROW
    handler.broken = set()
    assert await work_off_entries(stream, "b", handler) == len(subjects) - UNANSWERED_IN_A_ROW, "they wait for nobody"
    assert await work_off_entries(stream, "b", handler, idle_ms=0) == UNANSWERED_IN_A_ROW
    assert await stream._redis.hlen(stream._tries) == await stream._redis.hlen(stream._unanswered) == 0


async def test_an_entry_that_kills_its_workers_is_set_aside(stream: EventStream) -> None:
    await written(stream, "one", "two")
    await stream.ensure_group()
    for _ in range(MAX_ATTEMPTS):  # workers that died during their try
        [entry] = await stream.claim("a", limit=1, idle_ms=0)
        await stream.begin([entry])
    handler = Handler()
    assert await work_off_entries(stream, "b", handler, idle_ms=0) == 2
    assert handler.handled == ["two"]
    assert [entry.error for entry in await stream.dead()] == ["no attempt came to its end"]


async def test_an_entry_of_another_program_stops_no_other(stream: EventStream) -> None:
    await stream._redis.xadd(stream.name, {"what": "is this"})
    await written(stream, "one")
    handler = Handler()
    await work_off_entries(stream, "a", handler, idle_ms=0)
    assert (handler.handled, await stream.dead_length()) == (["one"], 1)


async def test_a_sweep_wakes_a_worker_while_there_are_entries_and_not_after(
    stream: EventStream, redis_url: str
) -> None:
    queue = TaskQueue(redis_url)
    sweep = waking(stream, queue, queue_name="deliveries", actor_name="order_notice")
    assert await sweep() == 0
    await written(stream, "one")
    assert [await sweep(), await sweep(), await sweep()] == [1, 0, 0], "one wake-up waits"
    await work_off_entries(stream, "a", Handler())
    assert await sweep() == 0
    await queue.close()


async def test_every_follower_has_an_event_although_no_message_could_be_sent(redis_url: str) -> None:
    followers = EventStreams(redis_url)
    await followers._queue.close()
    followers._queue = TaskQueue(f"redis://127.0.0.1:{free_port()}/0")
    await followers.tell(an_event("order-1"))
    await followers.close()
    for each in FOLLOWERS:
        stream, handler = EventStream(redis_url, name=each.stream, group=each.group), Handler()
        assert await work_off_entries(stream, "a", handler) == 1
        assert handler.handled == ["order-1"]
        await stream.close()
