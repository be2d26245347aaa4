"""Buckets in Redis or Valkey, shared by all gateways.

The script reads the server's clock, so that gateways whose clocks differ agree. A server that does not answer must neither stop
the traffic nor lift the limits: buckets in memory take over until it answers again.
"""

import time
from collections.abc import Callable

import redis.asyncio
import structlog
from redis.exceptions import RedisError

from gateway.server.metrics import RATE_STORE_FAILURES
from gateway.server.rates.bucket import Bucket
from gateway.server.rates.memory import MemoryBuckets

PREFIX = "gateway:rate:"
TIMEOUT_SECONDS = 0.25
RETRY_SECONDS = 2.0
"""After a failure the server is left alone for so long: a request must not wait for a time-out each time."""

TAKE = """
local time = redis.call('TIME')
local now = time[1] * 1000000 + time[2]
local interval, window, tokens = tonumber(ARGV[1]), tonumber(ARGV[2]), tonumber(ARGV[3])
local full_at = math.max(tonumber(redis.call('GET', KEYS[1]) or now), now) + tokens * interval
local wait = full_at - now - window
if wait > 0 then return wait end
redis.call('SET', KEYS[1], string.format('%d', full_at), 'PX', math.ceil((full_at - now) / 1000) + 1)
return 0
"""
"""All numbers are whole microseconds. A key expires when its bucket is full, so idle clients cost nothing."""

log = structlog.get_logger(__name__)


class RedisBuckets:
    """A store that several processes share.

    Args:
        url: ``redis://`` or ``rediss://``.
        clock: Gives seconds that never go back; decides when a failed server is tried again.
    """

    def __init__(self, url: str, *, clock: Callable[[], float] = time.monotonic) -> None:
        self._client = redis.asyncio.Redis.from_url(
            url, socket_timeout=TIMEOUT_SECONDS, socket_connect_timeout=TIMEOUT_SECONDS, retry=None
        )
        self._take = self._client.register_script(TAKE)
        self._clock = clock
        self._in_memory = MemoryBuckets(clock=clock)
        self._retry_at = 0.0

    async def take(self, key: str, bucket: Bucket, tokens: int) -> float:
        """Take tokens from a bucket, all or none; see `BucketStore.take`."""
        if self._clock() < self._retry_at:
            return await self._in_memory.take(key, bucket, tokens)
        interval = round(bucket.interval_seconds * 1e6)
        arguments = [interval, interval * bucket.burst, tokens]
        try:
            wait_microseconds = await self._take(keys=[PREFIX + key], args=arguments)
        except (RedisError, OSError) as error:
            self._retry_at = self._clock() + RETRY_SECONDS
            RATE_STORE_FAILURES.inc()
            log.warning("rates.store_away", error=type(error).__name__, retry_seconds=RETRY_SECONDS)
            return await self._in_memory.take(key, bucket, tokens)
        return float(wait_microseconds) / 1e6

    async def close(self) -> None:
        """Close the connections."""
        await self._client.aclose()
