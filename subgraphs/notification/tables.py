"""The notification service's tables.

A delivery is a job: its row carries attempts, a lease and a due time, and a queue message only wakes a worker for it. The database
itself refuses a second notification of an event and a second delivery on a channel.
"""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, ForeignKey, Index, UniqueConstraint
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from subgraphs.kit.storage.outbox import JobColumns
from subgraphs.kit.storage.types import LongText, String, UtcDateTime
from subgraphs.notification import model

MESSAGE_ID_CHARACTERS = 300
ERROR_CHARACTERS = 500


class Base(DeclarativeBase):
    """The metadata of the notification database."""


class NotificationRow(Base):
    """What an account was told; its inbox."""

    __tablename__ = "notifications"
    __table_args__ = (
        UniqueConstraint("event_id", "account_id"),
        Index("ix_notifications_account", "account_id", "created_at", "id"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(36))
    account_id: Mapped[str] = mapped_column(String(36))
    template_key: Mapped[str] = mapped_column(String(model.TEMPLATE_KEY.most))
    topic: Mapped[str] = mapped_column(String(20))
    title: Mapped[str] = mapped_column(String(model.TITLE.most))
    body: Mapped[str] = mapped_column(LongText(model.MAX_RENDERED_CHARACTERS))
    variables: Mapped[dict[str, Any]] = mapped_column(JSON)
    order_id: Mapped[str | None] = mapped_column(String(36))
    order_number: Mapped[str | None] = mapped_column(String(40))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    read_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class DeliveryRow(JobColumns, Base):
    """A notification on a channel."""

    __tablename__ = "deliveries"
    __table_args__ = (
        UniqueConstraint("notification_id", "channel"),
        Index("ix_deliveries_due", "settled_at", "dead_at", "due_at"),
    )

    notification_id: Mapped[str] = mapped_column(ForeignKey("notifications.id"))
    channel: Mapped[str] = mapped_column(String(10))
    status: Mapped[str] = mapped_column(String(12))
    template_version: Mapped[str] = mapped_column(String(80))


class VerificationRow(Base):
    """An account that mail was held for, or whose address is verified, as the user service told.

    Whoever holds a delivery and whoever releases the held ones lock this row, so that neither misses the other.
    """

    __tablename__ = "verifications"

    account_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    verified_at: Mapped[datetime | None] = mapped_column(UtcDateTime)


class AttemptRow(Base):
    """One try of a delivery. It is written before the provider is asked: one without an outcome may have gone out."""

    __tablename__ = "delivery_attempts"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    delivery_id: Mapped[str] = mapped_column(ForeignKey("deliveries.id"), index=True)
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(12))
    provider_message_id: Mapped[str | None] = mapped_column(String(MESSAGE_ID_CHARACTERS))
    error: Mapped[str | None] = mapped_column(String(ERROR_CHARACTERS))


class PreferenceRow(Base):
    """A choice that an account made."""

    __tablename__ = "preferences"

    account_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    topic: Mapped[str] = mapped_column(String(20), primary_key=True)
    channel: Mapped[str] = mapped_column(String(10), primary_key=True)
    enabled: Mapped[bool]


class TemplateRow(Base):
    """A version of a text; the newest is in use, the older ones stay for what was sent with them."""

    __tablename__ = "templates"
    __table_args__ = (UniqueConstraint("key", "channel", "locale", "version"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key: Mapped[str] = mapped_column(String(model.TEMPLATE_KEY.most))
    channel: Mapped[str] = mapped_column(String(10))
    locale: Mapped[str] = mapped_column(String(model.LOCALE.most))
    version: Mapped[int]
    subject: Mapped[str | None] = mapped_column(String(model.SUBJECT.most))
    body: Mapped[str] = mapped_column(LongText(model.BODY.most))


class DeviceRow(Base):
    """A device that asked for push messages."""

    __tablename__ = "push_devices"

    token: Mapped[str] = mapped_column(String(model.DEVICE_TOKEN.most), primary_key=True)
    account_id: Mapped[str] = mapped_column(String(36), index=True)
    platform: Mapped[str] = mapped_column(String(model.PLATFORM.most))
    registered_at: Mapped[datetime] = mapped_column(UtcDateTime)
