"""The durable row as the job: claim it with a lease, count the attempt before the work, settle it after, park it when it is hopeless.

The table has the columns of the storage layer's `JobColumns`. A job is due when it is neither settled nor dead, its time has come, and
no worker holds a lease on it. The claim is one guarded UPDATE that counts the attempt and commits before the work begins: a job that
kills its worker still runs out of attempts, and the claim that finds none left parks it.

Two ways to give a job back:

    fail        it was refused: the attempt counts, and the last one parks it
    postpone    it was not answered: the attempt does not count; the job is tried again for 24 hours, and then parked

A claim is proved by its `lease_id`, so that its end can be moved while the work goes on (`renew`). Every `now` is the database's time
(`kit.storage.instants`): two workers with different clocks agree on who holds what. A time that no rule could have written, further
ahead than the longest pause or the longest lease, comes from a clock that was wrong, and counts as past.
"""

import uuid
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import structlog
from sqlalchemy import ColumnElement, and_, case, literal, or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.rules import fitted

MAX_ATTEMPTS = 8
FIRST_BACKOFF_SECONDS = 1.0
MAX_BACKOFF_SECONDS = 60.0
LONGEST_PAUSE = timedelta(seconds=MAX_BACKOFF_SECONDS)
LONGEST_LEASE = timedelta(minutes=5)
GIVE_UP_AFTER = timedelta(hours=24)
REVIVED_PER_SECOND = 20
MAX_ERROR_CHARACTERS = 500
NO_ATTEMPT_ENDED = "no attempt came to its end"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Claim:
    """A lease on one job.

    Attributes:
        lease_id: proves that the lease is still ours.
        lease_until: the end of the lease, unless it is renewed.
        unanswered_since: when the job was first not answered, if it has not been answered since.
    """

    job_id: str
    attempt: int
    lease_id: str
    lease_until: datetime
    unanswered_since: datetime | None = None


def is_due(table: type[Any], now: datetime) -> ColumnElement[bool]:
    """The condition that a row waits for a worker now."""
    return and_(
        table.settled_at.is_(None),
        table.dead_at.is_(None),
        or_(table.due_at <= now, table.due_at > now + LONGEST_PAUSE),
        or_(table.lease_until.is_(None), table.lease_until <= now, table.lease_until > now + LONGEST_LEASE),
    )


def is_ours(table: type[Any], held: Claim) -> ColumnElement[bool]:
    """The condition that a row is held by this claim and still open."""
    return and_(table.id == held.job_id, table.lease_id == held.lease_id, table.settled_at.is_(None))


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
    lease_id, lease_until = str(uuid.uuid4()), now + lease
    is_spent = table.attempts >= MAX_ATTEMPTS
    taken = await session.execute(
        update(table)
        .where(table.id.in_(ids), is_due(table, now))
        .values(
            lease_id=case((is_spent, None), else_=literal(lease_id, table.lease_id.type)),
            lease_until=case((is_spent, None), else_=literal(lease_until, table.lease_until.type)),
            attempts=case((is_spent, table.attempts), else_=table.attempts + 1),
            dead_at=case((is_spent, literal(now, table.dead_at.type)), else_=None),
            last_error=case((is_spent, NO_ATTEMPT_ENDED), else_=table.last_error),
        )
        .returning(table.id, table.attempts, table.dead_at, table.unanswered_since)
        .execution_options(synchronize_session=False)
    )
    claims: dict[str, Claim] = {}
    for row in taken:
        if row.dead_at is not None:
            _log.error("job.given_up", table=table.__tablename__, job_id=row.id, attempts=row.attempts)
        else:
            claims[row.id] = Claim(row.id, row.attempts, lease_id, lease_until, row.unanswered_since)
    return [claims[job_id] for job_id in ids if job_id in claims]


async def is_held(session: AsyncSession, table: type[Any], held: Claim) -> bool:
    """Whether the lease is still ours; if so, no worker claims the job before the transaction ends."""
    ours = select(table.id).where(is_ours(table, held))
    return await session.scalar(ours.with_for_update()) is not None


async def renew(session: AsyncSession, table: type[Any], held: Claim, *, now: datetime, lease: timedelta) -> bool:
    """Move the end of the lease; False when the lease was lost meanwhile."""
    return await _change(session, table, held, lease_until=now + lease)


