"""The workers' ranking: a job becomes a slate, once; the model that may not rank; the market in memory."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from subgraphs.kit.messaging import jobs
from subgraphs.kit.runtime import background
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage.leases import LEASE
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database, Wake
from subgraphs.recommendation import commands, repository
from subgraphs.recommendation.model import Question
from subgraphs.recommendation.settings import MIGRATIONS
from subgraphs.recommendation.tables import CounterRow, ModelRow, ProductRow, ProfileRow, RankingJobRow
from tests.support import ranking
from tests.support.bank import eventually
from tests.support.recommendation import ANN, BOB, ask, fill, job_of, learner_of, product_row, register, slates_of
from workers.actors import market_state, slates
from workers.actors.behaviour import take_in
from workers.actors.market_state import MarketState
from workers.actors.slates import RankingDependencies, rank_slate
from workers.features.event import Behaviour, Kind

SECOND = timedelta(seconds=1)


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.now(UTC))


@pytest.fixture
def woken() -> list[Wake]:
    return []


@pytest.fixture
async def database(database_url: str, woken: list[Wake]) -> AsyncIterator[Database]:
    async def note(wakes: list[Wake]) -> None:
        woken.extend(wakes)

    await upgrade(database_url, MIGRATIONS)
    opened = Database(database_url, on_committed=note)
    await fill(opened)
    yield opened
    await opened.close()


@pytest.fixture
def ranker(database: Database, clock: FixedClock) -> RankingDependencies:
    return RankingDependencies(database, MarketState(database), clock)


async def use_trained_model(database: Database, clock: FixedClock, **manifest: Any) -> ModelRow:
    trained = ranking.trained()
    return await commands.register_model(database, trained.model_text, {**trained.manifest, **manifest}, now=clock())


def products(row: Any) -> list[str]:
    return [product_id for product_id, _, _ in row.items]


async def test_a_job_becomes_a_slate_and_is_settled(
    ranker: RankingDependencies, database: Database, clock: FixedClock
) -> None:
    await ask(database, ANN, now=clock())
    assert await rank_slate(ranker, ANN.id)
    (slate,) = await slates_of(database, ANN)
    assert sorted(products(slate)) == ["cup-1", "cup-2", "cup-3", "pan-1", "pen-1", "pen-2"]
    assert (slate.viewer, slate.category_id, slate.is_degraded, slate.model_version) == (
        "account:ann",
        None,
        True,
        "none",
    )
    assert (await job_of(database, ANN)).settled_at == clock()


async def test_a_job_that_is_not_due_is_left_alone(
    ranker: RankingDependencies, database: Database, clock: FixedClock
) -> None:
    assert not await rank_slate(ranker, ANN.id)
    await ask(database, ANN, now=clock())
    assert await rank_slate(ranker, ANN.id)
    assert not await rank_slate(ranker, ANN.id)
    await ask(database, BOB, now=clock() + timedelta(minutes=1))
    assert not await rank_slate(ranker, BOB.id)
    assert len(await slates_of(database, ANN)) == 1


async def test_a_job_is_ranked_by_one_of_many_workers(
    ranker: RankingDependencies, database: Database, clock: FixedClock
) -> None:
    await ask(database, ANN, now=clock())
    await ranker.state.market()
    assert sorted(await asyncio.gather(*(rank_slate(ranker, ANN.id) for _ in range(5)))) == [False] * 4 + [True]
    assert len(await slates_of(database, ANN)) == 1


async def test_what_happens_during_a_ranking_makes_one_more_after_it(
    ranker: RankingDependencies,
    database: Database,
    clock: FixedClock,
    woken: list[Wake],
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    await ask(database, ANN, now=clock())
    ranked = slates.ranked_for

    async def clicked_meanwhile(*arguments: Any) -> Any:
        slate = await ranked(*arguments)
        await ask(database, ANN, now=clock())
        return slate

    with monkeypatch.context() as meanwhile:
        meanwhile.setattr(slates, "ranked_for", clicked_meanwhile)
        assert await rank_slate(ranker, ANN.id)
    assert woken == [Wake("slates", "rank_slate", ANN.id)]
    assert (await job_of(database, ANN)).settled_at is None
    assert await rank_slate(ranker, ANN.id)
    assert (await job_of(database, ANN)).settled_at == clock()
    assert len(woken) == 1
    assert len(await slates_of(database, ANN)) == 2


async def test_a_ranking_that_fails_is_due_again_later_and_dead_after_the_last_attempt(
    ranker: RankingDependencies, database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    async def refuse(*_: Any) -> Any:
        raise ValueError("the profile is of another version")

    monkeypatch.setattr(slates, "ranked_for", refuse)
    await ask(database, ANN, now=clock())
    for _ in range(jobs.MAX_ATTEMPTS):
        with pytest.raises(ValueError, match="another version"):
            await rank_slate(ranker, ANN.id)
        assert not await rank_slate(ranker, ANN.id), "it waits for its back-off"
        clock.advance(timedelta(seconds=jobs.MAX_BACKOFF_SECONDS))
    job = await job_of(database, ANN)
    assert job.dead_at is not None
    assert job.last_error == "ValueError: the profile is of another version"
    assert not await rank_slate(ranker, ANN.id)
    monkeypatch.undo()
    clock.advance(SECOND)
    await ask(database, ANN, now=clock())
    assert await rank_slate(ranker, ANN.id), "who does something again is ranked again"
    assert (await job_of(database, ANN)).last_error is None


async def test_a_job_whose_workers_all_died_is_given_up(
    ranker: RankingDependencies, database: Database, clock: FixedClock
) -> None:
    await ask(database, ANN, now=clock())
    for _ in range(jobs.MAX_ATTEMPTS):
        async with database.transaction() as session:
            assert await jobs.claim(session, RankingJobRow, now=clock(), lease=LEASE, job_ids=[ANN.id])
        clock.advance(LEASE)
    assert not await rank_slate(ranker, ANN.id)
    job = await job_of(database, ANN)
    assert (job.dead_at, job.last_error) == (clock(), "no attempt came to its end")
    assert await slates_of(database, ANN) == []


async def test_a_ranking_that_was_taken_over_is_not_kept(
    ranker: RankingDependencies, database: Database, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    await ask(database, ANN, now=clock())
    ranked = slates.ranked_for

    async def slow(*arguments: Any) -> Any:
        slate = await ranked(*arguments)
        async with database.transaction() as session:
            later = clock() + 2 * LEASE
            await session.execute(update(RankingJobRow).values(lease_until=later, lease_id="of another"))
        return slate

    monkeypatch.setattr(slates, "ranked_for", slow)
    assert not await rank_slate(ranker, ANN.id)
    assert await slates_of(database, ANN) == []
    assert (await job_of(database, ANN)).lease_until is not None


async def test_the_model_ranks_and_clicks_move_the_slate(
    ranker: RankingDependencies, database: Database, clock: FixedClock, redis_url: str
) -> None:
    row = await use_trained_model(database, clock)
    await ask(database, ANN, now=clock())
    assert await rank_slate(ranker, ANN.id)
    learner = learner_of(database, redis_url, clock)
    at = clock().timestamp()
    clicks = [(f"e{n}", Behaviour(Kind.CLICK, "account:ann", f"pen-{1 + n % 2}", at - n)) for n in range(6)]
    clock.advance(SECOND)  # slates are ordered by the millisecond of their ids
    await take_in(learner, clicks)
    assert await rank_slate(ranker, ANN.id)
    before, after = await slates_of(database, ANN)
    assert (before.model_version, before.is_degraded) == (row.version, False)
    assert (after.model_version, after.is_degraded, after.feature_hash) == (row.version, False, row.feature_schema_hash)
    assert after.items != before.items
    assert after.shelves[0][0] == "pens"
    assert set(after.shelves[0][1]) == {"pen-1", "pen-2"}
    await learner.stream.close()


async def test_a_category_has_a_slate_of_its_own_products_without_shelves(
    ranker: RankingDependencies, database: Database, clock: FixedClock
) -> None:
    cups = Question("account:ann", "home")
    await ask(database, cups, now=clock())
    assert await rank_slate(ranker, cups.id)
    (slate,) = await slates_of(database, cups)
    assert sorted(products(slate)) == ["cup-1", "cup-2", "cup-3", "pan-1"]
    assert slate.shelves == []


async def test_nobody_is_recommended_their_own_goods(
    ranker: RankingDependencies, database: Database, clock: FixedClock
) -> None:
    seller = Question("account:seller-of-pens", None)
    await ask(database, seller, now=clock())
    assert await rank_slate(ranker, seller.id)
    (slate,) = await slates_of(database, seller)
    assert sorted(products(slate)) == ["cup-1", "cup-2", "cup-3", "pan-1"]


@pytest.mark.parametrize("flaw", ["features", "text"])
async def test_a_model_that_cannot_be_used_is_logged_once_and_slates_say_that_they_are_degraded(
    ranker: RankingDependencies, database: Database, clock: FixedClock, flaw: str
) -> None:
    if flaw == "features":
        await use_trained_model(database, clock, feature_schema_hash="of-older-code")
    else:
        await register(database, now=clock(), version="broken", model_sha256="another")
    with capture_logs() as logs:
        for question in (ANN, BOB):
            await ask(database, question, now=clock())
            assert await rank_slate(ranker, question.id)
    assert [each["event"] for each in logs].count("ranking.model_unusable") == 1
    ranked = [each for each in logs if each["event"] == "slate.ranked"]
    assert [each["is_degraded"] for each in ranked] == [True, True]
    (slate,) = await slates_of(database, BOB)
    assert (slate.is_degraded, slate.model_version, len(slate.items)) == (True, "none", 6)


async def test_a_model_that_is_activated_ranks_the_next_slate(
    ranker: RankingDependencies, database: Database, clock: FixedClock
) -> None:
    first = await use_trained_model(database, clock, version="first")
    await use_trained_model(database, clock, version="second")
    versions = []
    for change in (None, first.id):
        clock.advance(SECOND)
        if change is not None:
            await commands.activate_model(database, change, is_forced=False, now=clock())
        await ask(database, ANN, now=clock())
        assert await rank_slate(ranker, ANN.id)
        versions.append((await slates_of(database, ANN))[-1].model_version)
    assert versions == ["second", "first"]


async def test_the_market_is_read_again_while_it_is_kept(database: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(market_state, "RELOAD_SECONDS", 0.05)
    state = MarketState(database)
    with pytest.raises(LookupError):
        await state.ready()
    keeping = asyncio.create_task(state.loop.run())
    await eventually(lambda: state._market is not None)
    await state.ready()
    async with database.transaction() as session:
        await repository.upsert(session, ProductRow, [product_row("cup-9", "cups", 1.0)])
        await session.execute(update(ProductRow).where(ProductRow.id == "pen-1").values(is_published=False))

    async def is_seen() -> bool:
        catalogue = await state.catalogue()
        return "cup-9" in catalogue.rows and not catalogue.is_published[catalogue.rows["pen-1"]]

    await eventually(is_seen)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)


async def test_a_market_that_cannot_be_read_is_tried_again(monkeypatch: pytest.MonkeyPatch, database_url: str) -> None:
    monkeypatch.setattr(market_state, "RELOAD_SECONDS", 0.05)
    monkeypatch.setattr(background, "FIRST_BACKOFF_SECONDS", 0.01)
    database = Database(database_url)
    state = MarketState(database)
    keeping = asyncio.create_task(state.loop.run())
    with capture_logs() as logs:
        await eventually(lambda: [each["event"] for each in logs].count("background.failed") > 1)
        await upgrade(database_url, MIGRATIONS)
        await eventually(lambda: state._market is not None)
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await database.close()


async def test_rows_that_cannot_be_read_are_left_out_and_the_others_are_ranked(
    ranker: RankingDependencies, database: Database, clock: FixedClock
) -> None:
    async with database.transaction() as session:
        await repository.upsert(session, CounterRow, [{"product_id": "cup-1", "counted": {"stars": [1.0]}}])
        unreadable = {"viewer": ANN.viewer, "profile": {"version": 0}, "interests": [], "updated_at": clock()}
        await repository.upsert(session, ProfileRow, [unreadable])
    await ask(database, ANN, now=clock())
    with capture_logs() as logs:
        assert await rank_slate(ranker, ANN.id)
        await ranker.state.loop.round()
    assert ranker.state.loop.failures == 0
    (slate,) = await slates_of(database, ANN)
    assert len(slate.items) == 6
    assert {"market.counters_unreadable", "slate.profile_unreadable"} <= {each["event"] for each in logs}


async def test_a_product_of_an_unknown_category_is_left_out_and_the_others_are_ranked(
    ranker: RankingDependencies, database: Database, clock: FixedClock
) -> None:
    async with database.transaction() as session:
        await repository.upsert(session, ProductRow, [product_row("lost", "not-yet-copied", 100.0)])
    await ask(database, ANN, now=clock())
    with capture_logs() as logs:
        assert await rank_slate(ranker, ANN.id)
    (slate,) = await slates_of(database, ANN)
    assert len(slate.items) == 6
    assert "market.products_without_category" in [each["event"] for each in logs]


async def test_what_is_counted_while_the_market_is_read_is_not_forgotten(
    database: Database, redis_url: str, clock: FixedClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    learner = learner_of(database, redis_url, clock)
    state = learner.state
    await state.market()
    read = state._read
    has_read, may_end = asyncio.Event(), asyncio.Event()

    async def slowly() -> Any:
        market = await read()
        has_read.set()
        await may_end.wait()
        return market

    monkeypatch.setattr(state, "_read", slowly)
    keeping = asyncio.create_task(state.loop.run())
    await has_read.wait()
    await take_in(learner, [("e1", Behaviour(Kind.CLICK, "account:ann", "cup-1", clock().timestamp()))])
    before = state._market
    may_end.set()
    await eventually(lambda: state._market is not before)
    market = await state.market()
    row = market.catalogue.rows["cup-1"]
    assert market.masses[row].sum() > 0
    keeping.cancel()
    await asyncio.gather(keeping, return_exceptions=True)
    await learner.stream.close()
