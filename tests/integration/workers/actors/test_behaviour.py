"""Taking behaviour in: each event once, whoever takes it, however often it comes and in whatever order."""

import asyncio
from collections.abc import AsyncIterator, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from itertools import pairwise
from typing import Any

import orjson
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from sqlalchemy import delete, func, select

from subgraphs.feed import events as feed_events
from subgraphs.feed.model import BehaviourEventType, Place, SentEvent, Viewer
from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import repository
from subgraphs.recommendation.model import Question
from subgraphs.recommendation.settings import MIGRATIONS
from subgraphs.recommendation.tables import BehaviourRow, CounterRow, InboxRow, ProductRow, ProfileRow, RankingJobRow
from tests.support.recommendation import ANN, PRODUCTS, fill, job_of, learned, learner_of, product_row
from tests.support.statements import counted_statements
from workers.actors import behaviour
from workers.actors.behaviour import BehaviourDependencies, take_in, take_in_order, work_off_stream
from workers.features.event import Behaviour, Kind

NOW = datetime(2026, 9, 21, 12, tzinfo=UTC)
Event = tuple[str, Behaviour]
IDS = [each[0] for each in PRODUCTS]


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(NOW)


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    await upgrade(database_url, MIGRATIONS)
    opened = Database(database_url)
    await fill(opened)
    yield opened
    await opened.close()


@pytest.fixture
async def learner(database: Database, redis_url: str, clock: FixedClock) -> AsyncIterator[BehaviourDependencies]:
    opened = learner_of(database, redis_url, clock)
    yield opened
    await opened.stream.close()


def click(number: int, product_id: str = "cup-1", viewer: str = "account:ann", *, ago: float = 0.0) -> Event:
    return f"event-{number}", Behaviour(Kind.CLICK, viewer, product_id, NOW.timestamp() - ago, 3, "slate-1")


def nearly(found: Any) -> Any:
    """The same, with numbers rounded: a sum of floats depends on its order in the last digits."""
    if isinstance(found, dict):
        return {key: nearly(value) for key, value in sorted(found.items())}
    if isinstance(found, list):
        return [nearly(value) for value in found]
    return float(f"{found:.9g}") if isinstance(found, float) else found


async def count(database: Database, table: type[Any]) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).select_from(table)) or 0


def sent(learner: BehaviourDependencies, *payloads: bytes) -> Any:
    return learner.stream.append(list(payloads))


def tracked(product_id: str, viewer: Viewer, *, place: Place | None = None, kind: str = "CLICK") -> bytes:
    """What the feed writes into the stream."""
    event = SentEvent(uuid7(NOW), BehaviourEventType(kind), product_id, NOW, None, None)
    letter = feed_events.envelope(event, viewer, session_id="session", place=place, now=NOW)
    return letter.model_dump_json().encode()


async def test_an_event_is_logged_counted_learned_and_asks_for_a_ranking(
    learner: BehaviourDependencies, database: Database
) -> None:
    assert await take_in(learner, [click(1)]) == 1
    counters, profiles = await learned(database)
    assert counters["cup-1"]["clicks"] == [NOW.timestamp(), 1.0, 1.0, 1.0, 1.0]
    assert counters["cup-1"]["slate_clicks"] == counters["cup-1"]["clicks"]
    assert set(profiles["account:ann"]["categories"]) == {"home", "cups"}
    async with database.reading() as session:
        logged = await session.get_one(BehaviourRow, "event-1")
        profile = await session.get_one(ProfileRow, "account:ann")
    assert (logged.kind, logged.viewer, logged.product_id, logged.position) == ("CLICK", "account:ann", "cup-1", 3)
    assert (logged.at, logged.slate_id) == (NOW, "slate-1")
    assert profile.interests == [["cups", 1.0]]
    assert (await job_of(database, ANN)).due_at == NOW


async def test_an_event_that_comes_again_changes_nothing(learner: BehaviourDependencies, database: Database) -> None:
    assert await take_in(learner, [click(1), click(2), click(1)]) == 2
    before = await learned(database)
    assert await take_in(learner, [click(2), click(1)]) == 0
    assert await take_in(learner, []) == 0
    assert await learned(database) == before
    assert await take_in(learner, [click(2), click(3)]) == 1
    assert await count(database, BehaviourRow) == 3


