"""Jobs and events as rows, written in the transaction of the change that they tell about."""

from datetime import datetime
from typing import Any, TypeVar

from sqlalchemy import JSON, Index
from sqlalchemy.ext.asyncio import AsyncSession
from sqlalchemy.orm import Mapped, declared_attr, mapped_column

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.storage.session import Wake, wake_after_commit
from subgraphs.kit.storage.types import String, UtcDateTime


class JobColumns:
    """The columns of a table whose rows are jobs; see `kit.messaging.jobs` for their life."""

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    attempts: Mapped[int] = mapped_column(default=0)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)
    lease_id: Mapped[str | None] = mapped_column(String(36))
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    unanswered_since: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settled_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    dead_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    last_error: Mapped[str | None] = mapped_column(String(500))

    @declared_attr.directive
    @classmethod
    def __table_args__(cls) -> Any:
        name = getattr(cls, "__tablename__", "jobs")
        return (Index(f"ix_{name}_due", "settled_at", "dead_at", "due_at"),)


class OutboxColumns(JobColumns):
    """A job that delivers one event. The row's id is the event's id."""

    type: Mapped[str] = mapped_column(String(80))
    subject: Mapped[str] = mapped_column(String(64), index=True)
    queue: Mapped[str] = mapped_column(String(40))
    actor_name: Mapped[str] = mapped_column(String(80))
    envelope: Mapped[dict[str, Any]] = mapped_column(JSON)


OutboxRow = TypeVar("OutboxRow", bound=OutboxColumns)


def put(session: AsyncSession, table: type[OutboxRow], envelope: Envelope, *, queue: str, actor_name: str) -> OutboxRow:
    """Write the event into the outbox of the running transaction, to be announced right after the commit."""
    row = table()
    row.id = envelope.id
    row.attempts = 0
    row.created_at = row.due_at = envelope.occurred_at
    row.type, row.subject = envelope.type, envelope.subject
    row.queue, row.actor_name = queue, actor_name
    row.envelope = envelope.model_dump(mode="json")
    session.add(row)
    wake_after_commit(session, Wake(queue, actor_name, row.id))
    return row
