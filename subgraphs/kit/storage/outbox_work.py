"""Working off rows of an outbox: claim one, deliver its event, settle it; or write down why not."""

import asyncio
from collections.abc import Awaitable, Callable
from typing import Any

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.telemetry import continued_trace
from subgraphs.kit.storage.instants import database_now
from subgraphs.kit.storage.leases import claim_one, give_back, give_back_interrupted, renewed, write_outcome
from subgraphs.kit.storage.session import Database

DELIVERY_SECONDS = 25.0
"""Less than the actor's own limit, which would interrupt the work without its error."""

_log = structlog.get_logger(__name__)


async def work_off(
    database: Database,
    table: type[Any],
    job_id: str,
    deliver: Callable[[Envelope], Awaitable[None]],
    *,
    clock: Clock = utc_now,
) -> bool:
    """Deliver the event of one row; False when the row is not due: settled, dead, waiting, or in other hands.

    Args:
        deliver: may be called again for an event that it delivered before: the lease may run out, or the process end, before the row is settled.
        clock: of a test; the process's own gives way to the database's.

    Raises:
        Exception: whatever `deliver` raised, after the row was given back.
    """
    async with database.transaction() as session:
        now = await database_now(session, clock)
        held = await claim_one(session, database, table, job_id, now=now)
    if held is None:
        return False
    async with renewed(database, table, held, clock=clock):
        try:
            async with asyncio.timeout(DELIVERY_SECONDS):
                await _deliver(database, table, job_id, deliver)
        except asyncio.CancelledError:
            await asyncio.shield(give_back_interrupted(database, table, held, clock=clock))
            raise
        except Exception as error:
            await give_back(database, table, held, error, clock=clock)
            raise

        async def settle(session: AsyncSession) -> None:
            if not await jobs.settle(session, table, held, now=await database_now(session, clock)):
                _log.warning("job.lease_lost", table=table.__tablename__, job_id=job_id, attempt=held.attempt)

        await write_outcome(database, settle)
    return True


async def _deliver(
    database: Database, table: type[Any], job_id: str, deliver: Callable[[Envelope], Awaitable[None]]
) -> None:
    async with database.reading() as session:
        row = await session.get_one(table, job_id)
    envelope = Envelope.model_validate(row.envelope)
    with continued_trace({"traceparent": envelope.traceparent or ""}):
        await deliver(envelope)
