"""What lives as long as the process, opened from the settings and closed at the end; the ranking workers open the same."""

from dataclasses import dataclass
from typing import Any

from subgraphs.kit.messaging.ended_sessions import STAFF, EndedSessions
from subgraphs.kit.messaging.task_queue import TaskQueue
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.feature_flags import ServiceConfig
from subgraphs.kit.runtime.identity import ServiceTokens
from subgraphs.kit.storage.relay import announcing
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation.settings import RecommendationSettings

DEFAULT_CONFIG: dict[str, Any] = {"recommendation.personal": True}


@dataclass(frozen=True, slots=True)
class RecommendationResources:
    """The recommendation service's resources."""

    settings: RecommendationSettings
    database: Database
    queue: TaskQueue
    tokens: ServiceTokens
    config: ServiceConfig
    ended_sessions: EndedSessions
    clock: Clock

    @classmethod
    def open(cls, settings: RecommendationSettings, *, clock: Clock = utc_now) -> "RecommendationResources":
        """Open everything; nothing is connected before it is used."""
        queue = TaskQueue(settings.redis_url)
        database = Database(settings.database, on_committed=announcing(queue))
        tokens = ServiceTokens(settings.service_key_ring, clock=clock)
        config = ServiceConfig(DEFAULT_CONFIG, service="recommendation", settings=settings, tokens=tokens)
        ended_sessions = EndedSessions(settings.redis_url, roles=STAFF)
        return cls(settings, database, queue, tokens, config, ended_sessions, clock)

    async def close(self) -> None:
        """Close what was opened."""
        await self.config.close()
        await self.ended_sessions.close()
        await self.queue.close()
        await self.database.close()
