"""The feed while recommendation is away: a popular list of its own, in pages, on every replica."""

import asyncio
import uuid
from dataclasses import dataclass, field, replace
from pathlib import Path

import pytest
from redis.exceptions import RedisError

from subgraphs.feed import popular
from subgraphs.feed.app import create_feed_app
from subgraphs.feed.model import FeedReason, FeedSurface, RankedCard, RankedShelf, RankedSlate, Viewer
from subgraphs.feed.popular import MAX_CATEGORIES
from subgraphs.feed.resources import FeedResources
from subgraphs.feed.settings import FeedSettings
from subgraphs.kit.messaging.task_queue import async_redis_client
from subgraphs.kit.runtime.client import ServiceUnavailable
from subgraphs.kit.runtime.ids import uuid7
from tests.support.bank import eventually
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, account
from tests.support.subgraphs import running_subgraph

ANN = account("ann", "BUYER")
CATEGORY, OTHER_CATEGORY = str(uuid.UUID(int=1)), str(uuid.UUID(int=2))
FEED = """query ($first: Int, $after: String, $category: ID) { feed(first: $first, after: $after, categoryId: $category) {
  session { id degraded } pageInfo { hasNextPage endCursor }
  edges { position node { __typename ... on ProductCard { product { id } } } } } }"""


@dataclass(slots=True)
class Recommendation:
    """The fake of recommendation: a slate for each viewer and category, or no answer.

    Attributes:
        asked: the categories that were asked for on nobody's behalf, in order.
    """

    slates: dict[tuple[str, str | None], RankedSlate] = field(default_factory=dict)
    asked: list[str | None] = field(default_factory=list)
    is_down: bool = False

    async def newest(self, viewer: Viewer, surface: FeedSurface, category_id: str | None, size: int) -> RankedSlate:
        """The same slate each time."""
        if self.is_down:
            raise ServiceUnavailable("recommendation", "down")
        if viewer == Viewer(None, None):
            self.asked.append(category_id)
        return self.slates.setdefault((viewer.key, category_id), _a_slate())

    async def known(self, slate_id: str, surface: FeedSurface, size: int) -> RankedSlate | None:
        """A slate by id."""
        if self.is_down:
            raise ServiceUnavailable("recommendation", "down")
        return next((slate for slate in self.slates.values() if slate.id == slate_id), None)


def _a_slate() -> RankedSlate:
    cards = tuple(RankedCard(str(uuid.uuid4()), FeedReason.TRENDING) for _ in range(30))
    return RankedSlate(uuid7(), "m1", False, cards, (RankedShelf(CATEGORY, (str(uuid.uuid4()),)),))


@pytest.fixture
def recommendation() -> Recommendation:
    return Recommendation()


@pytest.fixture
def settings(tmp_path: Path, redis_url: str) -> FeedSettings:
    return FeedSettings(
        data_dir=tmp_path,
        redis_url=redis_url,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        config_url="http://127.0.0.1:9/graphql",
    )


async def test_without_recommendation_the_popular_list_is_served_and_called_degraded(
    settings: FeedSettings, recommendation: Recommendation
) -> None:
    resources = FeedResources.open(settings, slates=recommendation)
    async with running_subgraph(create_feed_app(settings, resources)) as feed:
        await resources.popular.refresh()
        own = (await feed.data(FEED, {"first": 5}, by=ANN))["feed"]
        recommendation.is_down = True
        first = (await feed.data(FEED, {"first": 20}, by=ANN))["feed"]
        after = first["pageInfo"]["endCursor"]
        second = (await feed.data(FEED, {"first": 20, "after": after}, by=ANN))["feed"]
    assert own["session"]["degraded"] is False
    assert first["session"] == second["session"] == {"id": recommendation.slates["nobody", None].id, "degraded": True}
    assert [edge["position"] for edge in [*first["edges"], *second["edges"]]] == list(range(31))


