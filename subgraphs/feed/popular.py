"""The fallback of the feed: the most popular products, and the slates that viewers are reading, for when recommendation is away.

While recommendation answers, `PopularSlates.loop` refreshes one slate of nobody in particular for the whole market, and one
for each category that was asked for lately. Each is kept in memory, and in Redis, where a replica that starts during an outage
and a replica that answers the next page find it. `SlatesWithFallback` asks recommendation first, for a fraction of a second,
and serves the kept slate, marked as degraded, if no answer comes.

A viewer who has begun to read goes on in the same slate: each slate of which a page was served is kept as it was then, for the time
that somebody takes from one page to the next. So a page that follows never repeats what was shown. `PopularSlates.shown_loop` writes
them to Redis beside the answers, which neither wait for Redis nor fail with it.
"""

import asyncio
import zlib
from collections import OrderedDict
from dataclasses import replace
from typing import Any

import orjson
import structlog
from prometheus_client import Counter
from redis.exceptions import RedisError

from subgraphs.feed.clients.recommendation import Slates
from subgraphs.feed.model import (
    SLATE_LIFETIME,
    SLATE_SIZE,
    FeedReason,
    FeedSurface,
    RankedCard,
    RankedShelf,
    RankedSlate,
    Viewer,
)
from subgraphs.kit.messaging.task_queue import async_redis_client
from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.runtime.client import ServiceError

REFRESH_SECONDS = 30.0
LONGEST_BACKOFF_SECONDS = 5.0

REDIS_TIMEOUT_SECONDS = 0.05
"""Of a look-up that a request waits for; the whole fallback answers within 0.3 s."""

KEPT_SECONDS = int(SLATE_LIFETIME.total_seconds())
MAX_CATEGORIES = 64
MAX_SHOWN = 100
"""Slates that viewers are reading, in memory; Redis has those of all replicas."""

SHOWN_SECONDS = 20 * 60
SHOWN_WRITE_SECONDS = 2.0
SHOWN_CLOSE_SECONDS = 0.5

_NOBODY = Viewer(None, None)
_log = structlog.get_logger(__name__)
_fallbacks = Counter("feed_fallbacks_total", "Pages asked for while recommendation gave no slate.", ["outcome"])
_unkept = Counter(
    "feed_shown_slates_unkept_total", "Slates in reading that Redis took too late: one replica alone has them."
)


class PopularSlates:
    """The newest popular slate of the whole market and of the categories in use.

    Args:
        slates: where the slates are refreshed from, with a timeout that suits a background task.
    """

    def __init__(self, slates: Slates, redis_url: str) -> None:
        self._slates = slates
        self._redis = async_redis_client(redis_url)
        self._by_category: dict[str | None, RankedSlate] = {}
        self._in_use: OrderedDict[str, None] = OrderedDict()
        self._shown: OrderedDict[str, RankedSlate] = OrderedDict()
        self._unwritten: OrderedDict[str, RankedSlate] = OrderedDict()
        self._has_unwritten = asyncio.Event()
        # Not required: a feed without a list to fall back on serves what recommendation gives.
        self.loop = Loop(
            "feed.popular",
            self.refresh,
            pause_seconds=REFRESH_SECONDS,
            longest_backoff_seconds=LONGEST_BACKOFF_SECONDS,
            is_required=False,
        )
        self.shown_loop = Loop(
            "feed.shown",
            self.write_shown,
            pause_seconds=0.0,
            timeout_seconds=None,
            longest_backoff_seconds=LONGEST_BACKOFF_SECONDS,
            is_required=False,
        )

    async def newest(self, category_id: str | None) -> RankedSlate | None:
        """Return the popular slate of a category, or of the whole market without one; None if none is kept."""
        return self._by_category.get(category_id) or await self._read(_newest_key(category_id))

    async def known(self, slate_id: str) -> RankedSlate | None:
        """Return a popular slate, or one of which a page was served lately, by its id; None if it is not kept."""
        for slate in self._by_category.values():
            if slate.id == slate_id:
                return slate
        return self._shown.get(slate_id) or await self._read(_slate_key(slate_id))

    def keep_shown(self, slate: RankedSlate) -> None:
        """Keep a slate of which a page is served, for the pages that follow; `shown_loop` writes it for the other replicas."""
        if not slate.cards:
            return
        kept = replace(slate, is_degraded=True)
        is_known = self._shown.get(slate.id) == kept
        self._shown[slate.id] = kept
        self._shown.move_to_end(slate.id)
        while len(self._shown) > MAX_SHOWN:
            self._shown.popitem(last=False)
        if is_known:
            return
        self._unwritten[slate.id] = kept
        while len(self._unwritten) > MAX_SHOWN:
            self._unwritten.popitem(last=False)
            _unkept.inc()
        self._has_unwritten.set()

    async def write_shown(self) -> int:
        """Wait for slates of which a page was served, and write them to Redis; how many.

        Raises:
            RedisError, OSError: Raised when Redis does not take them; they are written by the next call.
        """
        await self._has_unwritten.wait()
        writing = dict(self._unwritten)
        async with asyncio.timeout(SHOWN_WRITE_SECONDS), self._redis.pipeline(transaction=False) as pipeline:
            for slate_id, slate in writing.items():
                pipeline.set(_slate_key(slate_id), _to_bytes(slate), ex=SHOWN_SECONDS)
            await pipeline.execute()
        for slate_id, slate in writing.items():
            if self._unwritten.get(slate_id) is slate:
                del self._unwritten[slate_id]
        if not self._unwritten:
            self._has_unwritten.clear()
        return len(writing)

    def use(self, category_id: str | None) -> None:
        """Keep a slate of this category too, in the place of the category that was asked for longest ago."""
        if category_id is None:
            return
        self._in_use[category_id] = None
        self._in_use.move_to_end(category_id)
        while len(self._in_use) > MAX_CATEGORIES:
            dropped, _ = self._in_use.popitem(last=False)
            self._by_category.pop(dropped, None)

    async def refresh(self) -> None:
        """Ask for each slate that is kept.

        Raises:
            ServiceError: when recommendation does not answer; what is kept stays.
        """
        wanted: list[str | None] = [None, *self._in_use]
        for category_id in wanted:
            slate = await self._slates.newest(_NOBODY, FeedSurface.HOME, category_id, SLATE_SIZE)
            if not slate.cards:
                continue
            popular = replace(slate, is_degraded=True)
            changed = self._by_category.get(category_id) != popular
            self._by_category[category_id] = popular
            if changed:
                await self._write(category_id, popular)

    async def close(self) -> None:
        """Write what is not written yet, if Redis takes it at once, and close the connections to Redis."""
        if self._unwritten:
            try:
                async with asyncio.timeout(SHOWN_CLOSE_SECONDS):
                    await self.write_shown()
            except (RedisError, OSError) as error:
                _unkept.inc(len(self._unwritten))
                _log.warning("feed.shown_write_failed", error=type(error).__name__)
        await self._redis.aclose()

    async def _read(self, key: str) -> RankedSlate | None:
        try:
            async with asyncio.timeout(REDIS_TIMEOUT_SECONDS):
                kept = await self._redis.get(key)
        except (RedisError, OSError) as error:
            _log.warning("feed.popular_read_failed", error=type(error).__name__)
            return None
        return _from_bytes(kept) if kept is not None else None

    async def _write(self, category_id: str | None, slate: RankedSlate) -> None:
        kept = _to_bytes(slate)
        try:
            async with self._redis.pipeline(transaction=False) as pipeline:
                pipeline.set(_newest_key(category_id), kept, ex=KEPT_SECONDS)
                pipeline.set(_slate_key(slate.id), kept, ex=KEPT_SECONDS)
                await pipeline.execute()
        except (RedisError, OSError) as error:  # this process has it in memory
            _log.warning("feed.popular_write_failed", error=type(error).__name__)


