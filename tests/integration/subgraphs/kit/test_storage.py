"""Transactions, pages, jobs, outbox and inbox, on SQLite and on PostgreSQL."""

import asyncio
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import String, func, select, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column
from structlog.testing import capture_logs

from subgraphs.kit.messaging import jobs
from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.background import Loop, running
from subgraphs.kit.runtime.clock import FixedClock, utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.inbox import InboxColumns, is_first_receipt
from subgraphs.kit.storage.instants import database_now
from subgraphs.kit.storage.outbox import OutboxColumns, put
from subgraphs.kit.storage.pagination import (
    Cursors,
    InvalidCursor,
    InvalidPage,
    Page,
    PageRequest,
    SortKey,
    fetch_page,
    fetch_pages,
)
from subgraphs.kit.storage.relay import leftovers
from subgraphs.kit.storage.retention import purge
from subgraphs.kit.storage.session import Database, Wake
from subgraphs.kit.storage.types import UtcDateTime
from tests.support.bank import eventually
from tests.support.identity import cursor_keys
from tests.support.statements import counted_statements

NOW = datetime(2026, 3, 4, 5, 6, 7, 891011, tzinfo=UTC)
CURSORS = Cursors(cursor_keys())
SCOPE = "items"


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    owner: Mapped[str] = mapped_column(String(10))
    rank: Mapped[int]
    made_at: Mapped[datetime] = mapped_column(UtcDateTime)
    stock: Mapped[int] = mapped_column(default=0)


class Outbox(OutboxColumns, Base):
    __tablename__ = "outbox"


class Inbox(InboxColumns, Base):
    __tablename__ = "inbox"


class Announced:
    """Collects the wake-ups; the fake of the relay."""

    def __init__(self) -> None:
        self.wakes: list[Wake] = []

    async def __call__(self, wakes: list[Wake]) -> None:
        self.wakes += wakes


@pytest.fixture
def announced() -> Announced:
    return Announced()


@pytest.fixture
async def database(database_url: str, announced: Announced) -> AsyncIterator[Database]:
    database = Database(database_url, on_committed=announced)
    async with database.engines.writer.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    yield database
    await database.close()


def item(number: int, owner: str = "a", rank: int = 0) -> Item:
    return Item(id=f"{number:04}", owner=owner, rank=rank, made_at=NOW + timedelta(seconds=number), stock=5)


async def add(database: Database, *items: Item) -> None:
    async with database.transaction() as session:
        session.add_all(items)


BY_RANK = [SortKey(Item.rank, is_descending=True), SortKey(Item.made_at), SortKey(Item.id)]


async def page_of(database: Database, **arguments: Any) -> Page[Item]:
    async with database.reading() as session:
        return await fetch_page(
            session,
            Item,
            keys=BY_RANK,
            page=PageRequest(**arguments),
            cursors=CURSORS,
            scope=SCOPE,
        )


async def test_an_instant_comes_back_as_it_was(database: Database) -> None:
    await add(database, item(1))
    async with database.reading() as session:
        assert (await session.scalars(select(Item.made_at))).all() == [NOW + timedelta(seconds=1)]


async def test_an_exception_rolls_back_and_announces_nothing(database: Database, announced: Announced) -> None:
    async def fail_after_writing() -> None:
        async with database.transaction() as session:
            session.add(item(1))
            put(session, Outbox, envelope(), queue="orders", actor_name="deliver")
            await session.flush()
            raise ZeroDivisionError

    with pytest.raises(ZeroDivisionError):
        await fail_after_writing()
    async with database.reading() as session:
        assert await session.scalar(select(func.count()).select_from(Item)) == 0
    assert announced.wakes == []


async def test_guarded_updates_at_once_never_oversell(database: Database) -> None:
    await add(database, item(1))

    async def buy() -> bool:
        async with database.transaction() as session:
            sold = await session.execute(
                update(Item).where(Item.id == "0001", Item.stock >= 1).values(stock=Item.stock - 1).returning(Item.id)
            )
            return sold.first() is not None

    assert sum(await asyncio.gather(*(buy() for _ in range(20)))) == 5


async def test_the_reading_side_cannot_write(database: Database) -> None:
    with pytest.raises(Exception, match=r"read-?only"):
        async with database.reading() as session:
            await session.execute(update(Item).values(stock=0))


