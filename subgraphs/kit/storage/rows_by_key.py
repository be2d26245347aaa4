"""Many keys in, what was found out: the two shapes of a query that a loader asks."""

from collections.abc import Iterable, Sequence
from typing import TypeVar

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

Key = TypeVar("Key")
Row = TypeVar("Row")
Value = TypeVar("Value")


async def rows_by(
    session: AsyncSession, table: type[Row], column: InstrumentedAttribute[Key], keys: Sequence[Key]
) -> dict[Key, Row]:
    """The rows of a mapped class whose unique column has one of these values, by that value. One SQL statement."""
    rows = await session.scalars(select(table).where(column.in_(keys)))
    return {getattr(row, column.key): row for row in rows}


def grouped(pairs: Iterable[tuple[Key, Value]]) -> dict[Key, list[Value]]:
    """The values of each key, in the order in which they come."""
    found: dict[Key, list[Value]] = {}
    for key, value in pairs:
        found.setdefault(key, []).append(value)
    return found
