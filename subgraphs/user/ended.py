"""Making sessions that ended known to the services, whose callers bring access tokens that are good for some minutes more.

A session is made known right after the commit that ended it. The loop makes those of the last minutes known again: Redis may have been
away then, or emptied since.
"""

from dataclasses import dataclass
from datetime import timedelta

from sqlalchemy import ColumnElement, select

from subgraphs.kit.messaging.ended_sessions import EndedSessions
from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.runtime.clock import Clock
from subgraphs.kit.storage.session import Database
from subgraphs.user.tables import Session

PAUSE_SECONDS = 30.0
MARGIN = timedelta(minutes=1)
"""Clocks differ, and gateways allow some seconds."""


@dataclass(frozen=True, slots=True)
class Ended:
    """Publishes the sessions that ended.

    Attributes:
        access_ttl: of access tokens; after it a session that ended has no token that is good.
    """

    database: Database
    shared: EndedSessions
    access_ttl: timedelta
    clock: Clock

    async def publish_one(self, session_id: str) -> None:
        """Make one session known, if it has ended."""
        await self._publish(Session.id == session_id)

    async def publish_of(self, account_id: str) -> None:
        """Make the sessions of an account known that ended lately."""
        await self._publish(Session.account_id == account_id)

    def loop(self) -> Loop:
        """The loop that makes all of the last minutes known again."""
        return Loop("user.ended_sessions", self._publish, pause_seconds=PAUSE_SECONDS, is_required=False)

    async def _publish(self, *which: ColumnElement[bool]) -> None:
        lately = Session.revoked_at >= self.clock() - self.access_ttl - MARGIN
        async with self.database.reading() as session:
            ids = list(await session.scalars(select(Session.id).where(lately, *which)))
        if ids:
            await self.shared.add(ids, seconds=int((self.access_ttl + MARGIN).total_seconds()))
