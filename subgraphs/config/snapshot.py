"""All flags as they are in service, read again only when the revision has moved, and who waits for it to move.

Every replica polls the one row that says the revision, four times a second, so a change reaches them all without a message.
"""

import asyncio
from collections.abc import AsyncIterator, Mapping
from dataclasses import dataclass

from subgraphs.config import queries
from subgraphs.config.definitions import flag_of
from subgraphs.config.model import Flag
from subgraphs.config.repository import definition_of
from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.storage.session import Database

POLL_SECONDS = 0.25


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every flag at a revision."""

    revision: int
    flags: Mapping[str, Flag]


class Snapshots:
    """The newest snapshot."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._newest: Snapshot | None = None
        self._moved = asyncio.Condition()
        self.loop = Loop("config.snapshots", self.newest, pause_seconds=POLL_SECONDS)

    async def newest(self) -> Snapshot:
        """The flags as they are now; one statement if nothing has changed since."""
        async with self._database.reading() as session:
            revision = await queries.revision(session)
            if self._newest is not None and self._newest.revision == revision:
                return self._newest
            rows = await queries.flags(session)
        flags = {row.key: flag_of(definition_of(row), version=row.version) for row in rows}
        self._newest = Snapshot(revision, flags)
        async with self._moved:
            self._moved.notify_all()
        return self._newest

    async def changes(self) -> AsyncIterator[Snapshot]:
        """The snapshot now, and then each newer one; of several changes at once, the last."""
        seen = await self.newest()
        yield seen
        while True:
            async with self._moved:
                while self._newest is None or self._newest.revision == seen.revision:
                    await self._moved.wait()
                seen = self._newest
            yield seen
