"""What the config service reads."""

from collections.abc import Sequence
from datetime import datetime

from sqlalchemy import func, select
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import aliased

from subgraphs.config.tables import FlagChangeRow, FlagRow, RevisionRow
from subgraphs.kit.storage.rows_by_key import grouped, rows_by


async def revision(session: AsyncSession) -> int:
    """The number of the newest change."""
    return await session.scalar(select(RevisionRow.number)) or 0


async def flags(session: AsyncSession, *, owner: str | None = None, stale_at: datetime | None = None) -> list[FlagRow]:
    """Flags by key.

    Args:
        owner: only this owner's.
        stale_at: only those that had expired at this instant.
    """
    statement = select(FlagRow).order_by(FlagRow.key)
    if owner is not None:
        statement = statement.where(FlagRow.owner == owner)
    if stale_at is not None:
        statement = statement.where(FlagRow.expires_at <= stale_at)
    return list(await session.scalars(statement))


async def flags_by_key(session: AsyncSession, keys: Sequence[str]) -> dict[str, FlagRow]:
    """Flags by key."""
    return await rows_by(session, FlagRow, FlagRow.key, keys)


async def change(session: AsyncSession, key: str, version: int) -> FlagChangeRow | None:
    """A version of a flag."""
    return await session.get(FlagChangeRow, (key, version))


async def histories(session: AsyncSession, keys: Sequence[str], last: int) -> dict[str, list[FlagChangeRow]]:
    """The last changes of each flag, the newest first."""
    number = (
        func.row_number()
        .over(partition_by=FlagChangeRow.flag_key, order_by=FlagChangeRow.version.desc())
        .label("number")
    )
    numbered = select(FlagChangeRow, number).where(FlagChangeRow.flag_key.in_(keys)).subquery()
    row_of = aliased(FlagChangeRow, numbered)
    rows = await session.scalars(
        select(row_of).where(numbered.c.number <= last).order_by(row_of.flag_key, row_of.version.desc())
    )
    return {**{key: [] for key in keys}, **grouped((row.flag_key, row) for row in rows)}
