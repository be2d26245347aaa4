"""Working off user's outbox in the service itself: its one consumer is the notification service, and no worker reads accounts.

A commit that wrote a row rings; the loop then delivers what is due. It looks by itself every two seconds as well, for rows that were
given back, or whose process ended. Replicas work side by side: each row is claimed. A row that was given up comes back after an hour:
an account whose event is lost would wait for its mail for ever.
"""

import asyncio
from contextlib import suppress

import structlog
from prometheus_client import Gauge
from sqlalchemy import select

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.storage.answers import is_unanswered
from subgraphs.kit.storage.dead_jobs import job_counts
from subgraphs.kit.storage.instants import database_now
from subgraphs.kit.storage.outbox_work import work_off
from subgraphs.kit.storage.session import Database, Wake
from subgraphs.user.clients.notification import NotificationService
from subgraphs.user.tables import Outbox

LOOK_SECONDS = 2.0
READ_AT_ONCE = 100
REVIVE_SECONDS = 3600.0
COUNT_PAUSE_SECONDS = 10.0

_log = structlog.get_logger(__name__)
_jobs = Gauge("user_outbox_jobs", "Events of the outbox that are due, or dead.", ["state"])


class Bell:
    """Rung by each commit that wrote into the outbox."""

    def __init__(self) -> None:
        self._rung = asyncio.Event()

    async def ring(self, _: list[Wake]) -> None:
        """Let the loop look now; what a `Database` calls after a commit."""
        self._rung.set()

    async def wait(self, seconds: float) -> None:
        """Return when it was rung since the last time, or after the seconds."""
        with suppress(TimeoutError):
            async with asyncio.timeout(seconds):
                await self._rung.wait()
        self._rung.clear()


def outgoing_loop(database: Database, notification: NotificationService, bell: Bell, *, clock: Clock = utc_now) -> Loop:
    """The loop that delivers the outbox.

    Args:
        clock: of a test; the process's own gives way to the database's.
    """

    async def look() -> int:
        await bell.wait(LOOK_SECONDS)
        return await deliver_due(database, notification, clock=clock)

    return Loop("user.outbox", look, pause_seconds=0.0)


def reviving_loop(database: Database, *, clock: Clock = utc_now) -> Loop:
    """The loop that brings events back that were given up, when the process starts and every hour."""

    async def revive() -> int:
        async with database.transaction() as session:
            return await jobs.redrive(session, Outbox, now=await database_now(session, clock))

    return Loop("user.outbox_revived", revive, pause_seconds=REVIVE_SECONDS, is_required=False)


def counting_loop(database: Database) -> Loop:
    """The loop that sets the metric of the outbox, every ten seconds."""

    async def count() -> None:
        for state, found in (await job_counts(database, Outbox)).items():
            _jobs.labels(state).set(found)

    return Loop("user.outbox_counted", count, pause_seconds=COUNT_PAUSE_SECONDS, is_required=False)


async def deliver_due(database: Database, notification: NotificationService, *, clock: Clock = utc_now) -> int:
    """Deliver the events that are due, the oldest first; how many were delivered. Stops when notification does not answer."""
    async with database.reading() as session:
        due = select(Outbox.id).where(is_due(Outbox, await database_now(session, clock)))
        job_ids = list(await session.scalars(due.order_by(Outbox.due_at, Outbox.id).limit(READ_AT_ONCE)))
    delivered = 0
    for job_id in job_ids:
        try:
            delivered += await work_off(database, Outbox, job_id, notification.record, clock=clock)
        except Exception as error:  # noqa: BLE001 - the row is given back, or its lease runs out: a later round tries again
            _log.warning("user.event_not_delivered", job_id=job_id, error=str(error))
            if is_unanswered(error):
                break
    return delivered
