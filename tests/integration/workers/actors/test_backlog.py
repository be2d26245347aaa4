"""Draining order's outbox after an outage of the workers: each row is claimed about once, and few messages wait for the workers.

BACKLOG_ROWS=10000 python -m pytest tests/integration/workers/actors/test_backlog.py

takes as many rows as an hour's outage of a busy market leaves, and prints what it took.
"""

import os
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import nullcontext
from dataclasses import dataclass
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
from sqlalchemy import func, select

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.task_queue import MAX_WAITING, TaskQueue
from subgraphs.kit.runtime.background import running
from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage import outbox, relay
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.relay import announcing, relay_loop
from subgraphs.kit.storage.session import Database
from subgraphs.order import events
from subgraphs.order.settings import ANALYTICS_MIGRATIONS, MIGRATIONS
from subgraphs.order.tables import Outbox
from tests.support.bank import eventually, served
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS
from tests.support.orders import NOWHERE
from workers import run
from workers.actors import orders
from workers.run import create_worker_app
from workers.settings import RunSettings

ROWS = int(os.environ.get("BACKLOG_ROWS", "300"))
ROWS_OF_A_COMMIT = 10
MOST_WAITING = min(MAX_WAITING, ROWS // 10)
"""Messages that wait before rows are no longer announced one by one; fewer than in service for fewer rows."""
ROUNDS_WITHOUT_WORKERS = 20
PATIENCE_SECONDS = 900.0


@dataclass(slots=True)
class Counted:
    """What the draining took.

    Attributes:
        claims: Statements that asked for a row.
        claimed: Rows that they were given.
        messages: Messages that the workers took.
    """

    claims: int = 0
    claimed: int = 0
    messages: int = 0


@pytest.fixture
def analytics_url(more_databases: Callable[[str], str]) -> str:
    return more_databases("analytics")


@pytest.fixture
async def queue(redis_url: str) -> AsyncIterator[TaskQueue]:
    opened = TaskQueue(redis_url)
    yield opened
    await opened.close()


@pytest.fixture
async def database(database_url: str, queue: TaskQueue) -> AsyncIterator[Database]:
    await upgrade(database_url, MIGRATIONS)
    opened = Database(database_url, on_committed=announcing(queue))
    yield opened
    await opened.close()


async def fill(database: Database) -> None:
    """Write the rows as requests do, some in each transaction."""
    for start in range(0, ROWS, ROWS_OF_A_COMMIT):
        async with database.transaction() as session:
            for number in range(start, min(start + ROWS_OF_A_COMMIT, ROWS)):
                placed = events.OrderPlaced(
                    order_id=uuid7(),
                    order_version=1,
                    number=f"YM-{number}",
                    buyer_id="buyer-1",
                    currency="EUR",
                    status="PENDING",
                    items=[],
                    subtotal=1000,
                    shipping=490,
                    total=1490,
                )
                envelope = events.envelope(placed, occurred_at=utc_now())
                outbox.put(session, Outbox, envelope, queue=events.QUEUE, actor_name=events.ACTOR_NAME)


async def left(database: Database) -> int:
    async with database.reading() as session:
        return await session.scalar(select(func.count()).where(Outbox.settled_at.is_(None))) or 0


def count_into(counted: Counted, monkeypatch: pytest.MonkeyPatch) -> None:
    """Count claims and messages from now on."""
    claim, handled = jobs.claim, run._handled

    async def claiming(*arguments: Any, **named: Any) -> list[jobs.Claim]:
        counted.claims += 1
        claims = await claim(*arguments, **named)
        counted.claimed += len(claims)
        return claims

    async def handling(*arguments: Any) -> None:
        counted.messages += 1
        await handled(*arguments)

    monkeypatch.setattr(jobs, "claim", claiming)
    monkeypatch.setattr(run, "_handled", handling)


@pytest.fixture
async def settings(database_url: str, analytics_url: str, redis_url: str, tmp_path: Path) -> RunSettings:
    await upgrade(analytics_url, ANALYTICS_MIGRATIONS)
    return RunSettings(
        data_dir=tmp_path,
        redis_url=redis_url,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        order_database_url=database_url,
        order_analytics_database_url=analytics_url,
        order_url=NOWHERE,
        catalog_url=NOWHERE,
        payment_url=NOWHERE,
    )


@pytest.mark.parametrize("redis_port", ["path"], indirect=True)
async def test_a_backlog_is_drained_with_about_one_claim_a_row(
    database: Database,
    queue: TaskQueue,
    settings: RunSettings,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(relay, "MAX_WAITING", MOST_WAITING)
    await fill(database)
    waiting = await queue.waiting(events.QUEUE)
    later = relay_loop("relay", database, Outbox, queue, clock=lambda: utc_now() + timedelta(minutes=1))
    for _ in range(ROUNDS_WITHOUT_WORKERS):
        await later.round()
    announced = await queue.waiting(events.QUEUE)
    assert announced <= waiting + 1, "one wake-up waits at most, however often the relay looks"
    assert waiting <= MOST_WAITING + ROWS_OF_A_COMMIT

    counted = Counted()
    count_into(counted, monkeypatch)
    began = time.monotonic()

    async def is_drained() -> bool:
        return await left(database) == 0

    async with (
        running(relay_loop("order.relay", database, Outbox, queue)),
        served(create_worker_app(settings, [orders.opened])),
    ):
        await eventually(is_drained, seconds=PATIENCE_SECONDS)
        seconds = time.monotonic() - began
    with capsys.disabled() if "BACKLOG_ROWS" in os.environ else nullcontext():
        sys.stdout.write(
            f"\n{ROWS} rows: {waiting} messages by commits, {announced - waiting} by {ROUNDS_WITHOUT_WORKERS} rounds of the relay; "
            f"drained in {seconds:.1f} s with {counted.claims} claims of {counted.claimed} rows and {counted.messages} messages\n"
        )
    assert counted.claimed == ROWS, "no row is delivered twice"
    # A message that names a row finds it settled when a wake-up was faster: one claim for nothing each.
    assert counted.claims <= ROWS * 1.05 + waiting