async def test_nobody_counts_and_has_no_profile(learner: BehaviourDependencies, database: Database) -> None:
    assert await take_in(learner, [click(1, viewer="nobody")]) == 1
    counters, profiles = await learned(database)
    assert (set(counters), profiles) == ({"cup-1"}, {})
    assert await count(database, RankingJobRow) == 0


async def test_what_is_no_product_of_the_copy_is_logged_and_learned_and_never_counted(
    learner: BehaviourDependencies, database: Database
) -> None:
    made_up = [click(n, f"made-up-{n}") for n in range(20)]
    assert await take_in(learner, [*made_up, click(20)]) == 21
    counters, profiles = await learned(database)
    assert set(counters) == {"cup-1"}
    assert "made-up-19" in profiles["account:ann"]["touches"]
    assert await count(database, BehaviourRow) == 21
    assert await take_in(learner, [click(21, "made-up-1", viewer="nobody")]) == 1
    assert set((await learned(database))[0]) == {"cup-1"}


async def test_a_product_is_counted_from_when_it_is_in_the_copy_on_sale_or_not(
    learner: BehaviourDependencies, database: Database
) -> None:
    await learner.state.market()  # read before the product came: what is in memory may be half a minute old
    async with database.transaction() as session:
        row = product_row("cup-9", "cups", 0.0, is_published=False)
        await repository.upsert(session, ProductRow, [row])
    assert await take_in(learner, [click(1, "cup-9")]) == 1
    assert set((await learned(database))[0]) == {"cup-9"}


async def test_what_fails_leaves_no_trace_and_is_taken_in_the_next_time(
    learner: BehaviourDependencies, database: Database, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any, **__: Any) -> None:
        raise OSError("the disk is full")

    with monkeypatch.context() as broken:
        broken.setattr(repository, "ask_for_rankings", refuse)
        with pytest.raises(OSError, match="full"):
            await take_in(learner, [click(1)])
    assert await learned(database) == ({}, {})
    assert await count(database, InboxRow) == 0
    assert await take_in(learner, [click(1)]) == 1


async def test_workers_that_hold_the_same_events_take_each_in_once(
    database: Database, redis_url: str, clock: FixedClock
) -> None:
    """Also those that are first to see a product and a viewer: a row that is not there cannot be locked."""
    events = [click(n, IDS[n % 6], f"account:{'abc'[n % 3]}", ago=n) for n in range(60)]
    workers = [learner_of(database, redis_url, clock, consumer=f"worker-{n}") for n in range(4)]
    batches = [events[:40], events[20:][::-1], events[::-1], events[10:50]]
    taken = await asyncio.gather(*(take_in(each, batch) for each, batch in zip(workers, batches, strict=True)))
    assert sum(taken) == 60
    counters, profiles = await learned(database)
    assert sum(counters[each]["clicks"][4] for each in IDS) == pytest.approx(60, rel=1e-3)
    assert sum(touch[1] for each in profiles.values() for touch in each["touches"].values()) == 60
    for each in workers:
        await each.stream.close()


async def test_many_small_batches_at_once_lose_nothing(database: Database, redis_url: str, clock: FixedClock) -> None:
    learner = learner_of(database, redis_url, clock)
    await learner.state.market()
    await asyncio.gather(*(take_in(learner, [click(n)]) for n in range(15)))
    counters, profiles = await learned(database)
    assert counters["cup-1"]["clicks"][1:] == [15.0, 15.0, 15.0, 15.0]
    assert profiles["account:ann"]["touches"]["cup-1"][1] == 15
    market = await learner.state.market()
    assert market.masses_at(market.catalogue.rows_in_category("cups"), NOW.timestamp())[0, 4, 0] <= 15.0
    await learner.stream.close()


async def test_two_hundred_events_take_as_many_statements_as_two(
    learner: BehaviourDependencies, database: Database
) -> None:
    await learner.state.market()
    seen: list[int] = []
    for first, many in ((0, 2), (1_000, 200)):
        events = [click(first + n, IDS[n % 6], f"account:{n}") for n in range(many)]
        with counted_statements(database) as statements:
            assert await take_in(learner, events) == many
        seen.append(len(statements))
    assert seen[0] == seen[1]