async def test_pages_forward_and_back_show_each_row_once(database: Database) -> None:
    await add(database, *(item(number, rank=number % 3) for number in range(11)))
    whole = [row.id for row in (await page_of(database, first=100)).rows]
    assert len(whole) == 11
    forward: list[str] = []
    after: str | None = None
    while True:
        page = await page_of(database, first=4, after=after)
        forward += [row.id for row in page.rows]
        after = page.cursors[-1]
        if not page.has_next:
            break
    assert forward == whole
    back = await page_of(database, last=4, before=after)
    assert [row.id for row in back.rows] == whole[-5:-1]
    assert (back.has_next, back.has_previous) == (True, True)
    last_wins = await page_of(database, first=20, last=3)
    assert [row.id for row in last_wins.rows] == whole[-3:]


async def test_a_cursor_with_any_byte_changed_is_refused(database: Database) -> None:
    await add(database, item(1), item(2))
    cursor = (await page_of(database, first=1)).cursors[0]
    for position in range(len(cursor)):
        changed = cursor[:position] + ("A" if cursor[position] != "A" else "B") + cursor[position + 1 :]
        with pytest.raises(InvalidCursor):
            await page_of(database, first=1, after=changed)
    for foreign in ("", "x", cursor + "A", CURSORS.encode("other", ["0001"])):
        with pytest.raises(InvalidCursor):
            await page_of(database, first=1, after=foreign)


async def test_a_page_out_of_bounds_is_refused(database: Database) -> None:
    for arguments in ({"first": -1}, {"first": 101}, {"last": 101}):
        with pytest.raises(InvalidPage):
            await page_of(database, **arguments)
    assert (await page_of(database, first=0)).rows == []


async def test_pages_of_many_owners_are_one_statement(database: Database) -> None:
    await add(database, *(item(number, owner="abc"[number % 3], rank=number) for number in range(12)))
    with counted_statements(database) as seen:
        async with database.reading() as session:
            pages = await fetch_pages(
                session,
                Item,
                owner=Item.owner,
                owners=["a", "b", "c", "d"],
                keys=[SortKey(Item.rank, is_descending=True), SortKey(Item.id)],
                page=PageRequest(first=2),
                cursors=CURSORS,
                scope=SCOPE,
            )
    assert len(seen) == 1
    assert {owner: [row.rank for row in page.rows] for owner, page in pages.items()} == {
        "a": [9, 6],
        "b": [10, 7],
        "c": [11, 8],
        "d": [],
    }
    assert [pages[owner].has_next for owner in "abcd"] == [True, True, True, False]


async def test_statements_of_background_loops_are_not_counted(database: Database) -> None:
    rounds: list[int] = []

    async def work() -> None:
        async with database.reading() as session:
            rounds.append(len((await session.execute(select(Item))).all()))

    async with running(Loop("test", work, pause_seconds=0.0)):
        with counted_statements(database) as seen:
            until = len(rounds) + 2
            await eventually(lambda: len(rounds) >= until)
    assert seen == []


def envelope() -> Envelope:
    return Envelope(
        id=uuid7(), type="order.placed", version=1, source="order", subject="o1", occurred_at=NOW, data={"n": 1}
    )


async def put_one(database: Database) -> str:
    async with database.transaction() as session:
        return put(session, Outbox, envelope(), queue="orders", actor_name="deliver").id


async def test_an_outbox_row_is_announced_after_its_commit(database: Database, announced: Announced) -> None:
    job_id = await put_one(database)
    assert announced.wakes == [Wake("orders", "deliver", job_id)]


async def test_leftovers_are_the_rows_that_nobody_took(database: Database) -> None:
    await put_one(database)
    await put_one(database)
    clock = FixedClock(NOW)
    assert await leftovers(database, Outbox, clock=clock) == []
    clock.advance(timedelta(seconds=10))
    assert await leftovers(database, Outbox, clock=clock) == [("orders", "deliver")]
    await claim_one(database, clock())
    await claim_one(database, clock())
    assert await leftovers(database, Outbox, clock=clock) == []


async def claim_one(database: Database, now: datetime) -> jobs.Claim:
    async with database.transaction() as session:
        [held] = await jobs.claim(session, Outbox, now=now, lease=timedelta(seconds=30), limit=1)
    return held


async def test_a_job_is_held_by_one_worker_at_a_time(database: Database) -> None:
    for _ in range(5):
        await put_one(database)

    async def claim_two() -> list[jobs.Claim]:
        async with database.transaction() as session:
            return await jobs.claim(session, Outbox, now=NOW, lease=timedelta(seconds=30), limit=2)

    held = [claim for claims in await asyncio.gather(*(claim_two() for _ in range(4))) for claim in claims]
    assert len(held) == len({claim.job_id for claim in held})
    async with database.transaction() as session:
        left = await jobs.claim(session, Outbox, now=NOW, lease=timedelta(seconds=30))
    assert len({claim.job_id for claim in [*held, *left]}) == 5


