"""What lives as long as the process, opened from the settings and closed at the end."""

from dataclasses import dataclass

from subgraphs.config.settings import ConfigSettings
from subgraphs.config.snapshot import Snapshots
from subgraphs.kit.messaging.ended_sessions import STAFF, EndedSessions
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.storage.session import Database


@dataclass(frozen=True, slots=True)
class ConfigResources:
    """The config service's resources."""

    settings: ConfigSettings
    database: Database
    tokens: ServiceTokens
    snapshots: Snapshots
    ended_sessions: EndedSessions
    clock: Clock

    @classmethod
    def open(cls, settings: ConfigSettings, *, clock: Clock = utc_now) -> "ConfigResources":
        """Open everything; nothing is connected before it is used."""
        database = Database(settings.database)
        tokens = ServiceTokens(settings.service_key_ring, clock=clock)
        ended_sessions = EndedSessions(settings.redis_url, roles=STAFF)
        return cls(settings, database, tokens, Snapshots(database), ended_sessions, clock)

    async def close(self) -> None:
        """Close what was opened."""
        await self.ended_sessions.close()
        await self.database.close()
