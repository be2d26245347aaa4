"""What callers of a database see while it is locked, full of readers, deadlocked, restarting or away."""

import asyncio
import os
import signal
import sqlite3
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import closing, contextmanager
from pathlib import Path

import pytest
from sqlalchemy import String, func, select, text, update
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from subgraphs.kit.storage import engine, session
from subgraphs.kit.storage.faults import DatabaseUnavailable, TransactionConflict
from subgraphs.kit.storage.session import Database, run_again_on_conflict
from tests.support.ports import free_port

HOLDER = """
import os, signal, sqlite3, sys
connection = sqlite3.connect(sys.argv[1], isolation_level=None)
connection.execute("BEGIN IMMEDIATE")
connection.execute("UPDATE items SET stock = stock + 100 WHERE id = 'a'")
print("held", flush=True)
sys.stdin.readline()
connection.execute("COMMIT")
print("committed", flush=True)
"""


class Base(DeclarativeBase):
    pass


class Item(Base):
    __tablename__ = "items"
    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    stock: Mapped[int]


async def opened(url: str) -> Database:
    database = Database(url)
    async with database.engines.writer.begin() as connection:
        await connection.run_sync(Base.metadata.create_all)
    async with database.transaction() as writing:
        writing.add_all([Item(id="a", stock=0), Item(id="b", stock=0)])
    return database


@pytest.fixture(autouse=True)
def _patient_writers() -> None:
    """Leave the wait of writers as it is in service: it is what these tests are about."""


@pytest.fixture
async def database(database_url: str) -> AsyncIterator[Database]:
    database = await opened(database_url)
    yield database
    await database.close()


@pytest.fixture
async def postgres(postgres_url: str) -> AsyncIterator[Database]:
    database = await opened(postgres_url)
    yield database
    await database.close()


@pytest.fixture
async def sqlite(tmp_path: Path) -> AsyncIterator[Database]:
    database = await opened(f"sqlite+aiosqlite:///{tmp_path / 'test.db'}")
    yield database
    await database.close()


async def add(database: Database, item_id: str, pieces: int = 1) -> None:
    async with database.transaction() as writing:
        await writing.execute(update(Item).where(Item.id == item_id).values(stock=Item.stock + pieces))


async def stock(database: Database, item_id: str) -> int:
    async with database.reading() as reading:
        return (await reading.scalars(select(Item.stock).where(Item.id == item_id))).one()


