"""The feed subgraph, with slates beside the Protocol and a real Redis."""

import uuid
from collections.abc import AsyncIterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import orjson
import pytest

from subgraphs.feed.app import create_feed_app
from subgraphs.feed.model import FeedReason, FeedSurface, RankedCard, RankedShelf, RankedSlate, Viewer
from subgraphs.feed.resources import FeedResources
from subgraphs.feed.settings import FeedSettings
from subgraphs.kit.runtime.client import ServiceUnavailable
from subgraphs.kit.runtime.identity import GATEWAY, Identity
from subgraphs.kit.runtime.ids import uuid7
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, account
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph

ANN, BOB = account("ann", "BUYER"), account("bob", "BUYER")
NOBODY = Viewer(None, None)
DEVICE = Identity(caller=GATEWAY, anonymous_id="device-1")
FEED = """query ($first: Int, $after: String, $surface: FeedSurface) { feed(first: $first, after: $after, surface: $surface) {
  session { id degraded modelVersion } pageInfo { hasNextPage endCursor }
  edges { cursor position trackingToken node { __typename ... on ProductCard { product { id } reason }
  ... on CategoryShelf { category { id } products { id } } } } } }"""
TRACK = """mutation ($input: TrackEventsInput!) { trackEvents(input: $input) { __typename
  ... on TrackEventsSuccess { accepted duplicates rejected { id reason } }
  ... on QueueUnavailableError { code retryAfterMs } ... on UserError { code } } }"""


@dataclass(slots=True)
class KeptSlates:
    """A new slate at every first page, every one kept."""

    kept: dict[str, RankedSlate] = field(default_factory=dict)
    asked_for: list[Viewer] = field(default_factory=list)
    is_down: bool = False

    async def newest(self, viewer: Viewer, surface: FeedSurface, category_id: str | None, size: int) -> RankedSlate:
        """Another order each time."""
        if self.is_down:
            raise ServiceUnavailable("recommendation", "down")
        if viewer != NOBODY:
            self.asked_for.append(viewer)
        shift = 10 * len(self.kept)
        cards = tuple(RankedCard(str(uuid.UUID(int=n + shift)), FeedReason.TRENDING) for n in range(50))
        slate = RankedSlate(uuid7(), "m1", False, cards, (RankedShelf("cups", ("a", "b")),))
        self.kept[slate.id] = slate
        return slate

    async def known(self, slate_id: str, surface: FeedSurface, size: int) -> RankedSlate | None:
        """A slate that was shown."""
        if self.is_down:
            raise ServiceUnavailable("recommendation", "down")
        return self.kept.get(slate_id)


@pytest.fixture
def slates() -> KeptSlates:
    return KeptSlates()


@pytest.fixture
async def resources(tmp_path: Path, redis_url: str, slates: KeptSlates) -> FeedResources:
    settings = FeedSettings(
        data_dir=tmp_path,
        redis_url=redis_url,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        config_url="http://127.0.0.1:9/graphql",
    )
    return FeedResources.open(settings, slates=slates)


@pytest.fixture
async def feed(resources: FeedResources) -> AsyncIterator[SubgraphUnderTest]:
    async with running_subgraph(create_feed_app(resources.settings, resources)) as subgraph:
        yield subgraph


def an_event(**more: Any) -> dict[str, Any]:
    return {
        "id": str(uuid.uuid4()),
        "type": "CLICK",
        "productId": str(uuid.uuid4()),
        "occurredAt": datetime.now(UTC).isoformat(),
        **more,
    }


async def tracked(feed: SubgraphUnderTest, *events: dict[str, Any], by: Identity = ANN) -> dict[str, Any]:
    data = await feed.data(TRACK, {"input": {"sessionId": "s", "events": list(events)}}, by=by)
    result: dict[str, Any] = data["trackEvents"]
    return result


async def kept_events(resources: FeedResources) -> list[dict[str, Any]]:
    await resources.intake.stream.ensure_group()
    return [orjson.loads(entry.payload) for entry in await resources.intake.stream.claim("test", limit=100)]


async def test_pages_of_a_session_cover_its_slate_while_rankings_change_underneath(
    feed: SubgraphUnderTest, slates: KeptSlates
) -> None:
    pages, after = [], None
    while True:
        page = (await feed.data(FEED, {"first": 20, "after": after}, by=ANN))["feed"]
        await feed.data(FEED, {"first": 1}, by=ANN)
        pages.append(page)
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    assert len({page["session"]["id"] for page in pages}) == 1
    edges = [edge for page in pages for edge in page["edges"]]
    assert [edge["position"] for edge in edges] == list(range(51))
    slate = slates.kept[pages[0]["session"]["id"]]
    shown = [edge["node"]["product"]["id"] for edge in edges if edge["node"]["__typename"] == "ProductCard"]
    assert shown == [card.product_id for card in slate.cards]
    assert edges[6]["node"] == {
        "__typename": "CategoryShelf",
        "category": {"id": "cups"},
        "products": [{"id": "a"}, {"id": "b"}],
    }


async def test_an_event_under_ids_in_capitals_is_an_event_of_the_same_product(
    feed: SubgraphUnderTest, resources: FeedResources
) -> None:
    event = an_event()
    shouted = {**event, "id": event["id"].upper(), "productId": event["productId"].upper()}
    assert (await tracked(feed, shouted))["accepted"] == 1
    assert (await tracked(feed, event))["duplicates"] == 1
    assert [each["data"]["product_id"] for each in await kept_events(resources)] == [event["productId"].lower()]


