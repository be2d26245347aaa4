"""The simple task queue: dramatiq on Redis, tuned for workers that are killed.

A message only wakes a worker; the durable row (or stream entry) is the job. So a lost message costs time, not work, and a doubled one costs
nothing. A message with the id of a row asks for that row, right after its commit. A message without arguments (`wake`) asks for everything
that is due, and at most one waits for each actor, however long no worker comes. Actors are named, not imported: no subgraph depends on the
workers.
"""

import asyncio
from typing import Any

import dramatiq
import redis
import redis.asyncio
from dramatiq.brokers.redis import RedisBroker
from dramatiq.errors import BrokerConnectionError

from subgraphs.kit.messaging.server_version import require_supported

HEARTBEAT_TIMEOUT_MS = 5_000
MAINTENANCE_CHANCE = (
    1_000_000  # always: a killed worker's messages came back after 5.2 s, with the default not within 300 s
)
SOCKET_TIMEOUT_SECONDS = 2.0


MAX_WAITING = 1_000
"""Messages that wait in a queue before rows are no longer announced one by one: the relay's wake-up finds them all."""

_WAKES = "yarmarka:wakes"
"""A hash: for each actor the id of the message that woke it last."""


class QueueUnavailable(Exception):
    """Raised when the queue's Redis cannot be reached or refuses the write."""


def redis_client(url: str) -> redis.Redis:
    """A client that never retries by itself: a lost reply would then enqueue twice."""
    return redis.Redis.from_url(
        url, socket_timeout=SOCKET_TIMEOUT_SECONDS, socket_connect_timeout=SOCKET_TIMEOUT_SECONDS, retry=None
    )


def async_redis_client(url: str, *, timeout_seconds: float = SOCKET_TIMEOUT_SECONDS) -> redis.asyncio.Redis:
    """The same for one event loop. Opened once and closed at the end: closing it may not be cancelled, or its connection stays open."""
    return redis.asyncio.Redis.from_url(
        url, socket_timeout=timeout_seconds, socket_connect_timeout=timeout_seconds, retry=None
    )


def make_broker(url: str, *, middleware: list[dramatiq.Middleware] | None = None) -> RedisBroker:
    """The broker that the workers and the enqueuing services share, on the Redis at the URL."""
    return RedisBroker(  # type: ignore[no-untyped-call]
        client=redis_client(url),
        middleware=middleware,
        heartbeat_timeout=HEARTBEAT_TIMEOUT_MS,
        maintenance_chance=MAINTENANCE_CHANCE,
    )


class TaskQueue:
    """Enqueues by name."""

    def __init__(self, url: str) -> None:
        # No middleware: retries, time limits and the rest are the worker's, from its own declaration of the actor.
        self._broker = make_broker(url, middleware=[])

    def enqueue_blocking(self, queue: str, actor_name: str, *args: Any, delay_ms: int | None = None) -> str:
        """Put one message into the queue, from a thread that may block; its id in Redis.

        Raises:
            QueueUnavailable: when Redis is away or refuses.
        """
        self._broker.declare_queue(queue)
        message: dramatiq.Message[Any] = dramatiq.Message(
            queue_name=queue, actor_name=actor_name, args=args, kwargs={}, options={}
        )
        try:
            return str(self._broker.enqueue(message, delay=delay_ms).options["redis_message_id"])
        except (redis.RedisError, BrokerConnectionError, OSError) as error:
            raise QueueUnavailable(type(error).__name__) from error

    async def enqueue(self, queue: str, actor_name: str, *args: Any, delay_ms: int | None = None) -> None:
        """Put one message into the queue.

        Args:
            args: JSON values.

        Raises:
            QueueUnavailable: when Redis is away or refuses.
        """
        await asyncio.to_thread(self.enqueue_blocking, queue, actor_name, *args, delay_ms=delay_ms)

    async def wake(self, queue: str, actor_name: str) -> bool:
        """Ask an actor to work off everything that is due, unless such a message waits already; True when one was put in.

        Raises:
            QueueUnavailable: when Redis is away or refuses.
        """
        return await asyncio.to_thread(self._wake_blocking, queue, actor_name)

    def _wake_blocking(self, queue: str, actor_name: str) -> bool:
        try:
            client = self._broker.client
            last: Any = client.hget(_WAKES, actor_name)
            # Two callers at the same moment put in two messages: the second finds nothing to do.
            if last is not None and client.lpos(self._key(queue), last) is not None:
                return False
            message_id = self.enqueue_blocking(queue, actor_name)
            client.hset(_WAKES, actor_name, message_id)
        except (redis.RedisError, OSError) as error:
            raise QueueUnavailable(type(error).__name__) from error
        return True

    async def waiting(self, queue: str) -> int:
        """How many messages of a queue no worker has taken.

        Raises:
            QueueUnavailable: when Redis is away.
        """
        try:
            return int(await asyncio.to_thread(self._broker.client.llen, self._key(queue)))
        except (redis.RedisError, OSError) as error:
            raise QueueUnavailable(type(error).__name__) from error

    def _key(self, queue: str) -> str:
        return f"{self._broker.namespace}:{queue}"

    async def ping(self) -> None:
        """A readiness check.

        Raises:
            QueueUnavailable: when Redis does not answer.
            ServerTooOld: when it is older than the oldest that is supported.
        """
        try:
            require_supported(await asyncio.to_thread(self._broker.client.info, "server"))
        except (redis.RedisError, OSError) as error:
            raise QueueUnavailable(type(error).__name__) from error

    async def close(self) -> None:
        """Close the connections to Redis."""
        await asyncio.to_thread(self._broker.client.close)
