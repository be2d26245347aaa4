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
from subgraphs.kit.storage.relay import announcing
from subgraphs.kit.storage.session import Database
from subgraphs.payment.clients.order import OrderService
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.providers.bank import BankProvider
from subgraphs.payment.providers.interface import Provider
from subgraphs.payment.providers.stripe import StripeProvider
from subgraphs.payment.settings import PaymentSettings

ACCEPTS_PAYMENTS = "payment.accepts_payments"
DEFAULT_CONFIG: dict[str, Any] = {ACCEPTS_PAYMENTS: True}


@dataclass(frozen=True, slots=True)
class PaymentResources:
    """The payment service's resources."""

    settings: PaymentSettings
    tokens: ServiceTokens
    queue: TaskQueue
    dependencies: PaymentDependencies
    config: ServiceConfig
    ended_sessions: EndedSessions

    @property
    def database(self) -> Database:
        """The payment database."""
        return self.dependencies.database

    @classmethod
    def open(cls, settings: PaymentSettings, *, clock: Clock = utc_now) -> "PaymentResources":
        """Open everything; nothing is connected before it is used."""
        tokens = ServiceTokens(settings.service_key_ring, clock=clock)
        queue = TaskQueue(settings.redis_url)
        database = Database(settings.database, synchronous="FULL", on_committed=announcing(queue))
        orders = OrderService(GraphQLClient(settings.order_url, service="order", caller="payment", tokens=tokens))
        dependencies = PaymentDependencies(
            database, make_provider(settings), orders, timedelta(seconds=settings.lease_seconds), clock
        )
        config = ServiceConfig(DEFAULT_CONFIG, service="payment", settings=settings, tokens=tokens)
        return cls(settings, tokens, queue, dependencies, config, EndedSessions(settings.redis_url))

    async def close(self) -> None:
        """Close what was opened."""
        await self.config.close()
        await self.ended_sessions.close()
        await self.dependencies.orders.close()
        await self.dependencies.provider.close()
        await self.queue.close()
        await self.database.close()


def make_provider(settings: PaymentSettings) -> Provider:
    """The provider that the settings name."""
    makers: dict[str, type[BankProvider] | type[StripeProvider]] = {"bank": BankProvider, "stripe": StripeProvider}
    return makers[settings.provider](
        settings.provider_address,
        api_key=settings.provider_key.get_secret_value(),
        webhook_secret=settings.webhook_secret.get_secret_value(),
        timeout_seconds=settings.provider_timeout_seconds,
    )