@contextmanager
def stopped_inside_a_transaction(path: Path) -> Iterator["subprocess.Popen[str]"]:
    """Another process that holds the file's write lock, and was stopped by SIGSTOP."""
    holder = subprocess.Popen(
        [sys.executable, "-c", HOLDER, str(path)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    try:
        assert holder.stdout is not None
        assert holder.stdout.readline() == "held\n"
        os.kill(holder.pid, signal.SIGSTOP)
        yield holder
    finally:
        holder.kill()
        holder.communicate()


def test_a_client_is_refused_within_two_seconds() -> None:
    assert engine.LOCK_WAIT_SECONDS <= 1.5


async def test_a_writer_that_is_stopped_inside_a_transaction_holds_nobody_up(sqlite: Database, tmp_path: Path) -> None:
    with stopped_inside_a_transaction(tmp_path / "test.db"):
        began = time.monotonic()
        outcomes = await asyncio.gather(*(add(sqlite, "a") for _ in range(8)), return_exceptions=True)
        waited = time.monotonic() - began
        assert [type(each) for each in outcomes] == [DatabaseUnavailable] * 8
        # Eight that wait one after the other take 12 s. All of them wait for the same lock at the same time.
        assert waited < 4 * engine.LOCK_WAIT_SECONDS
        assert await stock(sqlite, "a") == 0, "readers go on, with what was committed last"


async def test_a_writer_that_goes_on_after_a_stop_loses_nothing(sqlite: Database, tmp_path: Path) -> None:
    with stopped_inside_a_transaction(tmp_path / "test.db") as holder:
        with pytest.raises(DatabaseUnavailable):
            await add(sqlite, "a")
        os.kill(holder.pid, signal.SIGCONT)
        assert holder.stdin is not None
        assert holder.stdout is not None
        holder.stdin.write("go on\n")
        holder.stdin.flush()
        assert await asyncio.to_thread(holder.stdout.readline) == "committed\n"
    await add(sqlite, "a")
    assert await stock(sqlite, "a") == 101


async def test_a_writer_that_is_killed_inside_a_transaction_leaves_nothing(sqlite: Database, tmp_path: Path) -> None:
    with stopped_inside_a_transaction(tmp_path / "test.db"):
        pass
    await add(sqlite, "a")
    assert await stock(sqlite, "a") == 1


ADDER = """
import asyncio, sys
from subgraphs.kit.storage.session import Database
from tests.integration.subgraphs.kit.test_database_faults import add_by_reading
async def main():
    database = Database(f"sqlite+aiosqlite:///{sys.argv[1]}")
    print("started", flush=True)
    await add_by_reading(database, times=50)
    await database.close()
asyncio.run(main())
"""


async def add_by_reading(database: Database, *, times: int) -> None:
    """Read the stock and write the next number, `times` times; a refused writer tries again."""
    added = 0
    while added < times:
        try:
            async with database.transaction() as writing:
                row = await writing.get_one(Item, "a")
                row.stock += 1
        except DatabaseUnavailable:
            continue
        added += 1


async def test_writers_of_two_processes_lose_no_update(sqlite: Database, tmp_path: Path) -> None:
    process = await asyncio.create_subprocess_exec(
        sys.executable, "-c", ADDER, str(tmp_path / "test.db"), stdout=asyncio.subprocess.PIPE
    )
    assert process.stdout is not None
    assert await process.stdout.readline() == b"started\n"
    await add_by_reading(sqlite, times=50)
    assert await process.wait() == 0
    assert await stock(sqlite, "a") == 100


async def test_a_long_queue_that_moves_refuses_nobody(sqlite: Database, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "LOCK_WAIT_SECONDS", 0.5)

    async def slow() -> None:
        async with sqlite.transaction() as writing:
            await writing.execute(update(Item).where(Item.id == "a").values(stock=Item.stock + 1))
            await asyncio.sleep(0.05)

    await asyncio.gather(*(slow() for _ in range(20)))
    assert await stock(sqlite, "a") == 20


async def test_a_writer_that_gives_up_leaves_its_place(sqlite: Database) -> None:
    holding, release = asyncio.Event(), asyncio.Event()

    async def hold() -> None:
        async with sqlite.transaction():
            holding.set()
            await release.wait()

    holder = asyncio.create_task(hold())
    await holding.wait()
    leaving = [asyncio.create_task(add(sqlite, "a")) for _ in range(3)]
    await asyncio.sleep(0)
    for each in leaving:
        each.cancel()
    await asyncio.gather(*leaving, return_exceptions=True)
    release.set()
    await holder
    await add(sqlite, "a")
    assert await stock(sqlite, "a") == 1


async def test_a_row_that_nobody_gives_back_is_a_typed_refusal(
    postgres_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(engine, "ROW_LOCK_TIMEOUT_MS", 100)
    database = await opened(postgres_url)
    async with database.transaction() as holding:
        await holding.execute(update(Item).where(Item.id == "a").values(stock=1))
        with pytest.raises(DatabaseUnavailable, match="55P03"):
            await add(database, "a")
    await database.close()


async def test_a_statement_without_end_is_a_typed_refusal(postgres_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(engine, "READ_TIMEOUT_MS", 100)
    database = Database(postgres_url)
    with pytest.raises(DatabaseUnavailable, match="57014"):
        async with database.reading() as reading:
            await reading.execute(text("SELECT pg_sleep(60)"))
    await database.close()


async def test_readers_that_take_every_connection_leave_the_writers_theirs(
    database_url: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in {"POOL_SIZE": 1, "READERS": 1, "MAX_OVERFLOW": 0, "POOL_TIMEOUT_SECONDS": 0.1}.items():
        monkeypatch.setattr(engine, name, value)
    database = await opened(database_url)
    async with database.reading():
        with pytest.raises(DatabaseUnavailable, match="in use"):
            await stock(database, "a")
        await add(database, "a")
    assert await stock(database, "a") == 1
    await database.close()


async def test_a_session_that_the_server_ends_is_a_typed_refusal_and_the_next_one_works(postgres: Database) -> None:
    async def be_ended() -> None:
        async with postgres.transaction() as writing:
            own = await writing.scalar(text("SELECT pg_backend_pid()"))
            async with postgres.transaction() as other:
                await other.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": own})
            await writing.execute(update(Item).values(stock=7))

    with pytest.raises(DatabaseUnavailable):
        await be_ended()
    await add(postgres, "a")
    assert await stock(postgres, "a") == 1


async def test_a_server_that_is_away_is_a_typed_refusal() -> None:
    database = Database(f"postgresql+asyncpg://nobody@127.0.0.1:{free_port()}/none?ssl=disable")
    with pytest.raises(DatabaseUnavailable):
        await stock(database, "a")
    with pytest.raises(DatabaseUnavailable):
        await add(database, "a")
    await database.close()


async def test_a_fault_of_our_own_stays_what_it_is(database: Database) -> None:
    with pytest.raises(Exception, match="nowhere") as raised:
        async with database.reading() as reading:
            await reading.execute(text("SELECT * FROM nowhere"))
    assert not isinstance(raised.value, DatabaseUnavailable)


async def test_a_full_disk_is_a_typed_refusal(sqlite: Database, tmp_path: Path) -> None:
    with closing(sqlite3.connect(tmp_path / "test.db")) as connection:
        (pages,) = connection.execute("PRAGMA page_count").fetchone()

    async def fill() -> None:
        async with sqlite.transaction() as writing:
            await writing.execute(text(f"PRAGMA max_page_count={pages}"))
            writing.add_all(Item(id=f"{number:036}", stock=0) for number in range(1_000))
            await writing.flush()

    with pytest.raises(DatabaseUnavailable, match="full"):
        await fill()


async def test_two_that_lock_in_opposite_orders_both_take_place(postgres: Database) -> None:
    met = asyncio.Barrier(2)
    rounds: list[str] = []

    @run_again_on_conflict
    async def move(first: str, second: str) -> None:
        rounds.append(first)
        async with postgres.transaction() as writing:
            await writing.execute(update(Item).where(Item.id == first).values(stock=Item.stock - 1))
            if len(rounds) <= 2:
                await met.wait()
            await writing.execute(update(Item).where(Item.id == second).values(stock=Item.stock + 1))

    await asyncio.gather(move("a", "b"), move("b", "a"))
    assert len(rounds) == 3
    assert (await stock(postgres, "a"), await stock(postgres, "b")) == (0, 0)


async def test_a_conflict_without_end_is_told_after_five_rounds(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(session, "CONFLICT_PAUSE_SECONDS", 0)
    rounds: list[int] = []

    @run_again_on_conflict
    async def lose() -> None:
        rounds.append(len(rounds))
        raise TransactionConflict("SQLSTATE 40001")

    with pytest.raises(TransactionConflict):
        await lose()
    assert rounds == [0, 1, 2, 3, 4]


async def test_a_serialization_failure_is_a_conflict(postgres: Database) -> None:
    async def write_over_a_change() -> None:
        async with postgres.transaction() as writing:
            await writing.execute(text("SET TRANSACTION ISOLATION LEVEL REPEATABLE READ"))
            await writing.scalar(select(func.count()).select_from(Item))
            await add(postgres, "a")
            await writing.execute(update(Item).where(Item.id == "a").values(stock=9))

    with pytest.raises(TransactionConflict, match="40001"):
        await write_over_a_change()
    assert await stock(postgres, "a") == 1
