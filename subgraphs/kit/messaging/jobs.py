"""The durable row as the job: claim it with a lease, count the attempt before the work, settle it after, park it when it is hopeless.

The table has the columns of the storage layer's `JobColumns`. A job is due when it is neither settled nor dead, its time has come, and
nobody holds a lease on it. The claim is one guarded UPDATE that counts the attempt and commits before the work begins: a job that kills
its worker still runs out of attempts, and the claim that finds none left parks it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, case, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

MAX_ATTEMPTS = 8
FIRST_BACKOFF_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 300.0
MAX_ERROR_CHARACTERS = 500
NO_ATTEMPT_ENDED = "no attempt came to its end"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease on one job: the lease's end is what proves that it is still ours."""

    job_id: str
    attempt: int
    lease_until: datetime


def is_due(table: type[Any], now: datetime) -> ColumnElement[bool]:
    """The condition that a row waits for a worker now."""
    return and_(
        table.settled_at.is_(None),
        table.dead_at.is_(None),
        table.due_at <= now,
        or_(table.lease_until.is_(None), table.lease_until <= now),
    )


async def claim(
    session: AsyncSession,
    table: type[Any],
    *,
    now: datetime,
    lease: timedelta,
    job_ids: Sequence[str] | None = None,
    limit: int = 10,
) -> list[Claim]:
    """Take a lease on due jobs, the longest due first, and count the attempt. Commit before the work.

    A due job that has had all its attempts is one whose last worker died: it is dead from now on, and not among the claims.

    Args:
        job_ids: only these; None takes any.
    """
    due = select(table.id).where(is_due(table, now)).order_by(table.due_at, table.id).limit(limit)
    if job_ids is not None:
        due = due.where(table.id.in_(job_ids))
    # On PostgreSQL what another claim looks at is skipped; SQLite has one writer at a time and no such clause.
    ids = list(await session.scalars(due.with_for_update(skip_locked=True)))
    if not ids:
        return []
    lease_until = now + lease
    is_spent = table.attempts >= MAX_ATTEMPTS
    taken = await session.execute(
        update(table)
        .where(table.id.in_(ids), is_due(table, now))
        .values(
            lease_until=case((is_spent, None), else_=literal(lease_until, table.lease_until.type)),
            attempts=case((is_spent, table.attempts), else_=table.attempts + 1),
            dead_at=case((is_spent, literal(now, table.dead_at.type)), else_=None),
            last_error=case((is_spent, NO_ATTEMPT_ENDED), else_=table.last_error),
        )
        .returning(table.id, table.attempts, table.dead_at)
        .execution_options(synchronize_session=False)
    )
    found = {row.id: row for row in taken}
    for row in found.values():
        if row.dead_at is not None:
            _log.error("job.given_up", table=table.__tablename__, job_id=row.id, attempts=row.attempts)
    return [
        Claim(job_id, found[job_id].attempts, lease_until)
        for job_id in ids
        if job_id in found and found[job_id].dead_at is None
    ]


async def is_held(session: AsyncSession, table: type[Any], held: Claim) -> bool:
    """Whether the lease is still ours; if so, nobody claims the job before the transaction ends."""
    ours = select(table.id).where(
        table.id == held.job_id, table.lease_until == held.lease_until, table.settled_at.is_(None)
    )
    return await session.scalar(ours.with_for_update()) is not None


async def settle(session: AsyncSession, table: type[Any], held: Claim, *, now: datetime) -> bool:
    """Mark a job as done; False when the lease was lost meanwhile, and then the effect must be rolled back or be idempotent."""
    done = await session.execute(
        update(table)
        .where(table.id == held.job_id, table.lease_until == held.lease_until, table.settled_at.is_(None))
        .values(settled_at=now, lease_until=None, last_error=None)
        .returning(table.id)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None


async def fail(
    session: AsyncSession, table: type[Any], held: Claim, *, now: datetime, error: str, max_attempts: int = MAX_ATTEMPTS
) -> bool:
    """Give a job back with its error: due again after a back-off, or dead after the last attempt. True when it is dead now.

    Nothing changes, and it is False, when the lease was lost meanwhile.
    """
    is_last = held.attempt >= max_attempts
    backoff = timedelta(seconds=min(FIRST_BACKOFF_SECONDS * 2 ** (held.attempt - 1), MAX_BACKOFF_SECONDS))
    given_back = await session.execute(
        update(table)
        .where(table.id == held.job_id, table.lease_until == held.lease_until, table.settled_at.is_(None))
        .values(
            lease_until=None,
            last_error=error[:MAX_ERROR_CHARACTERS],
            due_at=now + backoff,
            dead_at=now if is_last else None,
        )
        .returning(table.id)
        .execution_options(synchronize_session=False)
    )
    return is_last and given_back.first() is not None


async def redrive(session: AsyncSession, table: type[Any], *, now: datetime) -> int:
    """Bring every dead job back with fresh attempts; how many."""
    revived = await session.execute(
        update(table)
        .where(table.dead_at.is_not(None), table.settled_at.is_(None))
        .values(dead_at=None, attempts=0, due_at=now, lease_until=None)
        .returning(table.id)
        .execution_options(synchronize_session=False)
    )
    return len(revived.all())
