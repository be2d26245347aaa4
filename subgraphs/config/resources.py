"""What lives as long as the process, opened from the settings and closed at the end."""

from dataclasses import dataclass

from subgraphs.config.settings import ConfigSettings
from subgraphs.config.snapshot import Snapshots
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
    clock: Clock

    @classmethod
    def open(cls, settings: ConfigSettings, *, clock: Clock = utc_now) -> "ConfigResources":
        """Open everything; nothing is connected before it is used."""
        database = Database(settings.database)
        tokens = ServiceTokens(settings.service_key_ring, clock=clock)
        return cls(settings, database, tokens, Snapshots(database), clock)

    async def close(self) -> None:
        """Close what was opened."""
        await self.database.close()
