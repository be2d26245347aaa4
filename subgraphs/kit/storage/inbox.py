"""Each event once: its id is recorded in the transaction of its effect, and a second recording is refused by the database."""

from datetime import datetime

from sqlalchemy import String
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from subgraphs.kit.storage.types import UtcDateTime


class InboxColumns:
    """The columns of a table of events that were taken in, one row for an event and consumer."""

    event_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    consumer: Mapped[str] = mapped_column(String(80), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


async def is_first_receipt(
    session: AsyncSession, table: type[InboxColumns], event_id: str, *, consumer: str, now: datetime
) -> bool:
    """Record the event; True the first time. Call it first in the transaction that makes the effect."""
    insert = postgresql.insert if session.get_bind().dialect.name == "postgresql" else sqlite.insert
    recorded = await session.execute(
        insert(table)
        .values(event_id=event_id, consumer=consumer, received_at=now)
        .on_conflict_do_nothing()
        .returning(table.event_id)
    )
    return recorded.scalar_one_or_none() is not None
