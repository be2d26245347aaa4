"""Order's actor: delivers the events of its outbox. Queue `orders`."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from functools import partial

from subgraphs.kit.messaging.task_queue import TaskQueue
from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.storage.outbox_work import work_off
from subgraphs.kit.storage.relay import announcing
from subgraphs.kit.storage.session import Database
from subgraphs.order import events
from subgraphs.order.clients.catalog import CatalogService
from subgraphs.order.clients.payment import PaymentService
from subgraphs.order.event_effects import EffectServices, deliver
from subgraphs.order.event_streams import EventStreams
from subgraphs.order.tables import Inbox, Outbox
from workers.actors.draining import DRAIN_TIMEOUT_SECONDS, drain
from workers.actors.following import keep_positions
from workers.actors.group import Actor, Group, JobTable
from workers.actors.sweeping import purging
from workers.settings import RunSettings


@asynccontextmanager
async def opened(settings: RunSettings) -> AsyncIterator[Group]:
    """Order's actors, with its two databases and the services that follow from its events."""
    tokens = ServiceTokens(settings.service_key_ring)
    queue = TaskQueue(settings.redis_url)
    database = Database(settings.order_database, synchronous="FULL", on_committed=announcing(queue))
    analytics = Database(settings.order_analytics_database, synchronous="FULL")
    catalog = CatalogService(GraphQLClient(settings.catalog_url, service="catalog", caller="order", tokens=tokens))
    payments = PaymentService(GraphQLClient(settings.payment_url, service="payment", caller="order", tokens=tokens))
    followers = EventStreams(settings.redis_url)
    services = EffectServices(database, analytics, catalog, payments, followers)

    one = partial(deliver_event, services)

    async def order_event(job_id: str | None = None) -> int:
        return await one(job_id) if job_id is not None else await drain(database, Outbox, one)

    try:
        yield Group(
            actors=[Actor(events.QUEUE, events.ACTOR_NAME, order_event, DRAIN_TIMEOUT_SECONDS)],
            checks={"order_database": database.ready, "order_analytics_database": analytics.ready},
            jobs=[JobTable("order.outbox", database, Outbox)],
            sweeps={
                "order.followers": partial(keep_positions, database, followers.streams),
                "order.inbox": purging(database, Inbox, Inbox.received_at, days=settings.inbox_days),
            },
        )
    finally:
        await followers.close()
        await payments.close()
        await catalog.close()
        await queue.close()
        await analytics.close()
        await database.close()


async def deliver_event(services: EffectServices, job_id: str, *, clock: Clock = utc_now) -> bool:
    """Deliver one event of order's outbox; False when it is not due.

    Args:
        clock: of a test; the process's own gives way to the database's.
    """
    return await work_off(services.database, Outbox, job_id, partial(deliver, services), clock=clock)
