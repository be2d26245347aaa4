"""Working off one row of an outbox: claim it, deliver its event, settle it; or write down why not."""

from collections.abc import Awaitable, Callable
from datetime import timedelta
from typing import Any

import structlog

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.telemetry import continued_trace
from subgraphs.kit.storage.session import Database

LEASE = timedelta(seconds=60)

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

    Raises:
        Exception: whatever `deliver` raised, after the attempt was written down and the row given back.
    """
    async with database.transaction() as session:
        claims = await jobs.claim(session, table, now=clock(), lease=LEASE, job_ids=[job_id])
    if not claims:
        return False
    held = claims[0]
    async with database.reading() as session:
        row = await session.get(table, job_id)
    assert row is not None, "a row under lease is not deleted"
    envelope = Envelope.model_validate(row.envelope)
    try:
        with continued_trace({"traceparent": envelope.traceparent or ""}):
            await deliver(envelope)
    except Exception as error:
        async with database.transaction() as session:
            message = f"{type(error).__name__}: {error}"
            is_dead = await jobs.fail(session, table, held, now=clock(), error=message)
        _log.warning("outbox.not_delivered", type=envelope.type, job_id=job_id, attempt=held.attempt, is_dead=is_dead)
        raise
    async with database.transaction() as session:
        await jobs.settle(session, table, held, now=clock())
    return True
