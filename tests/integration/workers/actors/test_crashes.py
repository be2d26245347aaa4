"""A worker that ends before or after any commit of behaviour and slates counts each event once and leaves one fresh slate.

CRASH_AT=workers.actors.slates._keep python -m pytest tests/integration/workers/actors/test_crashes.py

plays that commit alone.
"""

import os
from collections.abc import AsyncIterator
from contextlib import suppress
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func, select

from subgraphs.feed import events as feed_events
from subgraphs.feed.model import BehaviourEventType, SentEvent, Viewer
from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation.model import Question
from subgraphs.recommendation.settings import MIGRATIONS
from subgraphs.recommendation.tables import BehaviourRow, RankingJobRow
from tests.laboratory.crashes import Crashed, CrashPoint, commits_of
from tests.support.recommendation import fill, learner_of, slates_of
from workers.actors import slates
from workers.actors.behaviour import BehaviourDependencies, work_off_stream
from workers.actors.market_state import MarketState
from workers.actors.slates import RankingDependencies, rank_slate

CRASH_AT = os.environ.get("CRASH_AT", "")
GIVE_BACK = "workers.actors.slates.rank_slate > give_back > write_outcome"
CLICKS = 3
ROUNDS = 3
SECONDS_OF_A_ROUND = 180


@dataclass(slots=True)
class Workers:
    """What the two kinds of workers need."""

    database: Database
    learner: BehaviourDependencies
    ranker: RankingDependencies
    clock: FixedClock
    crash: CrashPoint

    async def click(self, viewer: str) -> None:
        """Write the viewer's clicks into the stream, as the feed does."""
        events = [
            SentEvent(uuid7(), BehaviourEventType("CLICK"), "cup-1", self.clock(), None, None) for _ in range(CLICKS)
        ]
        letters = [
            feed_events.envelope(event, Viewer(viewer, None), session_id="session", place=None, now=self.clock())
            for event in events
        ]
        await self.learner.stream.append([letter.model_dump_json().encode() for letter in letters])

    async def work(self) -> None:
        """Take in what waits, and rank what is due, some minutes after the last time."""
        self.clock.advance(timedelta(seconds=SECONDS_OF_A_ROUND))
        with suppress(Crashed):
            await work_off_stream(self.learner)
        async with self.database.reading() as session:
            due = list(await session.scalars(select(RankingJobRow.id).where(is_due(RankingJobRow, self.clock()))))
        for job_id in due:
            with suppress(Crashed, RuntimeError):
                await rank_slate(self.ranker, job_id)

    async def taken_in(self, viewer: str) -> int:
        """How many of the viewer's events were taken in."""
        async with self.database.reading() as session:
            count = select(func.count()).where(BehaviourRow.viewer == viewer)
            return await session.scalar(count) or 0

    async def open_jobs(self) -> int:
        """How many rankings are not done."""
        async with self.database.reading() as session:
            return await session.scalar(select(func.count()).where(RankingJobRow.settled_at.is_(None))) or 0


@pytest.fixture
async def workers(database_url: str, redis_url: str) -> AsyncIterator[Workers]:
    await upgrade(database_url, MIGRATIONS)
    database, clock = Database(database_url), FixedClock(datetime.now(UTC))
    await fill(database)
    learner, crash = replace(learner_of(database, redis_url, clock), idle_ms=0), CrashPoint()
    with crash.installed():
        yield Workers(database, learner, RankingDependencies(database, MarketState(database), clock), clock, crash)
    await learner.stream.close()
    await database.close()


async def play(workers: Workers, at: str, *, is_after: bool) -> None:
    account_id = uuid7()
    viewer = f"account:{account_id}"
    workers.crash.set(at, is_after=is_after)
    await workers.click(account_id)
    for _ in range(ROUNDS):
        await workers.work()
    assert workers.crash.crashed == [at], f"nothing comes to it, but to {sorted(set(workers.crash.passed))}"
    workers.crash.set(None)
    await workers.work()
    assert await workers.taken_in(viewer) == CLICKS, "an event was lost or doubled"
    assert await workers.open_jobs() == 0, "a ranking was never done"
    assert await slates_of(workers.database, Question(viewer, None)), "there is no slate"


@pytest.mark.parametrize("is_after", [False, True], ids=["before", "after"])
async def test_no_event_is_lost_or_doubled_when_a_worker_ends_at_a_commit(
    workers: Workers, is_after: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    ranked_for, failures = slates.ranked_for, list[str]()

    async def failing(*arguments: Any) -> Any:
        if failures:
            raise RuntimeError(failures.pop())
        return await ranked_for(*arguments)

    monkeypatch.setattr(slates, "ranked_for", failing)
    wrong: dict[str, str] = {}
    for at in commits_of("slates"):
        if CRASH_AT not in {"", at}:
            continue
        failures[:] = ["a market that cannot be read"] if at == GIVE_BACK else []
        try:
            await play(workers, at, is_after=is_after)
        except AssertionError as error:
            wrong[at] = str(error).partition("\n")[0]
    assert not wrong
