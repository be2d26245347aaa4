"""The engines of one database, and what SQLite needs to be trusted with writes.

With SQLAlchemy's defaults a read-then-write on SQLite silently loses updates (955 of 980 orders oversold on one hot row). So the
writing engine begins every transaction with BEGIN IMMEDIATE, a lock in the process lines writers up before SQLite does
(p99 1181 -> 55 ms), and readers have an engine of their own that cannot write. On PostgreSQL one engine does both.
"""

import asyncio
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Literal

from sqlalchemy import event, make_url
from sqlalchemy.engine import Connection
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine

BUSY_TIMEOUT_MS = 5_000
POOL_SIZE = 10
MAX_OVERFLOW = 10
POOL_TIMEOUT_SECONDS = 5
STATEMENT_TIMEOUT_MS = 10_000

Synchronous = Literal["NORMAL", "FULL"]


@dataclass(frozen=True, slots=True)
class Engines:
    """A writing and a reading engine, and the lock that writers of this process take (None where the database needs none)."""

    writer: AsyncEngine
    reader: AsyncEngine
    write_lock: asyncio.Lock | None

    async def dispose(self) -> None:
        """Close every pooled connection."""
        await self.writer.dispose()
        if self.reader is not self.writer:
            await self.reader.dispose()


def open_engines(url: str, *, synchronous: Synchronous = "NORMAL") -> Engines:
    """The engines for a `sqlite+aiosqlite:///` or `postgresql+asyncpg://` URL; the folder of a SQLite file is made.

    Args:
        synchronous: SQLite's; FULL for what must survive a power cut (order, payment).
    """
    if make_url(url).get_backend_name() == "sqlite":
        return _open_sqlite(url, synchronous)
    writer = create_async_engine(
        url,
        pool_size=POOL_SIZE,
        max_overflow=MAX_OVERFLOW,
        pool_timeout=POOL_TIMEOUT_SECONDS,
        pool_pre_ping=True,
        hide_parameters=True,
        connect_args={"server_settings": {"timezone": "UTC", "statement_timeout": str(STATEMENT_TIMEOUT_MS)}},
    )
    return Engines(writer, writer, None)


def _open_sqlite(url: str, synchronous: Synchronous) -> Engines:
    database = make_url(url).database
    if not database or database == ":memory:":
        raise ValueError("a SQLite database needs a file: readers and writers have engines of their own")
    Path(database).parent.mkdir(parents=True, exist_ok=True)
    writer = create_async_engine(
        url, pool_size=2, max_overflow=2, pool_timeout=POOL_TIMEOUT_SECONDS, hide_parameters=True
    )
    reader = create_async_engine(
        url, pool_size=POOL_SIZE, max_overflow=MAX_OVERFLOW, pool_timeout=POOL_TIMEOUT_SECONDS, hide_parameters=True
    )
    _prepare_sqlite(writer, begin="BEGIN IMMEDIATE", pragmas=(f"synchronous={synchronous}", "journal_mode=WAL"))
    _prepare_sqlite(reader, begin="BEGIN", pragmas=("query_only=ON",))
    return Engines(writer, reader, asyncio.Lock())


def _prepare_sqlite(engine: AsyncEngine, *, begin: str, pragmas: tuple[str, ...]) -> None:
    @event.listens_for(engine.sync_engine, "connect")
    def _on_connect(connection: Any, _: Any) -> None:
        # Without this the driver begins transactions itself, late and deferred.
        connection.isolation_level = None
        cursor = connection.cursor()
        for pragma in (f"busy_timeout={BUSY_TIMEOUT_MS}", "foreign_keys=ON", *pragmas):
            cursor.execute(f"PRAGMA {pragma}")
        cursor.close()

    @event.listens_for(engine.sync_engine, "begin")
    def _on_begin(connection: Connection) -> None:
        connection.exec_driver_sql(begin)
