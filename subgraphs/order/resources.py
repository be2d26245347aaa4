"""What lives as long as the process, opened from the settings and closed at the end."""

from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from subgraphs.kit.messaging.ended_sessions import EndedSessions
from subgraphs.kit.messaging.task_queue import TaskQueue
from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.feature_flags import ServiceConfig
from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.storage.pagination import Cursors
from subgraphs.kit.storage.relay import announcing
from subgraphs.kit.storage.session import Database
from subgraphs.order.clients.catalog import CatalogService
from subgraphs.order.clients.payment import PaymentService
from subgraphs.order.clients.user import UserService
from subgraphs.order.dependencies import OrderDependencies
from subgraphs.order.settings import OrderSettings
from subgraphs.order.status_feed import StatusFeed

ACCEPTS_ORDERS = "order.accepts_orders"
DEFAULT_CONFIG: dict[str, Any] = {ACCEPTS_ORDERS: True}


@dataclass(frozen=True, slots=True)
class OrderResources:
    """The order service's resources."""

    settings: OrderSettings
    tokens: ServiceTokens
    cursors: Cursors
    queue: TaskQueue
    dependencies: OrderDependencies
    watch: StatusFeed
    config: ServiceConfig
    ended_sessions: EndedSessions

    @property
    def database(self) -> Database:
        """The order database."""
        return self.dependencies.database

    @property
    def clock(self) -> Clock:
        """The time."""
        return self.dependencies.clock

    @classmethod
    def open(cls, settings: OrderSettings, *, clock: Clock = utc_now) -> "OrderResources":
        """Open everything; nothing is connected before it is used."""
        tokens = ServiceTokens(settings.service_key_ring, clock=clock)
        queue = TaskQueue(settings.redis_url)
        database = Database(settings.database, synchronous="FULL", on_committed=announcing(queue))
        dependencies = OrderDependencies(
            database,
            CatalogService(GraphQLClient(settings.catalog_url, service="catalog", caller="order", tokens=tokens)),
            UserService(GraphQLClient(settings.user_url, service="user", caller="order", tokens=tokens)),
            PaymentService(GraphQLClient(settings.payment_url, service="payment", caller="order", tokens=tokens)),
            hold_seconds=settings.hold_seconds,
            lease=timedelta(seconds=settings.lease_seconds),
            clock=clock,
        )
        config = ServiceConfig(DEFAULT_CONFIG, service="order", settings=settings, tokens=tokens)
        return cls(
            settings=settings,
            tokens=tokens,
            cursors=Cursors(settings.cursor_key_ring),
            queue=queue,
            dependencies=dependencies,
            watch=StatusFeed(database),
            config=config,
            ended_sessions=EndedSessions(settings.redis_url),
        )

    async def close(self) -> None:
        """Close what was opened."""
        await self.config.close()
        await self.ended_sessions.close()
        await self.dependencies.catalog.close()
        await self.dependencies.users.close()
        await self.dependencies.payments.close()
        await self.queue.close()
        await self.database.close()