async def test_a_lost_lease_cannot_settle(database: Database) -> None:
    await put_one(database)
    lost = await claim_one(database, NOW)
    later = NOW + timedelta(seconds=31)
    again = await claim_one(database, later)
    assert (lost.attempt, again.attempt) == (1, 2)
    async with database.transaction() as session:
        assert not await jobs.settle(session, Outbox, lost, now=later)
        assert await jobs.settle(session, Outbox, again, now=later)


async def test_a_lost_lease_cannot_park(database: Database) -> None:
    await put_one(database)
    lost = await claim_one(database, NOW)
    later = NOW + timedelta(seconds=31)
    again = await claim_one(database, later)
    async with database.transaction() as session:
        assert not await jobs.fail(session, Outbox, lost, now=later, error="too late", max_attempts=1)
        assert await jobs.fail(session, Outbox, again, now=later, error="no luck", max_attempts=1)


async def test_a_hopeless_job_is_parked_with_its_error_and_can_be_redriven(database: Database) -> None:
    job_id = await put_one(database)
    now, is_dead = NOW, False
    while not is_dead:
        held = await claim_one(database, now)
        async with database.transaction() as session:
            is_dead = await jobs.fail(session, Outbox, held, now=now, error="no luck", max_attempts=3)
        now += timedelta(minutes=10)
    assert held.attempt == 3
    async with database.reading() as session:
        row = await session.get_one(Outbox, job_id)
        assert (row.last_error, row.dead_at is not None) == ("no luck", True)
    async with database.transaction() as session:
        assert await jobs.claim(session, Outbox, now=now, lease=timedelta(seconds=30)) == []
        assert await jobs.redrive(session, Outbox, now=now) == 1
    assert (await claim_one(database, now)).attempt == 1


async def test_a_job_that_is_not_answered_costs_time_and_no_attempt_and_is_parked_after_a_day(
    database: Database,
) -> None:
    await put_one(database)
    now, pauses, is_dead = NOW, list[float](), False
    while not is_dead:
        held = await claim_one(database, now)
        assert held.attempt == 1
        async with database.transaction() as session:
            is_dead = await jobs.postpone(session, Outbox, held, now=now, error="ServiceUnavailable: away")
            pause = (await session.scalars(select(Outbox.due_at))).one() - now
        pauses.append(pause.total_seconds())
        now += pause
    assert pauses[:5] == [1.0, 1.0, 1.0, 1.5, 2.25]
    assert max(pauses) == 60.0
    assert timedelta(hours=24) <= now - NOW < timedelta(hours=24, minutes=3)
    async with database.transaction() as session:
        row = (await session.scalars(select(Outbox))).one()
        assert (row.attempts, row.last_error) == (0, "ServiceUnavailable: away")
        assert await jobs.redrive(session, Outbox, now=now, job_ids=["another"]) == 0
        assert await jobs.redrive(session, Outbox, now=now, job_ids=[row.id]) == 1
    again = await claim_one(database, now)
    async with database.transaction() as session:
        assert not await jobs.postpone(session, Outbox, again, now=now, error="away"), "it has a day again"


async def test_an_answer_ends_the_time_in_which_there_was_none(database: Database) -> None:
    await put_one(database)
    for now in (NOW, NOW + timedelta(hours=23)):
        held = await claim_one(database, now)
        async with database.transaction() as session:
            await jobs.postpone(session, Outbox, held, now=now, error="away")
    now = NOW + timedelta(hours=24)
    held = await claim_one(database, now)
    async with database.transaction() as session:
        assert not await jobs.fail(session, Outbox, held, now=now, error="refused")
    now += timedelta(seconds=1)
    held = await claim_one(database, now)
    assert (held.attempt, held.unanswered_since) == (2, None)


async def test_a_renewed_lease_is_the_same_claim(database: Database) -> None:
    await put_one(database)
    held = await claim_one(database, NOW)
    later = NOW + timedelta(seconds=29)
    async with database.transaction() as session:
        assert await jobs.renew(session, Outbox, held, now=later, lease=timedelta(seconds=30))
    async with database.transaction() as session:
        now = NOW + timedelta(seconds=31)
        assert await jobs.claim(session, Outbox, now=now, lease=timedelta(seconds=30)) == []
        assert await jobs.settle(session, Outbox, held, now=now)
        assert not await jobs.renew(session, Outbox, held, now=now, lease=timedelta(seconds=30))


