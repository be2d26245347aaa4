"""Token buckets: the same promises in memory and in Redis."""

import asyncio
from collections.abc import AsyncIterator

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.server.rates.bucket import Bucket, BucketStore
from gateway.server.rates.memory import MemoryBuckets
from gateway.server.rates.redis import RedisBuckets

SLOW = Bucket(interval_seconds=100.0, burst=3)
"""Gains nothing within a test."""


@pytest.fixture(autouse=True)
def _patient_store(monkeypatch: pytest.MonkeyPatch) -> None:
    """Wait for Redis as long as a busy machine needs; in service the buckets in memory take over after 0.25 s."""
    monkeypatch.setattr("gateway.server.rates.redis.TIMEOUT_SECONDS", 20.0)


@pytest.fixture(params=["memory", "redis"])
async def store(request: pytest.FixtureRequest, redis_url: str) -> AsyncIterator[BucketStore]:
    """An empty store of each kind."""
    made = MemoryBuckets() if request.param == "memory" else RedisBuckets(redis_url)
    yield made
    await made.close()


async def test_a_burst_is_taken_and_one_more_waits(store: BucketStore) -> None:
    assert [await store.take("a", SLOW, 1) for _ in range(3)] == [0.0, 0.0, 0.0]
    assert 99 < await store.take("a", SLOW, 1) <= 100


async def test_tokens_are_taken_all_or_none(store: BucketStore) -> None:
    assert await store.take("a", SLOW, 2) == 0.0
    assert 99 < await store.take("a", SLOW, 2) <= 100
    assert await store.take("a", SLOW, 1) == 0.0


async def test_more_than_a_burst_is_never_taken(store: BucketStore) -> None:
    assert await store.take("a", SLOW, 4) > 0
    assert await store.take("a", SLOW, 3) == 0.0


async def test_keys_do_not_share_a_bucket(store: BucketStore) -> None:
    assert await store.take("a", SLOW, 3) == 0.0
    assert await store.take("b", SLOW, 3) == 0.0


async def test_takers_at_once_get_no_more_than_the_burst(store: BucketStore) -> None:
    waits = await asyncio.gather(*(store.take("a", SLOW, 1) for _ in range(20)))
    assert sum(wait == 0.0 for wait in waits) == 3


async def test_gateways_share_a_bucket_in_redis(redis_url: str) -> None:
    first, second = RedisBuckets(redis_url), RedisBuckets(redis_url)
    assert await first.take("a", SLOW, 2) == 0.0
    assert await second.take("a", SLOW, 2) > 0
    await first.close()
    await second.close()


async def test_limits_hold_in_memory_while_redis_is_away() -> None:
    store = RedisBuckets("redis://127.0.0.1:1/0")
    assert [await store.take("a", SLOW, 1) == 0.0 for _ in range(5)] == [True, True, True, False, False]
    await store.close()


async def test_the_bucket_that_was_used_least_recently_is_forgotten() -> None:
    store = MemoryBuckets(max_keys=2)
    for key in ("a", "b", "a", "c"):
        await store.take(key, SLOW, 1)
    assert await store.take("a", SLOW, 2) > 0  # is still known
    assert await store.take("b", SLOW, 3) == 0.0  # is full again


@given(st.integers(1, 20), st.floats(0.001, 50), st.lists(st.tuples(st.floats(0, 30), st.integers(1, 5)), max_size=60))
def test_no_interval_lets_through_more_than_its_tokens(
    burst: int, interval: float, asked: list[tuple[float, int]]
) -> None:
    now = 0.0
    store = MemoryBuckets(clock=lambda: now)
    taken: list[tuple[float, int]] = []

    async def ask() -> None:
        nonlocal now
        for pause, tokens in asked:
            now += pause
            if await store.take("a", Bucket(interval, burst), tokens) == 0.0:
                taken.append((now, tokens))

    asyncio.run(ask())
    for first, (begin, _) in enumerate(taken):
        total = 0
        for end, tokens in taken[first:]:
            total += tokens
            assert total <= burst + (end - begin) / interval + 1e-3
