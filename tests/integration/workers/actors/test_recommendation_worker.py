"""The whole chain on a real Redis: what the feed writes into the stream moves the slate that the service gives out."""

from collections.abc import AsyncIterator
from contextlib import AsyncExitStack, asynccontextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from subgraphs.feed import events as feed_events
from subgraphs.feed.model import BehaviourEventType, SentEvent, Viewer
from subgraphs.kit.messaging import task_queue as stq
from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.messaging.task_queue import TaskQueue
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.notification import commands as notification_commands
from subgraphs.order.event_streams import FOLLOWERS, EventStreams
from subgraphs.recommendation.app import create_recommendation_app
from subgraphs.recommendation.model import Question
from subgraphs.recommendation.resources import RecommendationResources
from subgraphs.recommendation.settings import MIGRATIONS
from tests.support.bank import eventually, served
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, service
from tests.support.recommendation import ANN, NOWHERE, ask, fill, job_of, keep, settings_of, slates_of
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph
from workers import run
from workers.actors import deliveries, recommendation, sweeping
from workers.run import create_worker_app
from workers.settings import RunSettings

SLATE = """{ rankedSlate(surface: "HOME", buyerId: "ann") {
  id degraded items { product { id } source } shelves { category { id } } } }"""
DEADLINE_SECONDS = 60.0
"""For what happens at once on a machine that has nothing else to do. The two seconds that a click may take, tests/e2e measures."""


@dataclass(frozen=True, slots=True)
class Place:
    """The service, its worker's settings, and what the feed writes with."""

    service: SubgraphUnderTest
    resources: RecommendationResources
    settings: RunSettings
    stream: EventStream
    queue: TaskQueue
    followers: EventStreams

    async def slate(self) -> dict[str, Any]:
        """Ann's slate as the feed gets it."""
        return dict((await self.service.data(SLATE, by=service("feed")))["rankedSlate"])

    async def track(self, *product_ids: str, kind: str = "CLICK") -> None:
        """Write events as the feed does, and wake a worker as it does."""
        await self.write(*product_ids, kind=kind)
        await self.queue.enqueue(feed_events.QUEUE, feed_events.ACTOR_NAME)

    async def write(self, *product_ids: str, kind: str = "CLICK") -> None:
        """Write events, and lose the wake-up."""
        now = datetime.now(UTC)
        letters = [
            feed_events.envelope(
                SentEvent(uuid7(), BehaviourEventType(kind), each, now, None, None),
                Viewer("ann", None),
                session_id="session",
                place=None,
                now=now,
            )
            for each in product_ids
        ]
        await self.stream.append([letter.model_dump_json().encode() for letter in letters])


@pytest.fixture(autouse=True)
def patience(monkeypatch: pytest.MonkeyPatch) -> None:
    """Redis may answer late on a busy machine; else a wake-up would be lost with the answer, and wait for the sweeper."""
    monkeypatch.setattr(stq, "SOCKET_TIMEOUT_SECONDS", DEADLINE_SECONDS)


@pytest.fixture
async def place(database_url: str, tmp_path: Path, redis_url: str) -> AsyncIterator[Place]:
    await upgrade(database_url, MIGRATIONS)
    resources = RecommendationResources.open(settings_of(tmp_path, database_url=database_url, redis_url=redis_url))
    await fill(resources.database)
    settings = RunSettings(
        data_dir=tmp_path,
        redis_url=redis_url,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        recommendation_database_url=database_url,
        catalog_url=NOWHERE,
        threads=4,
    )
    events = EventStream(redis_url, name=feed_events.STREAM, group=feed_events.GROUP)
    queue = TaskQueue(redis_url)
    async with AsyncExitStack() as stack:
        stack.push_async_callback(events.close)
        stack.push_async_callback(queue.close)
        followers = EventStreams(redis_url)
        stack.push_async_callback(followers.close)
        asked = await stack.enter_async_context(
            running_subgraph(create_recommendation_app(resources.settings, resources))
        )
        yield Place(asked, resources, settings, events, queue, followers)


@asynccontextmanager
async def worker(place: Place) -> AsyncIterator[str]:
    async with served(create_worker_app(place.settings, [recommendation.opened])) as url:
        yield url