async def test_a_job_that_was_interrupted_is_due_at_once_with_its_attempt(database: Database) -> None:
    await put_one(database)
    held = await claim_one(database, NOW)
    async with database.transaction() as session:
        assert await jobs.release(session, Outbox, held, now=NOW)
        assert not await jobs.release(session, Outbox, held, now=NOW)
    assert (await claim_one(database, NOW)).attempt == 1


@pytest.mark.parametrize(
    ("column", "ahead", "is_due"),
    [
        ("due_at", timedelta(seconds=59), False),
        ("due_at", timedelta(seconds=61), True),
        ("due_at", timedelta(days=300), True),
        ("lease_until", timedelta(seconds=299), False),
        ("lease_until", timedelta(seconds=301), True),
    ],
)
async def test_a_time_that_only_a_wrong_clock_could_write_counts_as_past(
    database: Database, column: str, ahead: timedelta, is_due: bool
) -> None:
    await put_one(database)
    async with database.transaction() as session:
        await session.execute(update(Outbox).values({column: NOW + ahead}))
        claims = await jobs.claim(session, Outbox, now=NOW, lease=timedelta(seconds=30))
    assert bool(claims) is is_due


async def test_dead_jobs_are_revived_slowly(database: Database) -> None:
    for _ in range(45):
        await put_one(database)
    async with database.transaction() as session:
        await session.execute(update(Outbox).values(dead_at=NOW))
        assert await jobs.redrive(session, Outbox, now=NOW) == 45
        due = sorted([(row - NOW).total_seconds() for row in await session.scalars(select(Outbox.due_at))])
    assert due == [0.0] * 20 + [1.0] * 20 + [2.0] * 5


async def test_the_time_of_jobs_is_the_databases(database: Database) -> None:
    async with database.reading() as session:
        assert abs(await database_now(session) - utc_now()) < timedelta(minutes=1)
        assert await database_now(session, FixedClock(NOW)) == NOW


async def test_a_job_whose_workers_all_died_is_parked_at_the_next_claim(database: Database) -> None:
    job_id, healthy_id = await put_one(database), await put_one(database)
    async with database.transaction() as session:
        await session.execute(update(Outbox).where(Outbox.id == job_id).values(attempts=jobs.MAX_ATTEMPTS - 1))
        last = await jobs.claim(session, Outbox, now=NOW, lease=timedelta(seconds=30), job_ids=[job_id])
    assert [claim.attempt for claim in last] == [jobs.MAX_ATTEMPTS], "the last attempt is made"
    later = NOW + timedelta(seconds=31)
    with capture_logs() as logs:
        async with database.transaction() as session:
            taken = await jobs.claim(session, Outbox, now=later, lease=timedelta(seconds=30))
    assert [claim.job_id for claim in taken] == [healthy_id]
    assert [(each["event"], each["job_id"]) for each in logs] == [("job.given_up", job_id)]
    async with database.reading() as session:
        row = await session.get_one(Outbox, job_id)
    assert (row.dead_at, row.lease_until, row.attempts) == (later, None, jobs.MAX_ATTEMPTS)
    assert row.last_error == "no attempt came to its end"
    async with database.transaction() as session:
        assert await jobs.redrive(session, Outbox, now=later) == 1
        [again] = await jobs.claim(session, Outbox, now=later, lease=timedelta(seconds=30), job_ids=[job_id])
    assert again.attempt == 1


async def test_an_event_is_received_once_for_each_consumer(database: Database) -> None:
    async def receive(consumer: str) -> bool:
        async with database.transaction() as session:
            return await is_first_receipt(session, Inbox, "e1", consumer=consumer, now=NOW)

    assert sorted(await asyncio.gather(*(receive("counters") for _ in range(5)))) == [False] * 4 + [True]
    assert await receive("profiles")


async def test_what_is_old_is_deleted_the_oldest_first_and_no_more_than_asked_for(database: Database) -> None:
    async with database.transaction() as session:
        for day in range(6):
            for consumer in ("here", "there"):
                await is_first_receipt(session, Inbox, f"e{day}", consumer=consumer, now=NOW - timedelta(days=day))

    async def purged(limit: int) -> int:
        async with database.transaction() as session:
            return await purge(session, Inbox, Inbox.received_at, before=NOW - timedelta(days=2), limit=limit)

    assert await purged(5) == 5
    async with database.reading() as session:
        kept = sorted([row.event_id for row in await session.scalars(select(Inbox))])
    assert kept == ["e0", "e0", "e1", "e1", "e2", "e2", "e3"]
    assert [await purged(5), await purged(5)] == [1, 0]
