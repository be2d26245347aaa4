"""Notification's actors: tell accounts of events, and deliver what they are told. Queue `deliveries`."""

import os
import socket
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.stream import EventStream
from subgraphs.notification import commands
from subgraphs.notification.delivering import deliver
from subgraphs.notification.events import notice_of
from subgraphs.notification.resources import NotificationResources
from subgraphs.notification.settings import NotificationSettings
from subgraphs.notification.tables import DeliveryRow
from workers.actors.draining import DRAIN_TIMEOUT_SECONDS, drain
from workers.actors.entries import waking, work_off_entries
from workers.actors.group import Actor, Group, JobTable
from workers.actors.sweeping import waking_for_jobs
from workers.settings import RunSettings

ORDER_STREAM, GROUP = "orders.notification", "notification"
"""Order's stream for us, and our group of its readers; `order.event_streams` has the same names."""


@asynccontextmanager
async def opened(settings: RunSettings) -> AsyncIterator[Group]:
    """Notification's actors, with its database, its channels and the user service."""
    resources = NotificationResources.open(notification_settings(settings))

    ordered = EventStream(settings.redis_url, name=ORDER_STREAM, group=GROUP)

    async def tell(event: Envelope) -> None:
        notice = notice_of(event)
        if notice is not None:
            channels, now = resources.channels_in_use, resources.clock()
            await commands.tell(resources.database, notice, event_id=event.id, channels=channels, now=now)

    async def order_notice() -> int:
        return await work_off_entries(ordered, f"{socket.gethostname()}-{os.getpid()}", tell)

    async def one(delivery_id: str) -> None:
        await deliver(resources.dependencies, delivery_id)

    async def delivered(delivery_id: str | None = None) -> None:
        if delivery_id is not None:
            await one(delivery_id)
        else:
            await drain(resources.database, DeliveryRow, one)

    try:
        yield Group(
            actors=[
                Actor(commands.QUEUE, "order_notice", order_notice),
                Actor(commands.QUEUE, commands.ACTOR_NAME, delivered, DRAIN_TIMEOUT_SECONDS),
            ],
            checks={"notification_database": resources.database.ready},
            jobs=[JobTable("notification.deliveries", resources.database, DeliveryRow)],
            streams=[ordered],
            sweeps={
                "deliveries": waking_for_jobs(
                    resources.database,
                    DeliveryRow,
                    resources.queue,
                    queue_name=commands.QUEUE,
                    actor_name=commands.ACTOR_NAME,
                ),
                "deliveries.orders": waking(
                    ordered, resources.queue, queue_name=commands.QUEUE, actor_name="order_notice"
                ),
            },
            loops=[resources.config.loop],
        )
    finally:
        await ordered.close()
        await resources.close()


def notification_settings(settings: RunSettings) -> NotificationSettings:
    """The notification domain's settings, from what the worker process was told."""
    return NotificationSettings(
        **settings.shared(),
        database_url=settings.notification_database,
        smtp_url=settings.smtp_url,
        sender=settings.sender,
        web_url=settings.web_url,
    )
