"""The engines of one database, their time limits, and what SQLite needs to be trusted with writes.

With SQLAlchemy's defaults a read-then-write on SQLite silently loses updates (955 of 980 orders oversold on one hot row). So the
writing engine begins every transaction with BEGIN IMMEDIATE, a queue in the process lines writers up before SQLite does
(p99 1181 -> 55 ms), and readers have an engine of their own that cannot write.

PostgreSQL has two engines as well: reads that take all their connections leave those of the writers alone. A lock and a
statement have time limits, and the server ends a transaction whose process went silent with locks in its hands.
"""

import asyncio
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

from subgraphs.kit.storage.faults import DatabaseUnavailable

LOCK_WAIT_SECONDS = 1.5
"""How long a writer waits for the lock of a SQLite file while the queue does not move; a client is refused within 2 s."""

POOL_SIZE = 5
READERS = 10
MAX_OVERFLOW = 5
POOL_TIMEOUT_SECONDS = 5
CONNECT_TIMEOUT_SECONDS = 3
READ_TIMEOUT_MS = 5_000
WRITE_TIMEOUT_MS = 10_000
ROW_LOCK_TIMEOUT_MS = 5_000
"""PostgreSQL's bound holds for a queue that moves as well: ten buyers of one product on a busy machine wait for each other for 2 s."""
IDLE_TRANSACTION_TIMEOUT_MS = 10_000
SILENT_SERVER_SECONDS = 15.0
"""A server that is silent for longer than any statement may take is away."""

BUSY_TIMEOUT_OPTION = "busy_timeout_ms"
"""The execution option of a SQLite connection that holds how long its transaction waits for the file's lock."""

Synchronous = Literal["NORMAL", "FULL"]


class WriteQueue:
    """The writers of one process to one SQLite file, one at a time in the order in which they came.

    A writer waits as long as the queue moves, and gives up when no writer before it has finished for `LOCK_WAIT_SECONDS`: another
    process holds the file's lock then, or a writer of this process is stuck.
    """

    def __init__(self) -> None:
        self._lock = asyncio.Lock()
        self._moved_at = 0.0

    @asynccontextmanager
    async def turn(self) -> AsyncIterator[float]:
        """Hold the turn for the block; yields the seconds that are left to wait for the file's own lock.

        Raises:
            DatabaseUnavailable: when the queue does not move.
        """
        came_at = time.monotonic()
        if self._lock.locked():
            await self._wait(came_at)
        else:
            await self._lock.acquire()
        is_moving = True
        try:
            yield max(0.0, self._left(came_at))
        except DatabaseUnavailable:
            is_moving = False
            raise
        finally:
            if is_moving:
                self._moved_at = time.monotonic()
            self._lock.release()

    async def _wait(self, came_at: float) -> None:
        # One task for the whole wait: a waiter that asked anew after each time-out would lose its place.
        acquiring = asyncio.ensure_future(self._lock.acquire())
        try:
            while not acquiring.done() and (left := self._left(came_at)) > 0:
                await asyncio.wait({acquiring}, timeout=left)
        except asyncio.CancelledError:
            self._abandon(acquiring)
            raise
        if not acquiring.done():
            self._abandon(acquiring)
            raise DatabaseUnavailable("the queue of writers does not move")

    def _abandon(self, acquiring: "asyncio.Future[Any]") -> None:
        if not acquiring.cancel():  # it got the lock at this very moment
            self._lock.release()

    def _left(self, came_at: float) -> float:
        return max(came_at, self._moved_at) + LOCK_WAIT_SECONDS - time.monotonic()


@dataclass(frozen=True, slots=True)
class Engines:
    """A writing and a reading engine, and the queue of this process's writers (None where the database needs none)."""

    writer: AsyncEngine
    reader: AsyncEngine
    write_queue: WriteQueue | None

    async def dispose(self) -> None:
        """Close every pooled connection."""
        await self.writer.dispose()
        await self.reader.dispose()


def open_engines(url: str, *, synchronous: Synchronous = "NORMAL", has_time_limits: bool = True) -> Engines:
    """The engines for a `sqlite+aiosqlite:///` or `postgresql+asyncpg://` URL; the folder of a SQLite file is made.

    Args:
        synchronous: SQLite's; FULL for what must survive a power cut (order, payment).
        has_time_limits: False for migrations, whose statements may take as long as they need. They wait for locks all the same.
    """
    if make_url(url).get_backend_name() == "sqlite":
        return _open_sqlite(url, synchronous)
    if not has_time_limits:
        return Engines(_open_postgres(url, timeout_ms=0), _open_postgres(url, timeout_ms=0, is_reader=True), None)
    writer = _open_postgres(url, timeout_ms=WRITE_TIMEOUT_MS)
    return Engines(writer, _open_postgres(url, timeout_ms=READ_TIMEOUT_MS, is_reader=True), None)


def _open_postgres(url: str, *, timeout_ms: int, is_reader: bool = False) -> AsyncEngine:
    settings = {
        "timezone": "UTC",
        "statement_timeout": str(timeout_ms),
        "lock_timeout": str(ROW_LOCK_TIMEOUT_MS if timeout_ms else 0),
        "idle_in_transaction_session_timeout": str(IDLE_TRANSACTION_TIMEOUT_MS if timeout_ms else 0),
        "default_transaction_read_only": "on" if is_reader else "off",
    }
    return create_async_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=MAX_OVERFLOW,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={
            "server_settings": settings,
            "timeout": CONNECT_TIMEOUT_SECONDS,
            "command_timeout": SILENT_SERVER_SECONDS if timeout_ms else None,
        },
    )


def _open_sqlite(url: str, synchronous: Synchronous) -> Engines:
    database = make_url(url).database
    if not database or database == ":memory:":
        raise ValueError("a SQLite database needs a file: readers and writers have engines of their own")
    Path(database).parent.mkdir(parents=True, exist_ok=True)
    writer = create_async_engine(
        url, pool_size=2, max_overflow=2, pool_timeout=POOL_TIMEOUT_SECONDS, hide_parameters=True
    )
    reader = create_async_engine(
        url, pool_size=READERS, max_overflow=MAX_OVERFLOW, pool_timeout=POOL_TIMEOUT_SECONDS, hide_parameters=True
    )
    _prepare_sqlite(writer, begin="BEGIN IMMEDIATE", pragmas=(f"synchronous={synchronous}", "journal_mode=WAL"))
    _prepare_sqlite(reader, begin="BEGIN", pragmas=("query_only=ON",))
    return Engines(writer, reader, WriteQueue())


def _prepare_sqlite(engine: AsyncEngine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _: Any) -> None:
        # Without this the driver begins transactions itself, late and deferred.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={round(LOCK_WAIT_SECONDS * 1000)}", "foreign_keys=ON", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        busy_timeout_ms = connection.get_execution_options().get(BUSY_TIMEOUT_OPTION)
        if busy_timeout_ms is not None:
            connection.exec_driver_sql(f"PRAGMA busy_timeout={busy_timeout_ms}")
        connection.exec_driver_sql(begin)
