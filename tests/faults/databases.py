"""The services' databases, as the oracle and some faults reach them."""

import asyncio
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import asyncpg
from sqlalchemy import make_url

from subgraphs.kit.storage.session import Database

FILES = {"order": "order", "order_analytics": "order-analytics"}
"""The files of SQLite databases that are not named as their service is."""

ORACLE_READS = ("order", "order_analytics", "catalog", "payment", "notification", "recommendation")


def database_urls(data_dir: Path, urls: Mapping[str, str]) -> dict[str, str]:
    """The URL of each database that the oracle reads, by its service.

    Args:
        urls: Settings such as ORDER_DATABASE_URL; what is missing is a SQLite file.
    """
    return {
        name: urls.get(f"{name.upper()}_DATABASE_URL", f"sqlite+aiosqlite:///{data_dir / FILES.get(name, name)}.db")
        for name in ORACLE_READS
    }


@dataclass(frozen=True, slots=True)
class Databases:
    """Open databases by service, and the bank's file."""

    by_service: Mapping[str, Database]
    bank_file: Path

    def __getitem__(self, service: str) -> Database:
        return self.by_service[service]

    def bank(self, statement: str) -> list[dict[str, Any]]:
        """The rows of a query of the bank's ledger."""
        connection = sqlite3.connect(f"file:{self.bank_file}?mode=ro", uri=True, timeout=10)
        connection.row_factory = sqlite3.Row
        try:
            return [dict(row) for row in connection.execute(statement)]
        finally:
            connection.close()


@asynccontextmanager
async def opened(data_dir: Path, urls: Mapping[str, str]) -> AsyncIterator[Databases]:
    """All of them, open for reading.

    Args:
        urls: By service, as `database_urls` tells them.
    """
    async with AsyncExitStack() as stack:
        by_service: dict[str, Database] = {}
        for name, url in urls.items():
            by_service[name] = Database(url)
            stack.push_async_callback(by_service[name].close)
        yield Databases(by_service, data_dir / "bank.db")


@asynccontextmanager
async def locked(url: str, table: str) -> AsyncIterator[None]:
    """Lock a database against writers during the block: the file of SQLite, one table of PostgreSQL."""
    parts = make_url(url)
    if parts.get_backend_name() == "sqlite":
        with _locked_file(str(parts.database)):
            yield
        return
    connection = await asyncpg.connect(
        host=parts.host, port=parts.port, user=parts.username, database=parts.database, ssl=False
    )
    try:
        async with connection.transaction():
            await connection.execute(f'LOCK TABLE "{table}" IN EXCLUSIVE MODE')
            yield
    finally:
        await connection.close()


@contextmanager
def _locked_file(path: str) -> Iterator[None]:
    connection = sqlite3.connect(path, isolation_level=None, timeout=60)
    try:
        connection.execute("BEGIN IMMEDIATE")
        yield
    finally:
        connection.close()


async def in_thread(databases: Databases, statement: str) -> list[dict[str, Any]]:
    """The rows of a query of the bank's ledger, read beside the event loop."""
    return await asyncio.to_thread(databases.bank, statement)
