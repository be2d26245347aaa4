"""Limits of attempts: in Redis, without it, and when it answers nonsense."""

from collections.abc import AsyncIterator

import pytest
import redis as redis_py
from limits import RateLimitItemPerSecond

from subgraphs.user.attempts import AttemptCounter, network_of
from subgraphs.user.errors import AttemptsNotCounted, TooManyAttempts
from tests.support.ports import free_port

TWO = RateLimitItemPerSecond(2, 60, namespace="test")


@pytest.fixture
async def counter(redis_url: str) -> AsyncIterator[AttemptCounter]:
    opened = AttemptCounter(redis_url)
    yield opened
    await opened.close()


async def test_replicas_count_together(counter: AttemptCounter, redis_url: str) -> None:
    other = AttemptCounter(redis_url)
    await counter.hit(TWO, "a")
    await other.hit(TWO, "a")
    with pytest.raises(TooManyAttempts) as refused:
        await counter.hit(TWO, "a")
    assert 0 < refused.value.retry_after_ms <= 60_000
    await counter.hit(TWO, "b")
    await other.forget(TWO, "a")
    await counter.hit(TWO, "a")
    await other.close()


async def test_an_attempt_given_back_after_its_window_allows_none_more(counter: AttemptCounter) -> None:
    await counter.hit(TWO, "late")
    await counter.give_back(TWO, "late")
    await counter.give_back(TWO, "late")
    await counter.hit(TWO, "late")
    await counter.hit(TWO, "late")
    with pytest.raises(TooManyAttempts):
        await counter.hit(TWO, "late")


async def test_a_redis_that_is_away_leaves_a_limit_in_memory() -> None:
    away = AttemptCounter(f"redis://127.0.0.1:{free_port()}/0")
    await away.hit(TWO, "a")
    await away.hit(TWO, "a")
    with pytest.raises(TooManyAttempts):
        await away.hit(TWO, "a")
    await away.mark("known", seconds=60)
    assert await away.is_marked("known")
    await away.close()


async def test_a_redis_that_does_not_count_refuses_the_attempt(counter: AttemptCounter, redis_url: str) -> None:
    """As a server does that lacks a command, is out of memory, or holds something else under the key."""
    with redis_py.Redis.from_url(redis_url) as client:
        client.lpush(f"user:{TWO.key_for('a')}", "not a number")
    with pytest.raises(AttemptsNotCounted):
        await counter.hit(TWO, "a")


async def test_a_redis_that_wants_another_password_refuses_the_attempt(redis_url: str) -> None:
    stranger = AttemptCounter(redis_url.replace("redis://", "redis://nobody:wrong@"))
    with pytest.raises(AttemptsNotCounted):
        await stranger.hit(TWO, "a")
    await stranger.close()


@pytest.mark.parametrize(
    ("address", "network"),
    [
        ("192.0.2.1", "192.0.2.1"),
        ("::ffff:192.0.2.1", "192.0.2.1"),
        ("2001:db8:1:2:3:4:5:6", "2001:db8:1:2::/64"),
        ("nonsense", ""),
        (None, ""),
    ],
)
def test_a_client_is_an_address_or_a_network_of_ipv6(address: str | None, network: str) -> None:
    assert network_of(address) == network
