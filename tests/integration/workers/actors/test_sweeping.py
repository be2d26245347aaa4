"""The sweeper: wakes what is due and leaves what is not; one at a time; not more often than it should."""

import asyncio
import gc
import warnings
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, update
from structlog.testing import capture_logs

from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.messaging.task_queue import async_redis_client
from subgraphs.kit.runtime import background
from subgraphs.kit.runtime.background import running
from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.readiness import NotReady
from subgraphs.kit.storage.inbox import first_receipts
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.order.settings import MIGRATIONS as ORDER_MIGRATIONS
from subgraphs.order.tables import Inbox as OrderInbox
from subgraphs.recommendation import repository
from subgraphs.recommendation.model import Question
from subgraphs.recommendation.settings import MIGRATIONS
from subgraphs.recommendation.tables import BehaviourRow, InboxRow, RankingJobRow
from tests.support.bank import eventually
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS
from tests.support.recommendation import ask
from workers.actors import orders, recommendation, sweeping
from workers.actors.sweeping import at_most_every, due_jobs, sweeper_loop
from workers.settings import RunSettings

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


async def test_what_was_taken_in_is_forgotten_after_its_days_and_not_before(
    database: Database, tmp_path: Path, redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "PURGE_SECONDS", 0.0)
    settings = RunSettings(
        data_dir=tmp_path, redis_url=redis_url, service_keys=SERVICE_KEYS, cursor_keys=CURSOR_KEYS,
        inbox_days=2, behaviour_days=10,
    )  # fmt: skip
    await upgrade(settings.order_database, ORDER_MIGRATIONS)
    order = Database(settings.order_database)
    ages = {name: utc_now() - timedelta(days=days) for name, days in {"new": 1, "old": 3, "ancient": 11}.items()}
    for opened, inbox in ((database, InboxRow), (order, OrderInbox)):
        async with opened.transaction() as session:
            for name, at in ages.items():
                await first_receipts(session, inbox, [name], consumer="test", now=at)
    async with database.transaction() as session:
        acts = {"kind": "VIEW", "viewer": "nobody", "product_id": "cup-1"}
        rows = [{**acts, "event_id": name, "at": at} for name, at in ages.items()]
        await repository.insert_absent(session, BehaviourRow, rows)

    async with recommendation.opened(settings) as learning, orders.opened(settings) as ordering:
        assert await learning.sweeps["recommendation.inbox"]() == 2
        assert await learning.sweeps["recommendation.behaviours"]() == 1
        assert await ordering.sweeps["order.inbox"]() == 2
    async with database.reading() as session:
        assert list(await session.scalars(select(InboxRow.event_id))) == ["new"]
        assert sorted(await session.scalars(select(BehaviourRow.event_id))) == ["new", "old"]
    async with order.reading() as session:
        assert list(await session.scalars(select(OrderInbox.event_id))) == ["new"]
    await order.close()


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
        async with (
            async_redis_client(redis_url) as client,
            running(sweeper_loop(client, {"broken": broken, "working": working})),
        ):
            await eventually(lambda: swept.count("working") >= 3)
    assert swept[:4] == ["broken", "working", "broken", "working"]
    assert {"sweeper.sweep_failed", "sweeper.swept"} <= {each["event"] for each in logs}


async def test_a_sweeper_that_is_stopped_at_any_moment_ends_and_leaves_no_connection_open(
    redis_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sweeping, "PAUSE_SECONDS", 0.0)
    monkeypatch.setattr(background, "RECANCEL_SECONDS", 0.05)

    async def nothing() -> int:
        return 0

    with warnings.catch_warnings(record=True) as complaints:
        warnings.simplefilter("always", ResourceWarning)
        for steps in range(60):
            async with (
                asyncio.timeout(60),
                async_redis_client(redis_url) as client,
                running(sweeper_loop(client, {"nothing": nothing})),
            ):
                for _ in range(steps):
                    await asyncio.sleep(0)
        gc.collect()
    assert [str(each.message) for each in complaints] == []


async def test_a_sweeper_waits_for_a_redis_that_is_away(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "FIRST_BACKOFF_SECONDS", 0.01)
    async with async_redis_client("redis://127.0.0.1:9/0") as client:
        loop = sweeper_loop(client, {})
        async with running(loop):
            await eventually(lambda: loop.failures >= 2)
            with pytest.raises(NotReady, match="ConnectionError"):
                await loop.ready()
