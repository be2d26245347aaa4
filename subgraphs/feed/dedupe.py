"""Which events were taken lately, so that an app that sends again is told so. A courtesy: the worker's inbox is what counts once."""

from collections.abc import Sequence

from redis.exceptions import RedisError

from subgraphs.kit.messaging.task_queue import QueueUnavailable, async_redis_client

REMEMBERED_SECONDS = 24 * 3600


class SeenEvents:
    """Remembers event ids for a day, in Redis."""

    def __init__(self, url: str) -> None:
        self._redis = async_redis_client(url)

    async def known(self, ids: Sequence[str]) -> set[str]:
        """Those of the ids that were remembered.

        Raises:
            QueueUnavailable: when Redis is away.
        """
        if not ids:
            return set()
        try:
            found = await self._redis.mget([_key(each) for each in ids])
        except (RedisError, OSError) as error:
            raise QueueUnavailable(type(error).__name__) from error
        return {each for each, value in zip(ids, found, strict=True) if value is not None}

    async def remember(self, ids: Sequence[str]) -> None:
        """Remember ids, after their events were kept.

        Raises:
            QueueUnavailable: when Redis is away.
        """
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                for each in ids:
                    pipeline.set(_key(each), b"1", ex=REMEMBERED_SECONDS)
                await pipeline.execute()
        except (RedisError, OSError) as error:
            raise QueueUnavailable(type(error).__name__) from error

    async def close(self) -> None:
        """Close the connections to Redis."""
        await self._redis.aclose()


def _key(event_id: str) -> str:
    return f"feed:seen:{event_id}"