async def test_one_event_with_a_malformed_id_is_rejected_and_its_batch_is_kept(feed: SubgraphUnderTest) -> None:
    result = await tracked(feed, an_event(), an_event(id="x" * 5_000), an_event(productId="a\0"))
    assert result["accepted"] == 1
    assert [len(each["id"]) for each in result["rejected"]] == [100, 36]


@pytest.mark.parametrize(
    "category", ["", "a b", "c" * 37, "a\0", "\u00e9"], ids=["empty", "space", "long", "NUL", "letter"]
)
async def test_a_malformed_category_is_the_callers_error(feed: SubgraphUnderTest, category: str) -> None:
    query = "query ($c: ID) { feed(first: 1, categoryId: $c) { edges { position } } }"
    assert await feed.codes(query, {"c": category}, by=ANN) == ["VALIDATION_FAILED"]


async def test_a_cursor_of_somebody_else_or_changed_is_refused(feed: SubgraphUnderTest) -> None:
    cursor = (await feed.data(FEED, {"first": 3}, by=ANN))["feed"]["pageInfo"]["endCursor"]
    assert await feed.codes(FEED, {"after": cursor}, by=BOB) == ["INVALID_CURSOR"]
    changed = cursor[:5] + ("A" if cursor[5] != "A" else "B") + cursor[6:]
    assert await feed.codes(FEED, {"after": changed}, by=ANN) == ["INVALID_CURSOR"]
    assert await feed.codes(FEED, {"after": cursor, "surface": "CART"}, by=ANN) == ["INVALID_CURSOR"]


async def test_a_session_whose_slate_is_gone_says_so(feed: SubgraphUnderTest, slates: KeptSlates) -> None:
    cursor = (await feed.data(FEED, {"first": 3}, by=ANN))["feed"]["pageInfo"]["endCursor"]
    slates.kept.clear()
    assert await feed.codes(FEED, {"after": cursor}, by=ANN) == ["INVALID_CURSOR"]


@pytest.mark.parametrize("first", [0, -1, 101])
async def test_a_page_has_its_bounds(feed: SubgraphUnderTest, first: int) -> None:
    assert await feed.codes(FEED, {"first": first}, by=ANN) == ["INVALID_PAGE"]


async def test_a_device_without_an_account_has_a_feed_too(feed: SubgraphUnderTest, slates: KeptSlates) -> None:
    await feed.data(FEED, by=DEVICE)
    assert slates.asked_for == [Viewer(None, "device-1")]


async def test_events_are_kept_with_the_place_where_the_product_was_shown(
    feed: SubgraphUnderTest, resources: FeedResources
) -> None:
    edges = (await feed.data(FEED, {"first": 5}, by=ANN))["feed"]["edges"]
    product = edges[2]["node"]["product"]["id"]
    here = an_event(productId=product, trackingToken=edges[2]["trackingToken"])
    elsewhere = an_event(trackingToken=edges[2]["trackingToken"])
    result = await tracked(feed, here, elsewhere)
    assert result == {"__typename": "TrackEventsSuccess", "accepted": 2, "duplicates": 0, "rejected": []}
    first, second = await kept_events(resources)
    assert (first["data"]["position"], first["data"]["account_id"], first["data"]["type"]) == (2, "ann", "CLICK")
    assert first["data"]["slate_id"] is not None
    assert (second["data"]["position"], second["data"]["slate_id"]) == (None, None)


async def test_a_repeated_event_counts_once_in_a_batch_and_across_batches(
    feed: SubgraphUnderTest, resources: FeedResources
) -> None:
    event, other = an_event(), an_event()
    assert await tracked(feed, event, event) == {
        "__typename": "TrackEventsSuccess", "accepted": 1, "duplicates": 1, "rejected": [],
    }  # fmt: skip
    again = await tracked(feed, event, other)
    assert (again["accepted"], again["duplicates"]) == (1, 1)
    assert (await tracked(feed, event, by=BOB))["accepted"] == 1
    assert len(await kept_events(resources)) == 3


async def test_bad_events_are_named_and_the_good_ones_are_kept(
    feed: SubgraphUnderTest, resources: FeedResources
) -> None:
    result = await tracked(feed, an_event(id="nonsense"), an_event(occurredAt="2020-01-01T00:00:00Z"), an_event())
    assert result["accepted"] == 1
    assert result["rejected"][0]["id"] == "nonsense"
    assert len(result["rejected"]) == 2
    assert len(await kept_events(resources)) == 1


async def test_an_empty_batch_is_refused(feed: SubgraphUnderTest) -> None:
    assert (await tracked(feed))["__typename"] == "ValidationError"


async def test_without_redis_nothing_is_claimed_to_be_kept(tmp_path: Path, slates: KeptSlates) -> None:
    settings = FeedSettings(
        data_dir=tmp_path,
        redis_url="redis://127.0.0.1:9/0",
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        config_url="http://127.0.0.1:9/graphql",
    )
    async with running_subgraph(create_feed_app(settings, FeedResources.open(settings, slates=slates))) as feed:
        result = await tracked(feed, an_event())
        assert (result["__typename"], result["code"]) == ("QueueUnavailableError", "QUEUE_UNAVAILABLE")
        assert result["retryAfterMs"] > 0
        ready = await feed.http.get("/ready")
        assert ready.status_code == 503
        assert "queue" in ready.json()["failing"]
