"""An append-only Redis stream with a consumer group: the durable log of events for a service without a database.

An entry is there before its sender is answered (Redis runs with `appendfsync always`), is read by one consumer of the group at a
time, and stays pending until it is acknowledged; what a dead consumer left is claimed by another one after `idle_ms`. An entry that can
never be handled is set aside, into the stream `<name>.dead`, until somebody has it tried again.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from redis.exceptions import RedisError, ResponseError

from subgraphs.kit.messaging.stq import QueueUnavailable, async_redis_client

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
        self._redis = async_redis_client(url)
        self.name = name
        self._group = group
        self._dead = f"{name}.dead"

    async def append(self, payloads: Sequence[bytes]) -> list[str]:
        """Add events in order, all or none; their ids.

        Raises:
            QueueUnavailable: when Redis is away or refuses.
        """
        try:
            async with self._redis.pipeline(transaction=True) as pipeline:
                for payload in payloads:
                    pipeline.xadd(self.name, {_FIELD: payload})
                ids = await pipeline.execute()
        except (RedisError, OSError) as error:
            raise QueueUnavailable(type(error).__name__) from error
        return [entry_id.decode() for entry_id in ids]

    async def ensure_group(self) -> None:
        """Make the stream and its group when they are not there yet."""
        try:
            await self._redis.xgroup_create(self.name, self._group, id="0", mkstream=True)
        except ResponseError as error:
            if "BUSYGROUP" not in str(error):
                raise

    async def claim(self, consumer: str, *, limit: int, idle_ms: int = 10_000) -> list[Entry]:
        """Up to `limit` entries for this consumer: first what others left pending for longer than `idle_ms`, then new ones."""
        _, stale, _ = await self._redis.xautoclaim(
            self.name, self._group, consumer, min_idle_time=idle_ms, start_id="0-0", count=limit
        )
        taken: list[Any] = [(entry_id, fields) for entry_id, fields in stale if fields]
        if len(taken) < limit:
            answer: Any = await self._redis.xreadgroup(
                self._group, consumer, {self.name: ">"}, count=limit - len(taken)
            )
            for _, entries in answer or []:
                taken.extend(entries)
        if not taken:
            return []
        pending: Any = await self._redis.xpending_range(
            self.name, self._group, min=taken[0][0], max="+", count=10 * limit, consumername=consumer
        )
        deliveries = {row["message_id"]: row["times_delivered"] for row in pending}
        return [Entry(entry_id.decode(), fields[_FIELD], deliveries.get(entry_id, 1)) for entry_id, fields in taken]

    async def acknowledge(self, entry_ids: Sequence[str]) -> None:
        """Settle entries, after their effect was committed, and remove them from the log."""
        if not entry_ids:
            return
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.xack(self.name, self._group, *entry_ids)
            pipeline.xdel(self.name, *entry_ids)
            await pipeline.execute()

    async def set_aside(self, entry: Entry) -> None:
        """Settle an entry that nobody can handle, and keep it apart."""
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.xadd(self._dead, {_FIELD: entry.payload})
            pipeline.xack(self.name, self._group, entry.id)
            pipeline.xdel(self.name, entry.id)
            await pipeline.execute()

    async def redrive(self) -> int:
        """Add every entry that was set aside once more; how many."""
        entries: Any = await self._redis.xrange(self._dead)
        for entry_id, fields in entries:
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.xadd(self.name, fields)
                pipeline.xdel(self._dead, entry_id)
                await pipeline.execute()
        return len(entries)

    async def length(self) -> int:
        """How many entries are not settled."""
        return int(await self._redis.xlen(self.name))

    async def dead_length(self) -> int:
        """How many entries were set aside."""
        return int(await self._redis.xlen(self._dead))

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._redis.aclose()
