"""What a worker does with a lease: take it, renew it while the work goes on, and give it back as soon as it knows that the work failed.

A lease is short, so that a job whose worker died waits seconds. A worker that outlives its failure does not let the job wait at all: if
the database is away just then, it writes the outcome as soon as the database answers, or until the lease has run out by itself.

A process that stood still (stopped, or without a processor) for longer than a lease finds its leases run out. It must not take the
same jobs a second time beside its own work, so it knows which jobs it is working on.
"""

import asyncio
import time
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, suppress
from datetime import datetime, timedelta
from typing import Any
from weakref import WeakKeyDictionary

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.jobs import Claim
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.storage.answers import is_unanswered
from subgraphs.kit.storage.instants import database_now
from subgraphs.kit.storage.session import Database

LEASE = timedelta(seconds=10)
RENEWALS = 3
"""How often a lease is renewed within its own length."""

WRITE_PAUSE_SECONDS = 0.5

_log = structlog.get_logger(__name__)
_at_work: WeakKeyDictionary[Database, set[tuple[str, str]]] = WeakKeyDictionary()
"""Tables and ids of the jobs that this process is working on, for each database."""


async def claim_one(
    session: AsyncSession, database: Database, table: type[Any], job_id: str, *, now: datetime
) -> Claim | None:
    """Take a lease on a job; None if it is not due, or this process works on it already. Commit before the work."""
    if (table.__tablename__, job_id) in _at_work.get(database, ()):
        return None
    claims = await jobs.claim(session, table, now=now, lease=LEASE, job_ids=[job_id])
    return claims[0] if claims else None


@asynccontextmanager
async def renewed(database: Database, table: type[Any], held: Claim, *, clock: Clock = utc_now) -> AsyncIterator[None]:
    """Renew the lease during the block, until it is lost. The block has the work and the writing of its outcome."""
    job = (table.__tablename__, held.job_id)

    async def renew() -> None:
        is_held, pause_seconds = True, LEASE.total_seconds() / RENEWALS
        while is_held:
            await asyncio.sleep(pause_seconds)
            pause_seconds = LEASE.total_seconds() / RENEWALS
            try:
                async with database.transaction() as session:
                    now = await database_now(session, clock)
                    is_held = await jobs.renew(session, table, held, now=now, lease=LEASE)
            except Exception as error:  # noqa: BLE001 - the next renewal tries again; a lost lease costs a second delivery, not the event
                pause_seconds = WRITE_PAUSE_SECONDS
                _log.warning("job.not_renewed", table=table.__tablename__, job_id=held.job_id, error=str(error))

    at_work = _at_work.setdefault(database, set())
    at_work.add(job)
    renewing = asyncio.create_task(renew(), name=f"renew-{held.job_id}")
    try:
        yield
    finally:
        at_work.discard(job)
        renewing.cancel()
        with suppress(asyncio.CancelledError):
            await renewing


async def give_back(
    database: Database, table: type[Any], held: Claim, error: Exception, *, clock: Clock = utc_now
) -> None:
    """Give a row back with the error of its work: postponed if the work was not answered, else the attempt counts."""
    message, is_away = f"{type(error).__name__}: {error}", is_unanswered(error)

    async def write(session: AsyncSession) -> None:
        now = await database_now(session, clock)
        give = jobs.postpone if is_away else jobs.fail
        is_dead = await give(session, table, held, now=now, error=message)
        note = _log.error if is_dead else _log.warning
        note(
            "job.given_back",
            table=table.__tablename__,
            job_id=held.job_id,
            attempt=held.attempt,
            is_answered=not is_away,
            is_dead=is_dead,
            error=message,
        )

    await write_outcome(database, write)


async def give_back_interrupted(database: Database, table: type[Any], held: Claim, *, clock: Clock = utc_now) -> None:
    """Give a row back whose work this process had to stop."""

    async def write(session: AsyncSession) -> None:
        await jobs.release(session, table, held, now=await database_now(session, clock))

    await write_outcome(database, write)


async def write_outcome(database: Database, write: Callable[[AsyncSession], Awaitable[None]]) -> None:
    """Write in a transaction; while the database is away, again until the lease has run out by itself."""
    until = time.monotonic() + LEASE.total_seconds()
    is_logged = False
    while True:
        try:
            async with database.transaction() as session:
                await write(session)
        except Exception as error:
            if not is_unanswered(error) or time.monotonic() >= until:
                raise
            if not is_logged:
                _log.warning("job.outcome_waits", error=str(error))
                is_logged = True
        else:
            return
        await asyncio.sleep(WRITE_PAUSE_SECONDS)
