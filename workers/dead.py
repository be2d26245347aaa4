"""What was given up: dead jobs and entries, listed with their causes, and brought back slowly."""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import AsyncExitStack, asynccontextmanager

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.storage.dead_jobs import LISTED, Dead, dead_jobs
from subgraphs.kit.storage.instants import database_now
from workers.actors.group import Group, JobTable, Opener
from workers.settings import RunSettings


async def dead(settings: RunSettings, openers: Sequence[Opener]) -> list[Dead]:
    """Everything that was given up, up to 1,000 of each table and stream, the longest dead first."""
    found: list[Dead] = []
    async with _opened(settings, openers) as groups:
        for table in _tables(groups):
            found += await dead_jobs(table.database, table.table, place=table.name)
        for stream in _streams(groups):
            found += [
                Dead(stream.name, entry.id, f"entry {entry.origin}", None, None, entry.error)
                for entry in await stream.dead(limit=LISTED)
            ]
    return found


async def redrive(settings: RunSettings, openers: Sequence[Opener], ids: Sequence[str] = ()) -> dict[str, int]:
    """Bring dead jobs and entries back with fresh attempts; how many of each table and stream.

    Relays and the sweeper then wake the workers. Jobs come due twenty a second, so that what killed them is not hit by all at once.

    Args:
        ids: only these; empty brings back about 1,000 of each. Asked again, it goes on.
    """
    chosen = list(ids) or None
    revived: dict[str, int] = {}
    async with _opened(settings, openers) as groups:
        for each in _tables(groups):
            async with each.database.transaction() as session:
                now = await database_now(session)
                revived[each.name] = await jobs.redrive(session, each.table, now=now, job_ids=chosen)
        for stream in _streams(groups):
            revived[stream.name] = await stream.redrive(chosen)
    return revived


@asynccontextmanager
async def _opened(settings: RunSettings, openers: Sequence[Opener]) -> AsyncIterator[list[Group]]:
    async with AsyncExitStack() as stack:
        yield [await stack.enter_async_context(opener(settings)) for opener in openers]


def _tables(groups: Sequence[Group]) -> Iterator[JobTable]:
    return (table for group in groups for table in group.jobs)


def _streams(groups: Sequence[Group]) -> Iterator[EventStream]:
    return (stream for group in groups for stream in group.streams)