async def test_a_replica_that_starts_during_the_outage_serves_what_the_others_kept(
    settings: FeedSettings, recommendation: Recommendation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(popular, "REDIS_TIMEOUT_SECONDS", 10.0)  # a busy machine may need more than 50 ms
    before = FeedResources.open(settings, slates=recommendation)
    await before.popular.refresh()
    recommendation.is_down = True
    after = FeedResources.open(settings, slates=recommendation)
    async with running_subgraph(create_feed_app(settings, after)) as feed:
        page = (await feed.data(FEED, {"first": 20}, by=ANN))["feed"]
        again = (await feed.data(FEED, {"first": 20, "after": page["pageInfo"]["endCursor"]}, by=ANN))["feed"]
    await before.close()
    assert page["session"] == again["session"] == {"id": recommendation.slates["nobody", None].id, "degraded": True}


@pytest.mark.parametrize("is_another_replica", [False, True], ids=["same-replica", "another-replica"])
async def test_a_feed_that_began_before_the_outage_goes_on_and_repeats_nothing(
    settings: FeedSettings,
    recommendation: Recommendation,
    monkeypatch: pytest.MonkeyPatch,
    is_another_replica: bool,
) -> None:
    monkeypatch.setattr(popular, "REDIS_TIMEOUT_SECONDS", 10.0)  # a busy machine may need more than 50 ms
    before = FeedResources.open(settings, slates=recommendation)
    after = FeedResources.open(settings, slates=recommendation) if is_another_replica else before
    async with running_subgraph(create_feed_app(settings, before)) as feed:
        first = (await feed.data(FEED, {"first": 12}, by=ANN))["feed"]
        await eventually(lambda: not before.popular._unwritten)
        recommendation.is_down = True
        async with running_subgraph(create_feed_app(settings, after)) as other:
            cursor = first["pageInfo"]["endCursor"]
            second = (await other.data(FEED, {"first": 40, "after": cursor}, by=ANN))["feed"]
    assert first["session"] == {"id": recommendation.slates["account:ann", None].id, "degraded": False}
    assert second["session"] == {**first["session"], "degraded": True}
    assert [edge["position"] for edge in [*first["edges"], *second["edges"]]] == list(range(31))


async def test_the_number_of_slates_in_reading_is_bounded(
    settings: FeedSettings, recommendation: Recommendation
) -> None:
    resources = FeedResources.open(settings, slates=recommendation)
    slates = [_a_slate() for _ in range(popular.MAX_SHOWN + 1)]
    for slate in slates:
        resources.popular.keep_shown(slate)
    assert len(resources.popular._shown) == len(resources.popular._unwritten) == popular.MAX_SHOWN
    await resources.close()


async def test_a_category_that_is_in_use_has_its_own_list_and_another_says_that_it_cannot_be_served(
    settings: FeedSettings, recommendation: Recommendation
) -> None:
    resources = FeedResources.open(settings, slates=recommendation)
    async with running_subgraph(create_feed_app(settings, resources)) as feed:
        await feed.data(FEED, {"category": CATEGORY}, by=ANN)
        await resources.popular.refresh()
        recommendation.is_down = True
        page = (await feed.data(FEED, {"category": CATEGORY}, by=ANN))["feed"]
        refused = await feed.codes(FEED, {"category": OTHER_CATEGORY}, by=ANN)
    assert page["session"] == {"id": recommendation.slates["nobody", CATEGORY].id, "degraded": True}
    assert refused == ["SERVICE_UNAVAILABLE"]


async def test_the_number_of_categories_is_bounded(settings: FeedSettings, recommendation: Recommendation) -> None:
    resources = FeedResources.open(settings, slates=recommendation)
    for number in range(2 * MAX_CATEGORIES):
        resources.popular.use(str(number))
    await resources.popular.refresh()
    assert recommendation.asked == [None, *(str(number) for number in range(MAX_CATEGORIES, 2 * MAX_CATEGORIES))]
    await resources.close()


async def test_nothing_to_fall_back_on_is_a_typed_refusal(
    settings: FeedSettings, recommendation: Recommendation
) -> None:
    recommendation.is_down = True
    async with running_subgraph(create_feed_app(settings, FeedResources.open(settings, slates=recommendation))) as feed:
        assert await feed.codes(FEED, by=ANN) == ["SERVICE_UNAVAILABLE"]


async def test_the_list_is_refreshed_while_all_is_well(settings: FeedSettings, recommendation: Recommendation) -> None:
    async with running_subgraph(create_feed_app(settings, FeedResources.open(settings, slates=recommendation))):
        await eventually(lambda: recommendation.asked == [None])


async def test_without_redis_the_list_in_memory_is_served(
    settings: FeedSettings, recommendation: Recommendation
) -> None:
    away = settings.model_copy(update={"redis_url": "redis://127.0.0.1:9/0"})
    resources = FeedResources.open(away, slates=recommendation)
    async with running_subgraph(create_feed_app(away, resources)) as feed:
        await resources.popular.refresh()
        recommendation.is_down = True
        page = (await feed.data(FEED, by=ANN))["feed"]
    assert page["session"]["degraded"] is True


async def test_a_page_waits_for_no_write_to_redis(
    settings: FeedSettings, recommendation: Recommendation, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(popular, "REDIS_TIMEOUT_SECONDS", 3600.0)  # a page that waited would run out of its time
    asked = asyncio.Event()

    async def never_answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while await reader.read(4096):
            asked.set()
        writer.close()

    silent = await asyncio.start_server(never_answer, "127.0.0.1", 0)
    url = f"redis://127.0.0.1:{silent.sockets[0].getsockname()[1]}/0"
    away = settings.model_copy(update={"redis_url": url})
    resources = FeedResources.open(away, slates=recommendation)
    async with running_subgraph(create_feed_app(away, resources)) as feed:
        page = (await feed.data(FEED, {"first": 5}, by=ANN))["feed"]
        await asked.wait()
        slate_id = recommendation.slates["account:ann", None].id
        assert list(resources.popular._unwritten) == [page["session"]["id"]] == [slate_id]
    silent.close()


async def test_slates_that_redis_did_not_take_are_written_when_it_is_back(
    settings: FeedSettings, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("REDIS_TIMEOUT_SECONDS", "SHOWN_WRITE_SECONDS", "SHOWN_CLOSE_SECONDS"):
        monkeypatch.setattr(popular, name, 10.0)  # a busy machine may need more than 50 ms
    away = FeedResources.open(settings.model_copy(update={"redis_url": "redis://127.0.0.1:9/0"}))
    back = FeedResources.open(settings)
    slate = _a_slate()
    away.popular.keep_shown(slate)
    with pytest.raises(RedisError):
        await away.popular.write_shown()
    async with asyncio.timeout(60.0):
        await away.popular._redis.aclose()
        away.popular._redis = async_redis_client(settings.redis_url)
        await away.close()  # writes what is left
        assert await back.popular.known(slate.id) == replace(slate, is_degraded=True)
    await back.close()
