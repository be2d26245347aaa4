"""An append-only Redis stream with a consumer group: the durable log of events for a service without a database.

An entry is there before its sender is answered (Redis runs with `appendfsync always`), is read by one consumer of the group at a
time, and stays pending until it is acknowledged; what a dead consumer left is claimed by another one after `idle_ms`.

Beside the stream `<name>` lie `<name>.tries`, how often the work on an entry was begun and not given back; `<name>.unanswered`, since
when an entry has not been answered, by the server's clock; and `<name>.dead`, the entries that were set aside with their errors until
a person has them tried again.
"""

import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

from redis.exceptions import RedisError, ResponseError

from subgraphs.kit.messaging.task_queue import QueueUnavailable, async_redis_client

MAX_ERROR_CHARACTERS = 500
REVIVED_AT_ONCE = 1_000
_FIELD, _ERROR, _ORIGIN = b"event", b"error", b"origin"
_RELEASED_IDLE_MS = 24 * 60 * 60 * 1000


@dataclass(frozen=True, slots=True)
class Entry:
    """One event of the stream.

    Attributes:
        id: place in the log, which begins with the milliseconds of the server's clock.
        payload: bytes as they were appended; empty for an entry that was written by another program.
        deliveries: how often it was handed out.
    """

    id: str
    payload: bytes
    deliveries: int


@dataclass(frozen=True, slots=True)
class DeadEntry:
    """An entry that was set aside, with the error of its last try.

    Attributes:
        id: among the dead.
        origin: its id in the stream.
    """

    id: str
    origin: str
    payload: bytes
    error: str


@contextmanager
def _asking_redis() -> Iterator[None]:
    try:
        yield
    except (RedisError, OSError) as error:
        raise QueueUnavailable(type(error).__name__) from error


