"""How often an address may be tried: counted in Redis, so that replicas count together.

When Redis is away attempts are let through: argon2 still slows a guesser down, and nobody should be locked out by an outage.
"""

import hashlib

import redis.asyncio
import structlog
from redis.exceptions import RedisError

from subgraphs.user.errors import TooManyAttempts

_TIMEOUT_SECONDS = 0.5

_log = structlog.get_logger(__name__)


class SignInAttempts:
    """A window of attempts for each address."""

    def __init__(self, url: str, *, limit: int, window_seconds: int) -> None:
        self._redis = redis.asyncio.Redis.from_url(
            url, socket_timeout=_TIMEOUT_SECONDS, socket_connect_timeout=_TIMEOUT_SECONDS, retry=None
        )
        self._limit = limit
        self._window_seconds = window_seconds

    async def count(self, email: str) -> None:
        """Count one attempt.

        Raises:
            TooManyAttempts: when the window has had its fill.
        """
        key = self._key(email)
        try:
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.incr(key)
                pipeline.expire(key, self._window_seconds, nx=True)
                pipeline.pttl(key)
                tried, _, left_ms = await pipeline.execute()
        except (RedisError, OSError) as error:
            _log.warning("sign_in.attempts_not_counted", error=type(error).__name__)
            return
        if tried > self._limit:
            raise TooManyAttempts(max(0, int(left_ms)))

    async def forget(self, email: str) -> None:
        """Begin anew after a success."""
        try:
            await self._redis.delete(self._key(email))
        except (RedisError, OSError) as error:
            _log.warning("sign_in.attempts_not_counted", error=type(error).__name__)

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._redis.aclose()

    def _key(self, email: str) -> str:
        # The address itself stays out of Redis.
        return f"user:sign-in:{hashlib.sha256(email.encode()).hexdigest()[:32]}"
