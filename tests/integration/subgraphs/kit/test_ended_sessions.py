"""Sessions that ended, in a real Redis: their callers are not signed in any more."""

from dataclasses import replace

import pytest

from subgraphs.kit.messaging.ended_sessions import PAUSE_SECONDS, EndedSessions
from subgraphs.kit.messaging.task_queue import QueueUnavailable, async_redis_client
from tests.support.identity import account

ANN = replace(account("ann", "BUYER"), session_id="session-1", anonymous_id="device")
NO_REDIS = "redis://127.0.0.1:9/0"


async def test_a_caller_whose_session_is_over_is_not_signed_in(redis_url: str) -> None:
    ended = EndedSessions(redis_url)
    try:
        assert await ended.known(ANN) == ANN
        assert await ended.add(["session-1", "session-2"], seconds=60)
        left = await ended.known(ANN)
        assert (left.subject, left.roles, left.scopes, left.session_id) == (None, frozenset(), frozenset(), None)
        assert (left.caller, left.anonymous_id) == (ANN.caller, "device")
        for other in (replace(ANN, session_id="session-3"), replace(ANN, session_id=None)):
            assert await ended.known(other) == other
    finally:
        await ended.close()


async def test_a_session_is_known_as_ended_no_longer_than_its_tokens_live(redis_url: str) -> None:
    ended, client = EndedSessions(redis_url), async_redis_client(redis_url)
    try:
        await ended.add(["session-1"], seconds=60)
        (key,) = await client.keys("yarmarka:ended-session:*")
        assert 0 < await client.ttl(key) <= 60
    finally:
        await client.aclose()
        await ended.close()


async def test_without_redis_a_token_is_good_and_redis_is_not_asked_each_time() -> None:
    now = [0.0]
    ended = EndedSessions(NO_REDIS, age_clock=lambda: now[0])
    try:
        assert not await ended.add(["session-1"], seconds=60)
        assert await ended.known(ANN) == ANN
        assert await ended.known(ANN) == ANN
        now[0] += PAUSE_SECONDS
        assert await ended.known(ANN) == ANN
    finally:
        await ended.close()


async def test_a_redis_that_refuses_is_not_taken_for_one_that_is_away(redis_url: str) -> None:
    ended = EndedSessions(redis_url.replace("redis://", "redis://nobody:wrong@"))
    try:
        with pytest.raises(QueueUnavailable):
            await ended.known(ANN)
    finally:
        await ended.close()
