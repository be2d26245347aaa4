"""Reading the seed: JSON Lines, in chunks, so that a large file never lies in memory whole."""

import gzip
from collections.abc import Iterator, Sequence
from itertools import islice
from pathlib import Path
from typing import Any

import orjson
from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

CHUNK_ROWS = 1_000
MAX_PARAMETERS = 30_000


def read_lines(path: Path) -> Iterator[dict[str, Any]]:
    """The objects of a `.jsonl` or `.jsonl.gz` file, in order."""
    with gzip.open(path, "rb") if path.suffix == ".gz" else path.open("rb") as lines:
        for line in lines:
            if line.strip():
                yield orjson.loads(line)


def chunks(rows: Iterator[Any], size: int = CHUNK_ROWS) -> Iterator[list[Any]]:
    """The rows in lists of at most `size`."""
    while chunk := list(islice(rows, size)):
        yield chunk


async def insert_missing(session: AsyncSession, table: type[Any], rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows that are not there yet (by any unique key); how many were inserted. Seeding twice changes nothing."""
    if not rows:
        return 0
    target = table.__table__
    assert isinstance(target, Table)
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    at_once = max(1, MAX_PARAMETERS // len(target.columns))
    inserted = 0
    for start in range(0, len(rows), at_once):
        part = list(rows[start : start + at_once])
        key = next(iter(target.primary_key.columns))
        done = await session.execute(insert(target).values(part).on_conflict_do_nothing().returning(key))
        inserted += len(done.all())
    return inserted
