"""Each event once: its id is recorded in the transaction of its effect, and a second recording is refused by the database.

A row is needed as long as its event may come again, and is deleted some time after; see `retention`.
"""

from collections.abc import Iterable
from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, mapped_column

from subgraphs.kit.storage.types import String, UtcDateTime
from subgraphs.kit.storage.upserts import insert_into


class InboxColumns:
    """The columns of a table of events that were taken in, one row for an event and consumer."""

    event_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    consumer: Mapped[str] = mapped_column(String(80), primary_key=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime, index=True)


async def is_first_receipt(
    session: AsyncSession, table: type[InboxColumns], event_id: str, *, consumer: str, now: datetime
) -> bool:
    """Record the event; True the first time. Call it first in the transaction that makes the effect."""
    return bool(await first_receipts(session, table, [event_id], consumer=consumer, now=now))


async def first_receipts(
    session: AsyncSession, table: type[InboxColumns], event_ids: Iterable[str], *, consumer: str, now: datetime
) -> set[str]:
    """Record events in one statement; those that were not recorded before. Call it first in the transaction that makes the effect.

    Rows are written in the order of their ids, so that two batches of the same events wait for each other and never deadlock.
    """
    rows = [{"event_id": each, "consumer": consumer, "received_at": now} for each in sorted(set(event_ids))]
    if not rows:
        return set()
    recorded = await session.execute(
        insert_into(session, table).values(rows).on_conflict_do_nothing().returning(table.event_id)
    )
    return set(recorded.scalars())
