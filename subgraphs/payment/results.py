"""The outbox from the side of the worker that carries a result to the order service.

    taken = await take(database, now=clock(), result_ids=[job_id])
    for result in taken:   # the effect first, with an inbox row of the event's id, then:
        await settle(database, result, now=clock())

A result that was taken and never settled is due again when its lease ends, so the effect must tell the second delivery by the event's id.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import select

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.storage.session import Database
from subgraphs.payment.tables import Outbox

LEASE = timedelta(seconds=30)


@dataclass(frozen=True, slots=True)
class Result:
    """One event to deliver, and the lease on it."""

    claim: jobs.Claim
    envelope: Envelope


async def take(
    database: Database, *, now: datetime, result_ids: Sequence[str] | None = None, limit: int = 10
) -> list[Result]:
    """Lease due results, the longest due first; the attempt is counted.

    Args:
        result_ids: only these, as a queue's message names them; None takes any.
    """
    async with database.transaction() as session:
        claims = await jobs.claim(session, Outbox, now=now, lease=LEASE, job_ids=result_ids, limit=limit)
        rows = await session.scalars(select(Outbox).where(Outbox.id.in_([claim.job_id for claim in claims])))
        envelopes = {row.id: Envelope.model_validate(row.envelope) for row in rows}
    return [Result(claim, envelopes[claim.job_id]) for claim in claims]


async def settle(database: Database, result: Result, *, now: datetime) -> bool:
    """The result had its effect; False when the lease was lost meanwhile, and somebody else is at it."""
    async with database.transaction() as session:
        return await jobs.settle(session, Outbox, result.claim, now=now)


async def give_back(database: Database, result: Result, *, now: datetime, error: str) -> bool:
    """The result had no effect: it is due again after a pause. True when this was the last attempt and it is parked."""
    async with database.transaction() as session:
        return await jobs.fail(session, Outbox, result.claim, now=now, error=error)