acts = st.builds(
    lambda kind, viewer, product, ago, position: Behaviour(
        kind, viewer, product, NOW.timestamp() - ago, position, None
    ),
    st.sampled_from(Kind),
    st.sampled_from(["account:ann", "device:phone", "nobody"]),
    st.sampled_from([*IDS, "unknown"]),
    st.integers(0, 40 * 86_400),
    st.none() | st.integers(0, 50),
)


@st.composite
def deliveries(draw: st.DrawFn) -> tuple[list[Event], list[list[Event]]]:
    """Events, and batches in which each comes at least once, in any order, some again."""
    events = [(f"event-{n}", act) for n, act in enumerate(draw(st.lists(acts, min_size=1, max_size=12)))]
    again = draw(st.lists(st.sampled_from(events), max_size=12))
    shuffled = draw(st.permutations([*events, *again]))
    ends = sorted(draw(st.lists(st.integers(0, len(shuffled)), max_size=4)))
    cuts = [0, *ends, len(shuffled)]
    return events, [shuffled[a:b] for a, b in pairwise(cuts)]


async def _cleared(database: Database) -> None:
    async with database.transaction() as session:
        for table in (InboxRow, BehaviourRow, CounterRow, ProfileRow, RankingJobRow):
            await session.execute(delete(table))


