"""INSERTs that bear what is there already."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession

MAX_PARAMETERS = 30_000


def insert_into(session: AsyncSession, table: Any) -> Any:
    """An INSERT of the session's database, which knows `on_conflict_do_nothing` and `on_conflict_do_update`.

    Args:
        table: a mapped class for statements that return objects, its `__table__` for many rows as parameters.
    """
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    return insert(table)


async def insert_missing(session: AsyncSession, table: type[Any], rows: Sequence[dict[str, Any]]) -> int:
    """Insert the rows that are not there yet (by any unique key); how many were inserted. Doing it again changes nothing."""
    if not rows:
        return 0
    target = table.__table__
    assert isinstance(target, Table)
    at_once = max(1, MAX_PARAMETERS // len(target.columns))
    inserted = 0
    for start in range(0, len(rows), at_once):
        part = list(rows[start : start + at_once])
        key = next(iter(target.primary_key.columns))
        done = await session.execute(insert_into(session, target).values(part).on_conflict_do_nothing().returning(key))
        inserted += len(done.all())
    return inserted
