"""The table of the analytics database. Its id is the event's, so that the database itself takes each event once."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, Index
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from subgraphs.kit.storage.types import String, UtcDateTime


class Base(DeclarativeBase):
    """The metadata of the analytics database."""


class LoggedEvent(Base):
    """An event of an order, as it was told. The database refuses to change or remove one."""

    __tablename__ = "order_log"
    __table_args__ = (
        Index("ix_order_log_order", "order_id", "order_version"),
        Index("ix_order_log_time", "occurred_at", "event_id"),
    )

    event_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    type: Mapped[str] = mapped_column(String(80))
    order_id: Mapped[str] = mapped_column(String(36))
    order_version: Mapped[int]
    occurred_at: Mapped[datetime] = mapped_column(UtcDateTime)
    recorded_at: Mapped[datetime] = mapped_column(UtcDateTime)
    envelope: Mapped[dict[str, Any]] = mapped_column(JSON)