class EventStream:
    """The stream of one name, seen by one consumer group. Every method raises QueueUnavailable when Redis is away or refuses."""

    def __init__(self, url: str, *, name: str, group: str) -> None:
        self._redis = async_redis_client(url)
        self.name = name
        self._group = group
        self._dead, self._tries, self._unanswered = f"{name}.dead", f"{name}.tries", f"{name}.unanswered"
        self._token = f"{name}.token"

    async def append(self, payloads: Sequence[bytes]) -> list[str]:
        """Add events in order, all or none; their ids."""
        with _asking_redis():
            async with self._redis.pipeline(transaction=True) as pipeline:
                for payload in payloads:
                    pipeline.xadd(self.name, {_FIELD: payload})
                ids = await pipeline.execute()
        return [entry_id.decode() for entry_id in ids]

    async def ensure_group(self) -> None:
        """Make the stream and its group when they are not there yet."""
        with _asking_redis():
            try:
                await self._redis.xgroup_create(self.name, self._group, id="0", mkstream=True)
            except ResponseError as error:
                if "BUSYGROUP" not in str(error):
                    raise

    async def claim(self, consumer: str, *, limit: int, idle_ms: int = 10_000) -> list[Entry]:
        """Up to `limit` entries for this consumer: first what was left pending for longer than `idle_ms`, then new ones."""
        with _asking_redis():
            claimed: Any = await self._redis.xautoclaim(
                self.name, self._group, consumer, min_idle_time=idle_ms, start_id="0-0", count=limit
            )
            taken: list[Any] = [(entry_id, fields) for entry_id, fields in claimed[1] if fields]
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
        return [
            Entry(entry_id.decode(), fields.get(_FIELD, b""), deliveries.get(entry_id, 1)) for entry_id, fields in taken
        ]

    async def begin(self, entries: Sequence[Entry]) -> list[int]:
        """Count a try of each entry before its work; how many it has had by now, this one included."""
        with _asking_redis():
            async with self._redis.pipeline(transaction=False) as pipeline:
                for entry in entries:
                    pipeline.hincrby(self._tries, entry.id, 1)
                return [int(tries) for tries in await pipeline.execute()]

    async def acknowledge(self, entry_ids: Sequence[str]) -> None:
        """Settle entries, after their effect was committed, and remove them from the log."""
        if not entry_ids:
            return
        with _asking_redis():
            async with self._redis.pipeline(transaction=True) as pipeline:
                self._remove(pipeline, *entry_ids)
                await pipeline.execute()

    async def postpone(self, entries: Sequence[Entry]) -> list[float]:
        """Leave entries that were not answered pending, without counting the try; the seconds since each was last answered."""
        with _asking_redis():
            seconds, microseconds = await self._redis.time()
            now = seconds + microseconds / 1e6
            async with self._redis.pipeline(transaction=False) as pipeline:
                for entry in entries:
                    pipeline.hincrby(self._tries, entry.id, -1)
                    pipeline.hsetnx(self._unanswered, entry.id, str(now))
                    pipeline.hget(self._unanswered, entry.id)
                answers = await pipeline.execute()
        return [now - float(since) for since in answers[2::3]]

    async def refuse(self, entry: Entry) -> None:
        """Leave an entry that was answered with a refusal pending; its try counts."""
        with _asking_redis():
            await self._redis.hdel(self._unanswered, entry.id)

    async def release(self, consumer: str, entries: Sequence[Entry]) -> None:
        """Give entries back whose work was not begun: any consumer claims them at once."""
        if not entries:
            return
        with _asking_redis():
            await self._redis.xclaim(
                self.name,
                self._group,
                consumer,
                min_idle_time=0,
                message_ids=[entry.id for entry in entries],
                idle=_RELEASED_IDLE_MS,
                justid=True,
            )

    async def set_aside(self, entry: Entry, error: str) -> None:
        """Settle an entry that cannot be handled, and keep it apart with its error."""
        kept: dict[Any, Any] = {_FIELD: entry.payload, _ERROR: error[:MAX_ERROR_CHARACTERS], _ORIGIN: entry.id}
        with _asking_redis():
            async with self._redis.pipeline(transaction=True) as pipeline:
                pipeline.xadd(self._dead, kept)
                self._remove(pipeline, entry.id)
                await pipeline.execute()

    async def dead(self, *, limit: int = REVIVED_AT_ONCE) -> list[DeadEntry]:
        """The entries that were set aside, the longest dead first."""
        with _asking_redis():
            entries: Any = await self._redis.xrange(self._dead, count=limit)
        return [
            DeadEntry(
                entry_id.decode(),
                fields.get(_ORIGIN, entry_id).decode(),
                fields.get(_FIELD, b""),
                fields.get(_ERROR, b"").decode(errors="replace"),
            )
            for entry_id, fields in entries
        ]

    async def redrive(self, ids: Sequence[str] | None = None) -> int:
        """Add entries that were set aside once more, the longest dead first; how many.

        Args:
            ids: among the dead, or those of the stream before; None brings back up to 1,000. Asked again, it goes on.
        """
        revived = [entry for entry in await self.dead() if ids is None or entry.id in ids or entry.origin in ids]
        for entry in revived:
            with _asking_redis():
                async with self._redis.pipeline(transaction=True) as pipeline:
                    pipeline.xadd(self.name, {_FIELD: entry.payload})
                    pipeline.xdel(self._dead, entry.id)
                    await pipeline.execute()
        return len(revived)

    async def length(self) -> int:
        """How many entries are not settled."""
        with _asking_redis():
            return int(await self._redis.xlen(self.name))

    async def dead_length(self) -> int:
        """How many entries were set aside."""
        with _asking_redis():
            return int(await self._redis.xlen(self._dead))

    async def oldest_open(self) -> datetime | None:
        """When the oldest entry that was not handled was appended, the dead included, by the server's clock; None without one."""
        with _asking_redis():
            waiting: Any = await self._redis.xrange(self.name, count=1)
        origins = [entry_id.decode() for entry_id, _ in waiting]
        origins += [entry.origin for entry in await self.dead(limit=1)]
        instants = [int(origin.partition("-")[0]) / 1000 for origin in origins]
        return datetime.fromtimestamp(min(instants), UTC) if instants else None

    async def content_id(self) -> str:
        """Identify the server and the stream's content: another value than before means that entries may have been lost.

        It changes when the server was restarted (its last moments may be missing), when it was emptied, and when the stream is gone.
        """
        with _asking_redis():
            info: Any = await self._redis.info("server")
            if not await self._redis.exists(self.name):
                await self._redis.delete(self._token)
            await self._redis.set(self._token, uuid.uuid4().hex, nx=True)
            token: Any = await self._redis.get(self._token)
        return f"{info['run_id']}:{token.decode()}"

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._redis.aclose()

    def _remove(self, pipeline: Any, *entry_ids: str) -> None:
        pipeline.xack(self.name, self._group, *entry_ids)
        pipeline.xdel(self.name, *entry_ids)
        pipeline.hdel(self._tries, *entry_ids)
        pipeline.hdel(self._unanswered, *entry_ids)
