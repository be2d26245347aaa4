"""What lives as long as the process, opened from the settings and closed at the end."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from subgraphs.kit.messaging.stq import TaskQueue
from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.config import ConfigSource, fetch_from
from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.storage.pagination import Cursors
from subgraphs.kit.storage.relay import announce
from subgraphs.kit.storage.session import Database, OnCommitted, Wake
from subgraphs.order.catalog import CatalogService
from subgraphs.order.desk import Desk
from subgraphs.order.settings import OrderSettings
from subgraphs.order.users import UserService
from subgraphs.order.watching import Watch

ACCEPTS_ORDERS = "order.accepts_orders"
DEFAULT_CONFIG: dict[str, Any] = {ACCEPTS_ORDERS: True}


@dataclass(frozen=True, slots=True)
class OrderResources:
    """The order service's resources."""

    settings: OrderSettings
    tokens: ServiceTokens
    cursors: Cursors
    queue: TaskQueue
    desk: Desk
    watch: Watch
    config: ConfigSource
    config_client: GraphQLClient

    @property
    def database(self) -> Database:
        """The order database."""
        return self.desk.database

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.desk.clock

    @classmethod
    def open(cls, settings: OrderSettings, *, clock: Clock = utc_now) -> "OrderResources":
        """Open everything; nothing is connected before it is used."""
        tokens = ServiceTokens(settings.service_key_ring, clock=clock)
        queue = TaskQueue(settings.redis_url)
        database = Database(settings.database, synchronous="FULL", on_committed=announcing(queue))
        desk = Desk(
            database,
            CatalogService(GraphQLClient(settings.catalog_url, service="catalog", caller="order", tokens=tokens)),
            UserService(GraphQLClient(settings.user_url, service="user", caller="order", tokens=tokens)),
            hold_seconds=settings.hold_seconds,
            lease=timedelta(seconds=settings.lease_seconds),
            clock=clock,
        )
        config_client = GraphQLClient(settings.config_url, service="config", caller="order", tokens=tokens)
        config = ConfigSource(
            DEFAULT_CONFIG,
            fetch=fetch_from(config_client, service="order", keys=list(DEFAULT_CONFIG)),
            kept_at=settings.data_dir / "config" / "order.json",
        )
        return cls(
            settings, tokens, Cursors(settings.cursor_key_ring), queue, desk, Watch(database), config, config_client
        )

    async def close(self) -> None:
        """Close what was opened."""
        await self.config_client.close()
        await self.desk.catalog.close()
        await self.desk.users.close()
        await self.queue.close()
        await self.database.close()


def announcing(queue: TaskQueue) -> OnCommitted:
    """What a database does with the wake-ups of a committed transaction: put them into the queue."""

    async def announce_all(wakes: list[Wake]) -> None:
        await announce(queue, wakes)

    return announce_all
