"""An append-only Redis stream with a consumer group: the durable log of events for a service without a database.

An entry is there before its sender is answered (Redis runs with `appendfsync always`), is read by one consumer of the group at a
time, and stays pending until it is acknowledged; what a dead consumer left is claimed by another one after `idle_ms`.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import redis.asyncio
from redis.exceptions import RedisError, ResponseError

from subgraphs.kit.messaging.stq import SOCKET_TIMEOUT_SECONDS, QueueUnavailable

_FIELD = b"event"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the stream: its place in the log, its bytes, and how often it was handed out."""

    id: str
    payload: bytes
    deliveries: int


class EventStream:
    """The stream of one name, seen by one consumer group."""

    def __init__(self, url: str, *, name: str, group: str) -> None:
        self._redis = redis.asyncio.Redis.from_url(
            url, socket_timeout=SOCKET_TIMEOUT_SECONDS, socket_connect_timeout=SOCKET_TIMEOUT_SECONDS, retry=None
        )
        self._name = name
        self._group = group

    async def append(self, payloads: Sequence[bytes]) -> list[str]:
        """Add events in order, all or none; their ids.

        Raises:
            QueueUnavailable: when Redis is away or refuses.
        """
        try:
            async with self._redis.pipeline(transaction=True) as pipeline:
                for payload in payloads:
                    pipeline.xadd(self._name, {_FIELD: payload})
                ids = await pipeline.execute()
        except (RedisError, OSError) as error:
            raise QueueUnavailable(type(error).__name__) from error
        return [entry_id.decode() for entry_id in ids]

    async def ensure_group(self) -> None:
        """Make the stream and its group when they are not there yet."""
        try:
            await self._redis.xgroup_create(self._name, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def claim(self, consumer: str, *, limit: int, idle_ms: int = 10_000) -> list[Entry]:
        """Up to `limit` entries for this consumer: first what others left pending for longer than `idle_ms`, then new ones."""
        _, stale, _ = await self._redis.xautoclaim(
            self._name, self._group, consumer, min_idle_time=idle_ms, start_id="0-0", count=limit
        )
        taken: list[Any] = [(entry_id, fields) for entry_id, fields in stale if fields]
        if len(taken) < limit:
            answer: Any = await self._redis.xreadgroup(
                self._group, consumer, {self._name: ">"}, count=limit - len(taken)
            )
            for _, entries in answer or []:
                taken.extend(entries)
        if not taken:
            return []
        pending: Any = await self._redis.xpending_range(
            self._name, self._group, min=taken[0][0], max="+", count=10 * limit, consumername=consumer
        )
        deliveries = {row["message_id"]: row["times_delivered"] for row in pending}
        return [Entry(entry_id.decode(), fields[_FIELD], deliveries.get(entry_id, 1)) for entry_id, fields in taken]

    async def acknowledge(self, entry_ids: Sequence[str]) -> None:
        """Settle entries, after their effect was committed, and remove them from the log."""
        if not entry_ids:
            return
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.xack(self._name, self._group, *entry_ids)
            pipeline.xdel(self._name, *entry_ids)
            await pipeline.execute()

    async def length(self) -> int:
        """How many entries are not settled."""
        return int(await self._redis.xlen(self._name))

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._redis.aclose()
