"""What lives as long as the process, opened from the settings and closed at the end."""

from dataclasses import dataclass
from typing import Any

from subgraphs.catalog.clients.order import OrderService
from subgraphs.catalog.settings import CatalogSettings
from subgraphs.kit.messaging.ended_sessions import STAFF, EndedSessions
from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.feature_flags import ServiceConfig
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
    config: ServiceConfig
    orders: OrderService
    ended_sessions: EndedSessions
    clock: Clock

    @classmethod
    def open(cls, settings: CatalogSettings, *, clock: Clock = utc_now) -> "CatalogResources":
        """Open everything; nothing is connected before it is used."""
        tokens = ServiceTokens(settings.service_key_ring, clock=clock)
        config = ServiceConfig(DEFAULT_CONFIG, service="catalog", settings=settings, tokens=tokens)
        cursors = Cursors(settings.cursor_key_ring)
        orders = OrderService(GraphQLClient(settings.order_url, service="order", caller="catalog", tokens=tokens))
        ended_sessions = EndedSessions(settings.redis_url, roles=STAFF)
        return cls(settings, Database(settings.database), tokens, cursors, config, orders, ended_sessions, clock)

    async def close(self) -> None:
        """Close what was opened."""
        await self.ended_sessions.close()
        await self.config.close()
        await self.orders.close()
        await self.database.close()
