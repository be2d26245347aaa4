"""What lives as long as the process, opened from the settings and closed at the end."""

from dataclasses import dataclass
from typing import Any

from subgraphs.feed.clients.recommendation import RecommendationSlates, Slates
from subgraphs.feed.commands import Intake
from subgraphs.feed.dedupe import SeenEvents
from subgraphs.feed.events import GROUP, STREAM
from subgraphs.feed.feed_tokens import FeedTokens
from subgraphs.feed.popular import PopularSlates, SlatesWithFallback
from subgraphs.feed.settings import FeedSettings
from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.messaging.task_queue import TaskQueue
from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.feature_flags import ServiceConfig
from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.storage.pagination import Cursors

REFRESH_TIMEOUT_SECONDS = 2.0

DEFAULT_CONFIG: dict[str, Any] = {"feed.shelves": True}


@dataclass(frozen=True, slots=True)
class FeedResources:
    """The feed's resources."""

    settings: FeedSettings
    tokens: ServiceTokens
    feed_tokens: FeedTokens
    slates: Slates
    popular: PopularSlates
    intake: Intake
    config: ServiceConfig
    ranking_client: GraphQLClient
    clock: Clock

    @classmethod
    def open(cls, settings: FeedSettings, *, clock: Clock = utc_now, slates: Slates | None = None) -> "FeedResources":
        """Open everything; nothing is connected before it is used."""
        tokens = ServiceTokens(settings.service_key_ring, clock=clock)
        ranking_client = GraphQLClient(
            settings.recommendation_url, service="recommendation", caller="feed", tokens=tokens
        )
        config = ServiceConfig(DEFAULT_CONFIG, service="feed", settings=settings, tokens=tokens)
        feed_tokens = FeedTokens(Cursors(settings.cursor_key_ring))
        intake = Intake(
            stream=EventStream(settings.redis_url, name=STREAM, group=GROUP),
            queue=TaskQueue(settings.redis_url),
            seen=SeenEvents(settings.redis_url),
            tokens=feed_tokens,
            clock=clock,
        )
        popular = PopularSlates(
            slates or RecommendationSlates(ranking_client, timeout_seconds=REFRESH_TIMEOUT_SECONDS), settings.redis_url
        )
        asked = slates or RecommendationSlates(ranking_client, timeout_seconds=settings.ranking_timeout_seconds)
        return cls(
            settings=settings,
            tokens=tokens,
            feed_tokens=feed_tokens,
            slates=SlatesWithFallback(asked, popular),
            popular=popular,
            intake=intake,
            config=config,
            ranking_client=ranking_client,
            clock=clock,
        )

    async def close(self) -> None:
        """Close what was opened."""
        await self.config.close()
        await self.ranking_client.close()
        await self.popular.close()
        await self.intake.stream.close()
        await self.intake.seen.close()
        await self.intake.queue.close()
