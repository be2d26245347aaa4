"""What lives as long as the process, opened from the settings and closed at the end; the worker opens the same."""

from collections.abc import Mapping
from dataclasses import dataclass
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
from subgraphs.notification.channels.interface import ChannelClient
from subgraphs.notification.channels.smtp import SmtpChannel
from subgraphs.notification.clients.user import UserRecipients
from subgraphs.notification.delivering import DeliveryDependencies
from subgraphs.notification.model import Channel
from subgraphs.notification.settings import NotificationSettings

DEFAULT_CONFIG: dict[str, Any] = {"notification.email": True}


@dataclass(frozen=True, slots=True)
class NotificationResources:
    """The notification service's resources."""

    settings: NotificationSettings
    database: Database
    queue: TaskQueue
    tokens: ServiceTokens
    cursors: Cursors
    dependencies: DeliveryDependencies
    channels: Mapping[Channel, ChannelClient]
    config: ServiceConfig
    ended_sessions: EndedSessions
    user_client: GraphQLClient
    clock: Clock

    @classmethod
    def open(cls, settings: NotificationSettings, *, clock: Clock = utc_now) -> "NotificationResources":
        """Open everything; nothing is connected before it is used."""
        queue = TaskQueue(settings.redis_url)
        database = Database(settings.database, on_committed=announcing(queue))
        tokens = ServiceTokens(settings.service_key_ring, clock=clock)
        user_client = GraphQLClient(settings.user_url, service="user", caller="notification", tokens=tokens)
        config = ServiceConfig(DEFAULT_CONFIG, service="notification", settings=settings, tokens=tokens)
        channels: dict[Channel, ChannelClient] = {Channel.EMAIL: SmtpChannel(settings.smtp_url, sender=settings.sender)}
        return cls(
            settings=settings,
            database=database,
            queue=queue,
            tokens=tokens,
            cursors=Cursors(settings.cursor_key_ring),
            dependencies=DeliveryDependencies(database, channels, UserRecipients(user_client), clock, settings.web_url),
            channels=channels,
            config=config,
            ended_sessions=EndedSessions(settings.redis_url),
            user_client=user_client,
            clock=clock,
        )

    @property
    def channels_in_use(self) -> tuple[Channel, ...]:
        """The channels that have a provider and are not switched off."""
        is_off = not self.config.current.get("notification.email")
        return tuple(each for each in self.channels if not (each is Channel.EMAIL and is_off))

    async def close(self) -> None:
        """Close what was opened."""
        await self.config.close()
        await self.ended_sessions.close()
        await self.user_client.close()
        await self.queue.close()
        await self.database.close()
