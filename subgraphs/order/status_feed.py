"""Who waits for an order to change, and the one loop that looks.

Each replica asks the database, four times a second and only while somebody waits, for the changes of all orders that its subscribers watch: one statement
on an index, however many they are. The history is the truth that every replica shares, so nothing is lost between it and a message: no second
system has to be up, and a change made by any replica or worker is seen by all.
"""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field

from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.storage.session import Database
from subgraphs.order import queries
from subgraphs.order.tables import OrderChange

PAUSE_SECONDS = 0.25
IDLE_SECONDS = 5.0


@dataclass(eq=False, slots=True)
class _Watcher:
    order_id: str
    seen: int
    changes: asyncio.Queue[OrderChange] = field(default_factory=asyncio.Queue)


class StatusFeed:
    """The subscribers of this replica."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._watchers: set[_Watcher] = set()
        self._somebody = asyncio.Event()
        self.loop = Loop("order.watch", self.look, pause_seconds=PAUSE_SECONDS)

    @asynccontextmanager
    async def changes(self, order_id: str, *, after_version: int) -> AsyncIterator[asyncio.Queue[OrderChange]]:
        """A queue of the order's changes after a version, each once, oldest first."""
        watcher = _Watcher(order_id, after_version)
        self._watchers.add(watcher)
        self._somebody.set()
        try:
            yield watcher.changes
        finally:
            self._watchers.discard(watcher)
            if not self._watchers:
                self._somebody.clear()

    async def look(self) -> None:
        """Hand out the changes since the last look; wait some seconds first if no subscriber is there."""
        # Not for ever: a round that failed must be followed by one that ends, with subscribers or without.
        with suppress(TimeoutError):
            async with asyncio.timeout(IDLE_SECONDS):
                await self._somebody.wait()
        watchers = list(self._watchers)
        if not watchers:
            return
        seen: dict[str, int] = {}
        for watcher in watchers:
            seen[watcher.order_id] = min(watcher.seen, seen.get(watcher.order_id, watcher.seen))
        async with self._database.reading() as session:
            found = await queries.changes_after(session, seen)
        for change in found:
            for watcher in watchers:
                if watcher.order_id == change.order_id and change.version > watcher.seen:
                    watcher.seen = change.version
                    watcher.changes.put_nowait(change)
