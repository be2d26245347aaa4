"""Sessions that ended while access tokens of theirs are still good, for the services that act on them.

The user service writes the id of a session that ended into Redis, for as long as an access token lives. A service looks the session of
each signed-in request up, and takes a caller whose session is over for one that is not signed in. Catalog, config and recommendation, which
everybody reads, look up the sessions of staff alone.

While Redis is away nothing can be looked up, and tokens are good until they expire, as they are in services that do not look: counted and
logged. Any other failure refuses the request.
"""

import time
from collections.abc import Callable, Iterable
from dataclasses import replace

import structlog
from prometheus_client import Counter
from redis.exceptions import AuthenticationError, RedisError
from redis.exceptions import ConnectionError as RedisConnectionError
from redis.exceptions import TimeoutError as RedisTimeoutError

from subgraphs.kit.messaging.task_queue import QueueUnavailable, async_redis_client
from subgraphs.kit.runtime.identity import Identity

TIMEOUT_SECONDS = 0.3
PAUSE_SECONDS = 1.0
"""For which Redis is not asked after it did not answer: a Redis that hangs then costs one request a second its time-out, not all."""

STAFF = frozenset({"SELLER", "SUPPORT", "ADMIN"})
"""Who may change what the market sells and how it behaves."""

_KEY = "yarmarka:ended-session:"
_AWAY = (RedisConnectionError, RedisTimeoutError, OSError)

_log = structlog.get_logger(__name__)
_unchecked = Counter(
    "sessions_not_checked_total", "Signed-in requests whose session was not looked up: Redis was away."
)


class EndedSessions:
    """The sessions that ended lately, in Redis.

    Args:
        url: of Redis.
        roles: only the sessions of callers who have one of these are looked up; None looks all up.
        age_clock: seconds that only grow.
    """

    def __init__(
        self, url: str, *, roles: frozenset[str] | None = None, age_clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._roles = roles
        self._client = async_redis_client(url, timeout_seconds=TIMEOUT_SECONDS)
        self._age_clock = age_clock
        self._asked_again_at = 0.0

    async def add(self, session_ids: Iterable[str], *, seconds: int) -> bool:
        """Make sessions known as ended for the seconds; False when Redis is away."""
        try:
            async with self._client.pipeline(transaction=False) as pipeline:
                for session_id in session_ids:
                    pipeline.set(f"{_KEY}{session_id}", b"", ex=seconds)
                await pipeline.execute()
        except _AWAY as error:
            _log.warning("sessions.not_published", error=type(error).__name__)
            return False
        return True

    async def known(self, identity: Identity) -> Identity:
        """The identity, or what is left of it when its session is over: a caller that is not signed in.

        Raises:
            QueueUnavailable: when Redis refuses to say.
        """
        if self._roles is not None and self._roles.isdisjoint(identity.roles):
            return identity
        if identity.session_id is None or not await self._is_ended(identity.session_id):
            return identity
        return replace(identity, subject=None, roles=frozenset(), scopes=frozenset(), session_id=None)

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()

    async def _is_ended(self, session_id: str) -> bool:
        if self._age_clock() < self._asked_again_at:
            _unchecked.inc()
            return False
        try:
            return bool(await self._client.exists(f"{_KEY}{session_id}"))
        except AuthenticationError as error:  # a kind of connection error for redis-py, and a wrong setting for us
            raise QueueUnavailable(type(error).__name__) from error
        except _AWAY as error:
            self._asked_again_at = self._age_clock() + PAUSE_SECONDS
            _unchecked.inc()
            _log.warning("sessions.not_checked", error=type(error).__name__)
            return False
        except RedisError as error:
            raise QueueUnavailable(type(error).__name__) from error
