"""The time by the database's clock: the one clock that all workers of a table share, whatever their own clocks say."""

from datetime import UTC, datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.clock import Clock, utc_now


async def database_now(session: AsyncSession, clock: Clock = utc_now) -> datetime:
    """Return the instant by the database's clock; a SQLite file has none of its own, and its machine's is used.

    Args:
        clock: of the caller. The process's own clock gives way to the database's; any other is a test's, and is asked.
    """
    if clock is not utc_now:
        return clock()
    if session.get_bind().dialect.name != "postgresql":
        return utc_now()
    now: datetime = (await session.execute(select(func.clock_timestamp()))).scalar_one()
    return now.astimezone(UTC)
