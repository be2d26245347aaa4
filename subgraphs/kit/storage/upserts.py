"""Idempotent INSERTs: two that meet leave one row, and none of them fails."""

from collections.abc import Mapping, Sequence
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


async def upsert(
    session: AsyncSession, table: type[Any], rows: Sequence[Mapping[str, Any]], *, kept: frozenset[str] = frozenset()
) -> None:
    """Write rows over those of the same primary key, in the order of their keys, so that two writers of the same rows never deadlock.

    Rows go as the parameters of one statement, sent many times: a statement with all of them in it takes ten times as long to build.

    Args:
        kept: columns of rows that are there already which stay as they are.
    """
    if not rows:
        return
    keys = [column.name for column in table.__table__.primary_key.columns]
    statement = insert_into(session, table.__table__)
    replaced = {name: statement.excluded[name] for name in rows[0] if name not in keys and name not in kept}
    statement = statement.on_conflict_do_update(index_elements=keys, set_=replaced)
    in_order = sorted(rows, key=lambda row: tuple(row[name] for name in keys))
    await (await session.connection()).execute(statement, in_order)
