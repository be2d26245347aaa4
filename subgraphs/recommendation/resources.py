"""What lives as long as the process, opened from the settings and closed at the end; the ranking workers open the same."""

from dataclasses import dataclass
from typing import Any

from subgraphs.kit.messaging.stq import TaskQueue
from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.config import ConfigSource, fetch_from
from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.storage.relay import announce
from subgraphs.kit.storage.session import Database, Wake
from subgraphs.recommendation.settings import RecommendationSettings

DEFAULT_CONFIG: dict[str, Any] = {"recommendation.personal": True}


@dataclass(frozen=True, slots=True)
class RecommendationResources:
    """The recommendation service's resources."""

    settings: RecommendationSettings
    database: Database
    queue: TaskQueue
    tokens: ServiceTokens
    config: ConfigSource
    config_client: GraphQLClient
    clock: Clock

    @classmethod
    def open(cls, settings: RecommendationSettings, *, clock: Clock = utc_now) -> "RecommendationResources":
        """Open everything; nothing is connected before it is used."""
        queue = TaskQueue(settings.redis_url)

        async def on_committed(wakes: list[Wake]) -> None:
            await announce(queue, wakes)

        database = Database(settings.database, on_committed=on_committed)
        tokens = ServiceTokens(settings.service_key_ring, clock=clock)
        client = GraphQLClient(settings.config_url, service="config", caller="recommendation", tokens=tokens)
        config = ConfigSource(
            DEFAULT_CONFIG,
            fetch=fetch_from(client, service="recommendation", keys=list(DEFAULT_CONFIG)),
            kept_at=settings.data_dir / "config" / "recommendation.json",
        )
        return cls(settings, database, queue, tokens, config, client, clock)

    async def close(self) -> None:
        """Close what was opened."""
        await self.config_client.close()
        await self.queue.close()
        await self.database.close()