async def test_clicks_move_the_slate(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """By their own wake-ups, and without waiting: the sweeper sleeps, and no queue goes unlooked at for long."""
    monkeypatch.setattr(sweeping, "PAUSE_SECONDS", 10 * DEADLINE_SECONDS)
    assert 2 * run.POLL_MS <= 500
    async with worker(place) as url:
        before = await place.slate()
        assert before["degraded"]
        await place.track("cup-3", "cup-2", "cup-3")

        async def has_moved() -> bool:
            return [shelf["category"]["id"] for shelf in (await place.slate())["shelves"]] == ["cups"]

        await eventually(has_moved, seconds=DEADLINE_SECONDS)
        after = await place.slate()
        assert after["id"] != before["id"]
        assert [each["product"]["id"] for each in after["items"]] != [each["product"]["id"] for each in before["items"]]

        async def is_quiet() -> bool:
            return (await job_of(place.resources.database, ANN)).settled_at is not None

        await eventually(is_quiet, seconds=DEADLINE_SECONDS)
        assert await place.stream.length() == 0
        await eventually(lambda: _is_ready(url), seconds=DEADLINE_SECONDS)


async def test_a_worker_that_cannot_claim_from_its_stream_is_not_ready(
    place: Place, monkeypatch: pytest.MonkeyPatch
) -> None:
    """As Redis 6.2 made every claim fail, while the database and the queue's server answered."""

    async def claim(*_: object, **__: object) -> None:
        raise ValueError("not enough values to unpack (expected 3, got 2)")

    monkeypatch.setattr(EventStream, "claim", claim)
    async with worker(place) as url:

        async def fails_with_the_claim() -> bool:
            failing = (await _ready(url)).get("failing", {})
            # The ranking's jobs are rows: they are claimed from the database, and go on.
            return failing.keys() == {"consumes_behaviour", "consumes_probe"}

        await eventually(fails_with_the_claim, seconds=DEADLINE_SECONDS)


async def _ready(url: str) -> dict[str, Any]:
    async with httpx.AsyncClient(base_url=url, trust_env=False) as http:
        return dict((await http.get("/ready")).json())


async def _is_ready(url: str) -> bool:
    return bool((await _ready(url))["status"] == "ready")


async def test_a_hidden_product_is_gone_from_the_next_slate(place: Place) -> None:
    async with worker(place):
        assert "pen-1" in [each["product"]["id"] for each in (await place.slate())["items"]]
        await place.track("pen-1", kind="HIDE")

        async def is_gone() -> bool:
            return "pen-1" not in [each["product"]["id"] for each in (await place.slate())["items"]]

        await eventually(is_gone, seconds=DEADLINE_SECONDS)


async def test_a_paid_order_is_learned_from(place: Place) -> None:
    order = Envelope(
        id=uuid7(),
        type="order.status_changed",
        version=1,
        source="order",
        subject="order-1",
        occurred_at=datetime.now(UTC),
        data={"after": "PAID", "buyer_id": "ann", "items": [{"product_id": "pan-1"}]},
    )
    async with worker(place):
        for _ in range(2):
            await place.followers.tell(order)

        async def has_shelf() -> bool:
            return [shelf["category"]["id"] for shelf in (await place.slate())["shelves"]] == ["pans"]

        await eventually(has_shelf, seconds=DEADLINE_SECONDS)


async def test_lost_wake_ups_cost_time_and_nothing_else(place: Place, monkeypatch: pytest.MonkeyPatch) -> None:
    """Events wait in the stream, a ranking in its row, an old slate in its table: the sweeper finds all three."""
    monkeypatch.setattr(sweeping, "PAUSE_SECONDS", 0.1)
    monkeypatch.setattr(recommendation, "PURGE_SECONDS", 0.0)
    database, long_ago = place.resources.database, datetime.now(UTC) - timedelta(hours=2)
    bob = Question("account:bob", None)
    old = await keep(database, ANN, ["cup-1"], now=long_ago)
    await keep(database, ANN, ["cup-1"], now=long_ago + timedelta(minutes=1))
    await place.write("cup-3", "cup-2")
    await ask(database, bob, now=datetime.now(UTC))
    async with worker(place):

        async def is_done() -> bool:
            ann, others = await slates_of(database, ANN), await slates_of(database, bob)
            return len(others) == 1 and old.id not in {each.id for each in ann} and ann[-1].model_version != "m1"

        await eventually(is_done, seconds=DEADLINE_SECONDS)
        await eventually(lambda: _is_empty(place.stream), seconds=DEADLINE_SECONDS)


async def _is_empty(events: EventStream) -> bool:
    return await events.length() == 0


def test_the_workers_and_order_name_the_same_streams_and_actors() -> None:
    ours = [
        (recommendation.ORDER_STREAM, recommendation.GROUP, recommendation.BEHAVIOUR_QUEUE, "behaviour_order"),
        (deliveries.ORDER_STREAM, deliveries.GROUP, notification_commands.QUEUE, "order_notice"),
    ]
    assert ours == [(each.stream, each.group, each.queue, each.actor_name) for each in FOLLOWERS]


def test_the_worker_and_the_feed_name_the_same_stream_and_actor() -> None:
    assert (recommendation.STREAM, recommendation.GROUP) == (feed_events.STREAM, feed_events.GROUP)
    assert recommendation.BEHAVIOUR_QUEUE == feed_events.QUEUE
    assert feed_events.ACTOR_NAME == "behaviour_tracked"
