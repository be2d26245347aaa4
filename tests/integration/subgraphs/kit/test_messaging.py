"""The queue and the stream, on a real Redis."""

import dramatiq
import pytest

from subgraphs.kit.messaging.stream import Entry, EventStream
from subgraphs.kit.messaging.sweeper import sweep_once
from subgraphs.kit.messaging.task_queue import QueueUnavailable, TaskQueue, async_redis_client, make_broker
from subgraphs.kit.storage import relay
from subgraphs.kit.storage.session import Wake
from tests.support.ports import free_port


async def test_an_actor_gets_what_was_enqueued_by_its_name(redis_url: str) -> None:
    queue = TaskQueue(redis_url)
    await queue.ping()
    await queue.enqueue("orders", "deliver", "job-1", 2)
    await queue.close()
    got: list[tuple[str, int]] = []
    broker = make_broker(redis_url)

    @dramatiq.actor(broker=broker, queue_name="orders")
    def deliver(job_id: str, number: int) -> None:
        got.append((job_id, number))

    worker = dramatiq.Worker(broker, worker_threads=1, worker_timeout=50)
    worker.start()
    try:
        broker.join("orders", timeout=10_000)
        worker.join()
    finally:
        worker.stop()
        broker.close()
        broker.client.close()
    assert got == [("job-1", 2)]


async def test_a_queue_that_is_away_is_a_typed_error() -> None:
    queue = TaskQueue(f"redis://127.0.0.1:{free_port()}/0")
    with pytest.raises(QueueUnavailable):
        await queue.enqueue("orders", "deliver", "job-1")
    with pytest.raises(QueueUnavailable):
        await queue.ping()
    await queue.close()


async def test_entries_stay_until_acknowledged_and_pass_to_another_consumer(redis_url: str) -> None:
    stream = EventStream(redis_url, name="behaviour", group="workers")
    await stream.ensure_group()
    await stream.ensure_group()
    ids = await stream.append([b"one", b"two", b"three"])
    first = await stream.claim("a", limit=2)
    assert [entry.payload for entry in first] == [b"one", b"two"]
    await stream.acknowledge([first[0].id])
    second = await stream.claim("b", limit=10, idle_ms=0)
    assert [(entry.id, entry.payload) for entry in second] == [(ids[1], b"two"), (ids[2], b"three")]
    assert second[0].deliveries == 2
    await stream.acknowledge([entry.id for entry in second])
    assert await stream.length() == 0
    await stream.close()


async def test_one_failing_sweep_does_not_stop_the_others(redis_url: str) -> None:
    async def fails() -> int:
        raise RuntimeError

    async def wakes() -> int:
        return 3

    async with async_redis_client(redis_url) as client:
        assert await sweep_once(client, {"bad": fails, "good": wakes}, holder="a") == {"good": 3}


async def test_one_wake_up_waits_however_often_it_is_asked_for(redis_url: str) -> None:
    queue = TaskQueue(redis_url)
    assert [await queue.wake("orders", "deliver") for _ in range(100)] == [True] + [False] * 99
    assert await queue.wake("orders", "another")
    assert await queue.waiting("orders") == 2
    async with async_redis_client(redis_url) as client:
        await client.flushall()
    assert await queue.wake("orders", "deliver"), "one that was lost does not count as waiting"
    await queue.close()


async def test_rows_are_not_announced_one_by_one_into_a_queue_that_nobody_reads(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(relay, "MAX_WAITING", 10)
    queue = TaskQueue(redis_url)
    wakes = [Wake("orders", "deliver", f"job-{number}") for number in range(30)]
    assert [await relay.announce(queue, [wake]) for wake in wakes] == [1] * 10 + [0] * 20
    await queue.close()


async def test_a_stream_says_when_its_content_may_be_lost(redis_url: str) -> None:
    stream = EventStream(redis_url, name="orders.test", group="workers")
    assert await stream.oldest_open() is None
    await stream.append([b"one"])
    [entry] = await _first(stream)
    first = await stream.content_id()
    await stream.set_aside(entry, "no luck")
    await stream.append([b"two"])
    oldest = await stream.oldest_open()
    assert oldest is not None
    assert int(oldest.timestamp() * 1000) == int(entry.id.partition("-")[0]), "the dead are not handled"
    assert await stream.content_id() == first
    async with async_redis_client(redis_url) as client:
        await client.flushall()
    await stream.append([b"three"])
    emptied = await stream.content_id()
    assert emptied != first
    async with async_redis_client(redis_url) as client:
        await client.delete(stream.name)
    assert await stream.content_id() != emptied
    await stream.close()


async def _first(stream: EventStream) -> list[Entry]:
    await stream.ensure_group()
    return await stream.claim("a", limit=1)
