"""`python -m subgraphs.user dead`, `redrive [ID ..]`: the events that were given up, which no worker reads."""

from collections.abc import Sequence

from subgraphs.kit.messaging import jobs
from subgraphs.kit.storage.dead_jobs import Dead, dead_jobs
from subgraphs.kit.storage.instants import database_now
from subgraphs.kit.storage.session import Database
from subgraphs.user.tables import Outbox

PLACE = "user.outbox"


async def dead_events(url: str) -> list[Dead]:
    """Return the events that were given up, the longest dead first.

    Args:
        url: of the database.
    """
    database = Database(url)
    try:
        return await dead_jobs(database, Outbox, place=PLACE)
    finally:
        await database.close()


async def redrive_events(url: str, ids: Sequence[str]) -> int:
    """Bring events back that were given up, slowly; how many.

    Args:
        url: of the database.
        ids: only these; empty brings back all.
    """
    database = Database(url)
    try:
        async with database.transaction() as session:
            now = await database_now(session)
            return await jobs.redrive(session, Outbox, now=now, job_ids=list(ids) or None)
    finally:
        await database.close()
