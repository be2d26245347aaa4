"""The sweeper: wakes what is due and leaves what is not; one at a time; not more often than it should."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import update
from structlog.testing import capture_logs

from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation.model import Question
from subgraphs.recommendation.settings import MIGRATIONS
from subgraphs.recommendation.tables import RankingJobRow
from tests.support.bank import eventually
from tests.support.recommendation import ask
from workers.actors import sweeping
from workers.actors.sweeping import at_most_every, due_jobs, run_sweeper

MINUTE = timedelta(minutes=1)


@pytest.fixture
async def database(tmp_path: Path) -> AsyncIterator[Database]:
    url = f"sqlite+aiosqlite:///{tmp_path / 'recommendation.db'}"
    await upgrade(url, MIGRATIONS)
    opened = Database(url)
    yield opened
    await opened.close()


async def test_what_is_due_is_found_the_longest_due_first_and_nothing_else(database: Database) -> None:
    now = utc_now()
    questions = {name: Question(f"account:{name}", None) for name in ("late", "later", "held", "freed", "done", "dead")}
    for question in questions.values():
        await ask(database, question, now=now - MINUTE)
    await ask(database, Question("account:tomorrow", None), now=now + MINUTE)
    state = {
        "later": {"due_at": now - 2 * MINUTE},
        "held": {"lease_until": now + MINUTE},
        "freed": {"lease_until": now - MINUTE, "due_at": now - MINUTE / 2},
        "done": {"settled_at": now},
        "dead": {"dead_at": now},
    }
    async with database.transaction() as session:
        for name, values in state.items():
            job = questions[name].id
            await session.execute(update(RankingJobRow).where(RankingJobRow.id == job).values(**values))
    found = await due_jobs(database, RankingJobRow, is_due(RankingJobRow, now))
    assert found == [questions[name].id for name in ("later", "late", "freed")]


async def test_a_sweep_is_not_done_more_often_than_it_should() -> None:
    done: list[int] = []

    async def sweep() -> int:
        done.append(1)
        return 7

    rarely, often = at_most_every(3600.0, sweep), at_most_every(0.0, sweep)
    assert [await rarely(), await rarely()] == [0, 0]
    assert [await often(), await often()] == [7, 7]
    assert len(done) == 2


async def test_the_sweeper_sweeps_again_and_again_and_outlives_what_fails(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "PAUSE_SECONDS", 0.01)
    swept: list[str] = []

    async def broken() -> int:
        swept.append("broken")
        raise ValueError("it breaks")

    async def working() -> int:
        swept.append("working")
        return 1

    with capture_logs() as logs:
        running = asyncio.create_task(run_sweeper(redis_url, {"broken": broken, "working": working}))
        await eventually(lambda: swept.count("working") >= 3)
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
    assert swept[:4] == ["broken", "working", "broken", "working"]
    assert {"sweeper.sweep_failed", "sweeper.swept"} <= {each["event"] for each in logs}


async def test_a_sweeper_waits_for_a_redis_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sweeping, "PAUSE_SECONDS", 0.01)
    with capture_logs() as logs:
        running = asyncio.create_task(run_sweeper("redis://127.0.0.1:9/0", {}))
        await eventually(lambda: [each["event"] for each in logs].count("sweeper.redis_away") >= 2)
        assert not running.done()
        running.cancel()
        await asyncio.gather(running, return_exceptions=True)