async def settle(session: AsyncSession, table: type[Any], held: Claim, *, now: datetime) -> bool:
    """Mark a job as done; False when the lease was lost meanwhile, and then the effect must be rolled back or be idempotent."""
    return await _change(
        session,
        table,
        held,
        settled_at=now,
        lease_until=None,
        lease_id=None,
        last_error=None,
        unanswered_since=None,
    )


async def fail(
    session: AsyncSession, table: type[Any], held: Claim, *, now: datetime, error: str, max_attempts: int = MAX_ATTEMPTS
) -> bool:
    """Give a refused job back: due again after a back-off, or dead after the last attempt. True when it is dead now.

    Nothing changes, and it is False, when the lease was lost meanwhile.
    """
    is_last = held.attempt >= max_attempts
    backoff = timedelta(seconds=min(FIRST_BACKOFF_SECONDS * 2 ** (held.attempt - 1), MAX_BACKOFF_SECONDS))
    given_back = await _give_back(
        session, table, held, error=error, due_at=now + backoff, dead_at=now if is_last else None, unanswered_since=None
    )
    return is_last and given_back


async def postpone(session: AsyncSession, table: type[Any], held: Claim, *, now: datetime, error: str) -> bool:
    """Give a job back that was not answered, without counting the attempt. True when it is dead now: 24 hours are over.

    The pause is half the time that the job has gone unanswered, from one second to one minute.
    Nothing changes, and it is False, when the lease was lost meanwhile.
    """
    since = held.unanswered_since or now
    pause = max(timedelta(seconds=FIRST_BACKOFF_SECONDS), min((now - since) / 2, LONGEST_PAUSE))
    is_over = now - since >= GIVE_UP_AFTER
    given_back = await _give_back(
        session,
        table,
        held,
        error=error,
        due_at=now + pause,
        dead_at=now if is_over else None,
        attempts=held.attempt - 1,
        unanswered_since=since,
    )
    return is_over and given_back


async def release(session: AsyncSession, table: type[Any], held: Claim, *, now: datetime) -> bool:
    """Give a job back whose work was not begun or was interrupted by the process's own end: due now, the attempt not counted."""
    return await _change(session, table, held, lease_until=None, lease_id=None, due_at=now, attempts=held.attempt - 1)


async def redrive(
    session: AsyncSession, table: type[Any], *, now: datetime, job_ids: Sequence[str] | None = None
) -> int:
    """Bring dead jobs back with fresh attempts, the longest dead first, twenty a second; how many.

    Args:
        job_ids: only these; None brings back as many as come due within the longest pause. Asked again, it goes on.
    """
    at_once = int(MAX_BACKOFF_SECONDS - 1) * REVIVED_PER_SECOND
    dead = select(table.id).where(table.dead_at.is_not(None), table.settled_at.is_(None)).order_by(table.dead_at)
    if job_ids is not None:
        dead = dead.where(table.id.in_(job_ids))
    ids = list(await session.scalars(dead.limit(at_once).with_for_update()))
    for start in range(0, len(ids), REVIVED_PER_SECOND):
        await session.execute(
            update(table)
            .where(table.id.in_(ids[start : start + REVIVED_PER_SECOND]))
            .values(
                dead_at=None,
                attempts=0,
                due_at=now + timedelta(seconds=start // REVIVED_PER_SECOND),
                lease_until=None,
                lease_id=None,
                unanswered_since=None,
            )
            .execution_options(synchronize_session=False)
        )
    return len(ids)


async def _give_back(session: AsyncSession, table: type[Any], held: Claim, *, error: str, **values: Any) -> bool:
    return await _change(
        session, table, held, lease_until=None, lease_id=None, last_error=fitted(error, MAX_ERROR_CHARACTERS), **values
    )


async def _change(session: AsyncSession, table: type[Any], held: Claim, **values: Any) -> bool:
    """Write values into a row that is ours; False when it is not."""
    changed = await session.execute(
        update(table)
        .where(is_ours(table, held))
        .values(**values)
        .returning(table.id)
        .execution_options(synchronize_session=False)
    )
    return changed.first() is not None