class SlatesWithFallback:
    """Slates of recommendation, and a popular slate where it gives none.

    Args:
        slates: recommendation's, with the short timeout of a page that somebody waits for.
    """

    def __init__(self, slates: Slates, popular: PopularSlates) -> None:
        self._slates = slates
        self._popular = popular

    async def newest(self, viewer: Viewer, surface: FeedSurface, category_id: str | None, size: int) -> RankedSlate:
        """See `Slates.newest`."""
        try:
            slate = await self._slates.newest(viewer, surface, category_id, size)
        except ServiceError:
            popular = await self._popular.newest(category_id)
            _fallbacks.labels("served" if popular is not None else "missing").inc()
            if popular is None:
                raise
            return popular
        self._popular.keep_shown(slate)
        if slate.cards:  # of a category that exists: a made-up id takes nobody's place
            self._popular.use(category_id)
        return slate

    async def known(self, slate_id: str, surface: FeedSurface, size: int) -> RankedSlate | None:
        """See `Slates.known`; while recommendation is away only slates that are kept here are known."""
        try:
            slate = await self._slates.known(slate_id, surface, size)
        except ServiceError:
            popular = await self._popular.known(slate_id)
            _fallbacks.labels("served" if popular is not None else "missing").inc()
            if popular is None:
                raise
            return popular
        if slate is not None:
            self._popular.keep_shown(slate)
        return slate


def _newest_key(category_id: str | None) -> str:
    return f"feed:popular:{category_id or 'all'}"


def _slate_key(slate_id: str) -> str:
    return f"feed:slate:{slate_id}"


def _to_bytes(slate: RankedSlate) -> bytes:
    # A slate of 200 products is 17 kB as JSON; Redis also holds the queues, and evicts nothing.
    return zlib.compress(orjson.dumps(slate), level=1)


def _from_bytes(kept: bytes | str) -> RankedSlate:
    assert isinstance(kept, bytes), "the client decodes no answers"
    # What an older replica wrote is not compressed.
    found: dict[str, Any] = orjson.loads(kept if kept.startswith(b"{") else zlib.decompress(kept))
    return RankedSlate(
        id=found["id"],
        model_version=found["model_version"],
        is_degraded=found["is_degraded"],
        cards=tuple(
            RankedCard(each["product_id"], FeedReason(each["reason"]), each["is_on_sale"]) for each in found["cards"]
        ),
        shelves=tuple(RankedShelf(each["category_id"], tuple(each["product_ids"])) for each in found["shelves"]),
    )