@settings(max_examples=40, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(given=deliveries())
async def test_any_order_and_redelivery_of_events_teaches_what_each_once_in_order_does(
    database: Database, learner: BehaviourDependencies, given: tuple[list[Event], list[list[Event]]]
) -> None:
    events, batches = given
    await _cleared(database)
    for event in sorted(events, key=lambda each: each[1].at):
        await take_in(learner, [event])
    expected = nearly(list(await learned(database)))
    await _cleared(database)
    taken: Sequence[int] = [await take_in(learner, batch) for batch in batches]
    assert sum(taken) == len(events)
    assert nearly(list(await learned(database))) == expected
    assert await count(database, BehaviourRow) == len(events)


async def test_the_stream_is_worked_off_in_batches_and_acknowledged_after(
    learner: BehaviourDependencies, database: Database
) -> None:
    ann, phone = Viewer("ann", None), Viewer(None, "phone")
    place = Place("0199-slate", 7, "cup-2")
    await sent(learner, tracked("cup-1", ann), tracked("cup-2", phone, place=place), tracked("pen-1", ann, kind="HIDE"))
    assert await work_off_stream(learner) == 3
    assert await learner.stream.length() == 0
    assert await work_off_stream(learner) == 0
    counters, profiles = await learned(database)
    assert set(profiles) == {"account:ann", "device:phone"}
    assert "hides" in counters["pen-1"]
    assert "slate_clicks" in counters["cup-2"]
    assert "slate_clicks" not in counters["cup-1"]
    assert (await job_of(database, Question("device:phone", None))).due_at == NOW


async def test_more_events_than_a_batch_are_all_taken_in(learner: BehaviourDependencies, database: Database) -> None:
    await sent(learner, *(tracked(IDS[n % 6], Viewer(f"buyer-{n % 9}", None)) for n in range(430)))
    assert await work_off_stream(learner) == 430
    assert await count(database, BehaviourRow) == 430


async def test_what_cannot_be_read_does_not_hold_up_its_batch(
    learner: BehaviourDependencies, database: Database
) -> None:
    good = tracked("cup-1", Viewer("ann", None))
    envelope = orjson.loads(good)
    data = envelope["data"]
    wrong = [
        b"{",
        b"[]",
        orjson.dumps({**envelope, "data": {}}),
        orjson.dumps({**envelope, "data": {**data, "type": "STARE"}}),
        orjson.dumps({**envelope, "data": {**data, "product_id": None}}),
        orjson.dumps({**envelope, "data": {**data, "account_id": "a" * 100}}),
    ]
    await sent(learner, *wrong, good)
    assert await work_off_stream(learner) == 1
    assert await learner.stream.length() == 0
    assert await count(database, BehaviourRow) == 1


async def test_a_counter_that_cannot_be_read_stops_no_other_event_and_loses_none(
    learner: BehaviourDependencies, database: Database
) -> None:
    viewer = Viewer("ann", None)
    async with database.transaction() as session:
        await repository.upsert(session, CounterRow, [{"product_id": "cup-1", "counted": {"stars": [1.0]}}])
    events = [tracked("cup-1" if n == 13 else "cup-2", viewer) for n in range(30)]
    await sent(learner, *events)
    impatient = replace(learner, idle_ms=0)
    assert await work_off_stream(impatient) == 29
    assert await learner.stream.length() == 0
    [dead] = await learner.stream.dead()
    assert (dead.payload, dead.error) == (events[13], "ValueError: unknown product counters: ['stars']")
    async with database.transaction() as session:
        await session.execute(delete(CounterRow).where(CounterRow.product_id == "cup-1"))
    assert await learner.stream.redrive() == 1
    assert await work_off_stream(learner) == 1


async def test_a_database_that_is_away_costs_no_event_its_tries(
    learner: BehaviourDependencies, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def is_away(*_: object) -> int:
        raise OSError("the database is away")

    await sent(learner, *(tracked("cup-1", Viewer("ann", None)) for _ in range(3)))
    with monkeypatch.context() as outage:
        outage.setattr(behaviour, "take_in", is_away)
        for _ in range(20):
            assert await work_off_stream(learner) == 0
            entries = await learner.stream.claim("another", limit=10, idle_ms=0)
            await learner.stream.release("another", entries)
    assert (await learner.stream.length(), await learner.stream.dead_length()) == (3, 0)
    assert await work_off_stream(replace(learner, idle_ms=0)) == 3


async def test_what_a_dead_worker_claimed_is_taken_in_by_another_one_once(
    learner: BehaviourDependencies, database: Database, redis_url: str, clock: FixedClock
) -> None:
    await sent(learner, tracked("cup-1", Viewer("ann", None)), tracked("cup-2", Viewer("ann", None)))
    dead = learner_of(database, redis_url, clock, consumer="dead")
    await dead.stream.ensure_group()
    entries = await dead.stream.claim("dead", limit=1)
    await take_in(dead, [("kept", Behaviour(Kind.CLICK, "account:ann", "cup-3", NOW.timestamp()))])
    assert await work_off_stream(learner) == 1
    assert await learner.stream.length() == 1, "what somebody else works on is left alone"
    (stale,) = await learner.stream.claim("test", limit=10, idle_ms=0)
    assert (stale.id, stale.deliveries) == (entries[0].id, 2)
    await dead.stream.close()


def an_order(after: str = "PAID", *products: str) -> Envelope:
    return Envelope(
        id=uuid7(NOW),
        type="order.status_changed",
        version=1,
        source="order",
        subject="order-1",
        occurred_at=NOW,
        data={"after": after, "buyer_id": "ann", "items": [{"product_id": each} for each in products]},
    )


async def test_a_paid_order_is_its_purchases_once(learner: BehaviourDependencies, database: Database) -> None:
    order = an_order("PAID", "cup-1", "pen-1", "cup-1")
    assert await take_in_order(learner, order) == 3
    assert await take_in_order(learner, order) == 0
    counters, profiles = await learned(database)
    assert (counters["cup-1"]["purchases"][1], counters["pen-1"]["purchases"][1]) == (2.0, 1.0)
    assert profiles["account:ann"]["touches"]["cup-1"][2] == 2
    assert (await job_of(database, ANN)).due_at == NOW


async def test_other_changes_of_an_order_are_nothing_to_learn_from(
    learner: BehaviourDependencies, database: Database
) -> None:
    for after in ("PLACED", "SHIPPED", "CANCELLED"):
        assert await take_in_order(learner, an_order(after, "cup-1")) == 0
    placed = an_order("PAID", "cup-1").model_copy(update={"type": "order.placed"})
    assert await take_in_order(learner, placed) == 0
    assert await learned(database) == ({}, {})


async def test_counts_decay_from_the_instant_of_the_act_and_not_of_its_arrival(
    learner: BehaviourDependencies, database: Database, clock: FixedClock
) -> None:
    clock.advance(timedelta(days=2))
    await take_in(learner, [click(1, ago=86_400)])
    counters, _ = await learned(database)
    assert counters["cup-1"]["clicks"][0] == NOW.timestamp() - 86_400
