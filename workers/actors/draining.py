"""Working off everything that is due in a table of jobs: what one waiting wake-up of a queue asks for.

A message for each row would be lost or doubled at every outage. One message drains the table instead: it reads the ids that are due,
works off several at a time, each with a claim of its own, and ends when nothing new is due, when its time is over, or when a whole
batch was not answered: whatever it depends on is away, and the next wake-up tries again.

A process drains a table once at a time. A wake-up that comes meanwhile has nothing to do: the drain that is at work reads the table
until nothing is due. Two of them would read the same ids and claim each row twice.
"""

import asyncio
import time
from collections.abc import Awaitable, Callable
from typing import Any
from weakref import WeakKeyDictionary

import structlog

from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.storage.answers import is_unanswered
from subgraphs.kit.storage.instants import database_now
from subgraphs.kit.storage.session import Database
from workers.actors.sweeping import due_jobs

AT_ONCE = 8
DRAIN_SECONDS = 20.0
DRAIN_TIMEOUT_SECONDS = 90.0
"""Of an actor that drains: the time for new rows, and as much as the last of them may take."""

_log = structlog.get_logger(__name__)
_draining: WeakKeyDictionary[Database, set[str]] = WeakKeyDictionary()
"""The tables that this process is draining, for each database."""


async def drain(
    database: Database,
    table: type[Any],
    handle: Callable[[str], Awaitable[object]],
    *,
    clock: Clock = utc_now,
    seconds: float = DRAIN_SECONDS,
) -> int:
    """Work off the jobs that are due; how many were tried: none while this process is draining the table already.

    Args:
        handle: claims and works off the job of an id; what it raises is logged, and the job was given back.
        seconds: after which no further job is begun.
    """
    tables = _draining.setdefault(database, set())
    if table.__tablename__ in tables:
        return 0
    tables.add(table.__tablename__)
    try:
        return await _drain(database, table, handle, clock=clock, seconds=seconds)
    finally:
        tables.discard(table.__tablename__)


async def _drain(
    database: Database, table: type[Any], handle: Callable[[str], Awaitable[object]], *, clock: Clock, seconds: float
) -> int:
    until, tried = time.monotonic() + seconds, set[str]()
    while time.monotonic() < until:
        async with database.reading() as session:
            now = await database_now(session, clock)
        fresh = [job_id for job_id in await due_jobs(database, table, is_due(table, now)) if job_id not in tried]
        if not fresh:
            break
        for start in range(0, len(fresh), AT_ONCE):
            batch = fresh[start : start + AT_ONCE]
            tried.update(batch)
            outcomes = await asyncio.gather(*(handle(job_id) for job_id in batch), return_exceptions=True)
            errors = [outcome for outcome in outcomes if isinstance(outcome, BaseException)]
            for job_id, outcome in zip(batch, outcomes, strict=True):
                if isinstance(outcome, BaseException):
                    _log.warning("drain.not_handled", table=table.__tablename__, job_id=job_id, error=repr(outcome))
            if len(errors) == len(batch) and all(is_unanswered(error) for error in errors):
                return len(tried)
            if time.monotonic() >= until:
                break
    return len(tried)
