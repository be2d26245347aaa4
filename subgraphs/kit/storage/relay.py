"""From the outbox to the queue: at once after the commit, and again for what was left over.

After a commit a message carries the row's id and nothing else. Losing one is harmless: the loop finds every row that is still due,
whatever its id, and asks its actor to work off everything. One such wake-up waits at most, so that a week without a worker costs no
more messages than a minute.
"""

from datetime import timedelta
from typing import Any

import structlog
from sqlalchemy import select

from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.messaging.task_queue import MAX_WAITING, QueueUnavailable, TaskQueue
from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.storage.instants import database_now
from subgraphs.kit.storage.session import Database, OnCommitted, Wake

LEFTOVER_AFTER = timedelta(seconds=2)
LEFTOVER_PAUSE_SECONDS = 2.0
LONGEST_BACKOFF_SECONDS = 5.0

_log = structlog.get_logger(__name__)


async def announce(queue: TaskQueue, wakes: list[Wake]) -> int:
    """Enqueue wake-ups in order until the queue fails or is long enough; how many went out.

    What did not go out is still a row, and is found by the relay or the sweeper.
    """
    for sent, wake in enumerate(wakes):
        try:
            if sent == 0 and await queue.waiting(wake.queue) >= MAX_WAITING:
                return 0
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


async def leftovers(database: Database, table: type[Any], *, clock: Clock = utc_now) -> list[tuple[str, str]]:
    """The queues and actors with rows that have been due for some seconds and that no worker holds."""
    async with database.reading() as session:
        now = await database_now(session, clock)
        waiting = select(table.queue, table.actor_name).where(is_due(table, now - LEFTOVER_AFTER)).distinct()
        return [(row.queue, row.actor_name) for row in await session.execute(waiting)]


def relay_loop(name: str, database: Database, table: type[Any], queue: TaskQueue, *, clock: Clock = utc_now) -> Loop:
    """The loop that wakes an actor for leftovers, every 2 seconds.

    Args:
        clock: of a test; the process's own gives way to the database's.
    """

    async def wake_for_leftovers() -> int:
        waiting = await leftovers(database, table, clock=clock)
        return sum([await queue.wake(queue_name, actor_name) for queue_name, actor_name in waiting])

    return Loop(
        name,
        wake_for_leftovers,
        pause_seconds=LEFTOVER_PAUSE_SECONDS,
        longest_backoff_seconds=LONGEST_BACKOFF_SECONDS,
    )
