"""The sweeper: every few seconds, one worker wakes what waits longer than it should and clears what is over.

A wake-up may be lost, a lease may run out, a job may be due again: each domain says what it sweeps, and this runs it under a lock.
"""

import os
import socket
import time
from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

import redis.asyncio
import structlog
from sqlalchemy import ColumnElement, select
from sqlalchemy.orm import InstrumentedAttribute

from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.messaging.sweeper import Sweep, sweep_once
from subgraphs.kit.messaging.task_queue import TaskQueue
from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.storage.instants import database_now
from subgraphs.kit.storage.retention import purge
from subgraphs.kit.storage.session import Database

PAUSE_SECONDS = 5.0
LIMIT = 200
PURGE_SECONDS = 60.0

_log = structlog.get_logger(__name__)


def sweeper_loop(client: redis.asyncio.Redis, sweeps: Mapping[str, Sweep]) -> Loop:
    """The loop that sweeps, every 5 seconds."""
    holder = f"{socket.gethostname()}-{os.getpid()}"

    async def sweep_all() -> None:
        woken = await sweep_once(client, dict(sweeps), holder=holder)
        if done := {name: count for name, count in woken.items() if count}:
            _log.info("sweeper.swept", **done)

    return Loop("worker.sweeper", sweep_all, pause_seconds=PAUSE_SECONDS)


def at_most_every(seconds: float, sweep: Sweep) -> Sweep:
    """The sweep, done once in so many seconds of this process, for the first time after as many; 0 in between."""
    done_at = time.monotonic()

    async def sweep_when_due() -> int:
        nonlocal done_at
        if time.monotonic() - done_at < seconds:
            return 0
        done_at = time.monotonic()
        return await sweep()

    return sweep_when_due


def purging(database: Database, table: type[Any], written_at: InstrumentedAttribute[datetime], *, days: int) -> Sweep:
    """A sweep that deletes, once a minute, what was written longer than so many days ago."""

    async def purge_old() -> int:
        async with database.transaction() as session:
            return await purge(session, table, written_at, before=utc_now() - timedelta(days=days))

    return at_most_every(PURGE_SECONDS, purge_old)


async def due_jobs(database: Database, table: type[Any], condition: ColumnElement[bool]) -> list[str]:
    """The ids of jobs that meet the condition, the longest due first; at most 200."""
    async with database.reading() as session:
        rows = await session.scalars(select(table.id).where(condition).order_by(table.due_at).limit(LIMIT))
        return list(rows)


def waking_for_jobs(
    database: Database, table: type[Any], queue: TaskQueue, *, queue_name: str, actor_name: str
) -> Sweep:
    """A sweep that wakes an actor while jobs are due, unless a wake-up waits already."""

    async def wake() -> int:
        async with database.reading() as session:
            due = is_due(table, await database_now(session))
            if await session.scalar(select(table.id).where(due).limit(1)) is None:
                return 0
        return int(await queue.wake(queue_name, actor_name))

    return wake
