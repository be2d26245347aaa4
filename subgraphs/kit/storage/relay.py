"""From the outbox to the queue: at once after the commit, and again for what was left over.

A message carries the row's id and nothing else. Losing one is harmless: the leftovers' loop finds every row that is still due, whatever its id.
"""

from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import select

from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.messaging.stq import QueueUnavailable, TaskQueue
from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.storage.session import Database, OnCommitted, Wake

LEFTOVER_AFTER = timedelta(seconds=5)
LEFTOVER_PAUSE_SECONDS = 5.0
LEFTOVER_LIMIT = 200

_log = structlog.get_logger(__name__)


async def announce(queue: TaskQueue, wakes: list[Wake]) -> int:
    """Enqueue wake-ups in order until the queue fails; how many went out. A failure is logged: the rows are still there."""
    for sent, wake in enumerate(wakes):
        try:
            await queue.enqueue(wake.queue, wake.actor_name, wake.job_id)
        except QueueUnavailable as error:
            _log.warning("relay.queue_unavailable", error=str(error), left_over=len(wakes) - sent)
            return sent
    return len(wakes)


def announcing(queue: TaskQueue) -> OnCommitted:
    """What a database does with the wake-ups of a committed transaction: put them into the queue."""

    async def announce_all(wakes: list[Wake]) -> None:
        await announce(queue, wakes)

    return announce_all


async def leftovers(database: Database, table: type[Any], *, now: datetime, limit: int = LEFTOVER_LIMIT) -> list[Wake]:
    """The wake-ups of rows that have been due for 5 seconds and that nobody holds, the longest due first."""
    waiting = select(table).where(is_due(table, now - LEFTOVER_AFTER)).order_by(table.due_at, table.id).limit(limit)
    async with database.reading() as session:
        return [Wake(row.queue, row.actor_name, row.id) for row in await session.scalars(waiting)]


def relay_loop(name: str, database: Database, table: type[Any], queue: TaskQueue, *, clock: Clock = utc_now) -> Loop:
    """The loop that announces leftovers, every 5 seconds."""

    async def announce_leftovers() -> int:
        return await announce(queue, await leftovers(database, table, now=clock()))

    return Loop(name, announce_leftovers, pause_seconds=LEFTOVER_PAUSE_SECONDS)
