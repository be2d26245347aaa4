"""What the config service writes. Nothing here commits."""

from datetime import datetime
from typing import Any

from sqlalchemy import update
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.config.definitions import Definition, difference
from subgraphs.config.tables import FlagChangeRow, FlagRow, RevisionRow

_COLUMNS = (
    "key", "description", "owner", "state", "variants", "default_variant", "off_variant", "rules", "schema_json",
)  # fmt: skip


def definition_of(row: FlagRow) -> Definition:
    """A flag's definition, as history keeps it."""
    kept: dict[str, Any] = {name: getattr(row, name) for name in _COLUMNS}
    return {**kept, "expires_at": row.expires_at.isoformat() if row.expires_at else None}


async def next_revision(session: AsyncSession) -> int:
    """Count the change; the row's lock makes changes follow each other."""
    taken = await session.scalars(
        update(RevisionRow)
        .values(number=RevisionRow.number + 1)
        .returning(RevisionRow.number)
        .execution_options(synchronize_session=False)
    )
    return taken.one()


async def write(
    session: AsyncSession,
    row: FlagRow | None,
    definition: Definition,
    *,
    actor: str,
    comment: str | None,
    now: datetime,
) -> FlagRow:
    """The flag with the definition as its next version, its history row added.

    Args:
        row: the flag as it is; None makes a new one.
    """
    before = definition_of(row) if row is not None else None
    kept = row or FlagRow(version=0)
    for name in _COLUMNS:
        setattr(kept, name, definition[name])
    expires_at = definition["expires_at"]
    kept.expires_at = datetime.fromisoformat(expires_at) if expires_at else None
    kept.version += 1
    kept.updated_at = now
    session.add(kept)
    await session.flush()
    session.add(
        FlagChangeRow(
            flag_key=kept.key,
            version=kept.version,
            at=now,
            actor=actor,
            comment=comment,
            difference=difference(before, definition),
            definition=definition,
        )
    )
    await session.flush()
    return kept
