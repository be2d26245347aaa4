"""Forgetting: rows that are older than they need be, deleted in small parts, so that nobody waits long for the database."""

from datetime import datetime
from typing import Any

from sqlalchemy import delete, inspect, select, tuple_
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import InstrumentedAttribute

PURGED_AT_ONCE = 5_000


async def purge(
    session: AsyncSession,
    table: type[Any],
    written_at: InstrumentedAttribute[datetime],
    *,
    before: datetime,
    limit: int = PURGED_AT_ONCE,
) -> int:
    """Delete the oldest rows that were written before an instant; how many, at most `limit`. Asked again, it goes on.

    Args:
        written_at: the column, which has an index.
    """
    keys = inspect(table).primary_key
    old = select(*keys).where(written_at < before).order_by(written_at).limit(limit)
    gone = await session.execute(
        delete(table).where(tuple_(*keys).in_(old)).returning(*keys).execution_options(synchronize_session=False)
    )
    return len(gone.all())
