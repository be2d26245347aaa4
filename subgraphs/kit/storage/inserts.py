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
    key = next(iter(target.primary_key.columns))
    statement = insert_into(session, target).on_conflict_do_nothing().returning(key)
    # As parameters, not as `values(rows)`: that compiles every value of every row, which was half of the demo market's seeding.
    done = await session.execute(statement, list(rows))
    return len(done.all())
