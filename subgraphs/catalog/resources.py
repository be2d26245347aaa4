"""What lives as long as the process, opened from the settings and closed at the end."""

from dataclasses import dataclass
from typing import Any

from subgraphs.catalog.settings import CatalogSettings
from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.config import ConfigSource, fetch_from
from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.storage.pagination import Cursors
from subgraphs.kit.storage.session import Database

DEFAULT_CONFIG: dict[str, Any] = {"catalog.facets": True}


@dataclass(frozen=True, slots=True)
class CatalogResources:
    """The catalog's resources."""

    settings: CatalogSettings
    database: Database
    tokens: ServiceTokens
    cursors: Cursors
    config: ConfigSource
    config_client: GraphQLClient
    clock: Clock

    @classmethod
    def open(cls, settings: CatalogSettings, *, clock: Clock = utc_now) -> "CatalogResources":
        """Open everything; nothing is connected before it is used."""
        tokens = ServiceTokens(settings.service_key_ring, clock=clock)
        config_client = GraphQLClient(settings.config_url, service="config", caller="catalog", tokens=tokens)
        config = ConfigSource(
            DEFAULT_CONFIG,
            fetch=fetch_from(config_client, service="catalog", keys=list(DEFAULT_CONFIG)),
            kept_at=settings.data_dir / "config" / "catalog.json",
        )
        cursors = Cursors(settings.cursor_key_ring)
        return cls(settings, Database(settings.database), tokens, cursors, config, config_client, clock)

    async def close(self) -> None:
        """Close what was opened."""
        await self.config_client.close()
        await self.database.close()
