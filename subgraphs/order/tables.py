"""The tables of the order database. An order's version counts its changes of status: the history has one row for each."""

from datetime import datetime
from typing import Any

from sqlalchemy import JSON, BigInteger, CheckConstraint, ForeignKey, Index, UniqueConstraint, select
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from subgraphs.kit.runtime.idempotency import MAX_KEY_CHARACTERS
from subgraphs.kit.storage.inbox import InboxColumns
from subgraphs.kit.storage.outbox import OutboxColumns
from subgraphs.kit.storage.types import String, UtcDateTime
from subgraphs.order import model


class Base(DeclarativeBase):
    """The metadata of the order database."""


class Order(Base):
    """An order. Amounts are minor units; the address is a copy of what it was.

    Attributes:
        pay_by: until when stock is held for it; an order that is not paid then expires.
        payment_id: the payment that its money came by, also when it came too late; the sums are payment's.
    """

    __tablename__ = "orders"
    __table_args__ = (
        CheckConstraint("subtotal_amount >= 0 AND shipping_amount >= 0", name="ck_orders_amounts"),
        Index("ix_orders_buyer", "buyer_id", "created_at", "id"),
        Index("ix_orders_due", "status", "pay_by"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    number: Mapped[str] = mapped_column(String(model.NUMBER.most), unique=True)
    buyer_id: Mapped[str] = mapped_column(String(36))
    status: Mapped[str] = mapped_column(String(20))
    currency: Mapped[str] = mapped_column(String(3))
    subtotal_amount: Mapped[int] = mapped_column(BigInteger)
    shipping_amount: Mapped[int] = mapped_column(BigInteger)
    line1: Mapped[str] = mapped_column(String(200))
    line2: Mapped[str | None] = mapped_column(String(200))
    city: Mapped[str] = mapped_column(String(100))
    postal_code: Mapped[str] = mapped_column(String(20))
    country: Mapped[str] = mapped_column(String(60))
    pay_by: Mapped[datetime] = mapped_column(UtcDateTime)
    payment_id: Mapped[str | None] = mapped_column(String(36))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    version: Mapped[int]

    @property
    def total_amount(self) -> int:
        """What the buyer pays, in minor units."""
        return self.subtotal_amount + self.shipping_amount


class OrderItem(Base):
    """A line as it was sold."""

    __tablename__ = "order_items"
    __table_args__ = (
        UniqueConstraint("order_id", "position"),
        CheckConstraint("quantity > 0", name="ck_items_quantity"),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    position: Mapped[int]
    product_id: Mapped[str] = mapped_column(String(36))
    seller_id: Mapped[str] = mapped_column(String(36))
    title: Mapped[str] = mapped_column(String(200))
    unit_price_amount: Mapped[int] = mapped_column(BigInteger)
    quantity: Mapped[int]
    shipped_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    tracking_number: Mapped[str | None] = mapped_column(String(model.TRACKING_NUMBER.most))


class OrderSeller(Base):
    """A seller of an order, once however many of its items are the seller's."""

    __tablename__ = "order_sellers"

    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"), primary_key=True)
    seller_id: Mapped[str] = mapped_column(String(36), primary_key=True, index=True)


class OrderChange(Base):
    """A step of an order's history: the one that made it version `version`."""

    __tablename__ = "order_changes"
    __table_args__ = (UniqueConstraint("order_id", "version"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    order_id: Mapped[str] = mapped_column(ForeignKey("orders.id"))
    version: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    before: Mapped[str | None] = mapped_column(String(20))
    after: Mapped[str] = mapped_column(String(20))
    actor: Mapped[str] = mapped_column(String(80))
    reason: Mapped[str | None] = mapped_column(String(model.REASON.most))


class IdempotencyKey(Base):
    """A buyer's key, the request it stands for, and what that came to.

    Attributes:
        lease_until: a request is at work on it until then.
        outcome: absent until it is decided; then {"kind": "PLACED"}, or {"kind": "OUT_OF_STOCK", "lines": [..]}.
    """

    __tablename__ = "idempotency_keys"

    buyer_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    key: Mapped[str] = mapped_column(String(MAX_KEY_CHARACTERS), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    order_id: Mapped[str] = mapped_column(String(36), unique=True)
    lease_until: Mapped[datetime] = mapped_column(UtcDateTime)
    outcome: Mapped[dict[str, Any] | None] = mapped_column(JSON(none_as_null=True))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Outbox(OutboxColumns, Base):
    """Events to deliver; each row is a job."""

    __tablename__ = "outbox"


class StreamPosition(Base):
    """How far a follower's workers have read its stream of events, as the workers saw it last.

    Attributes:
        handled_until: every event whose outbox row was settled before this instant was handled by the follower.
        server: identifies the Redis server and its content; another value means that entries may be lost.
    """

    __tablename__ = "stream_positions"

    stream: Mapped[str] = mapped_column(String(80), primary_key=True)
    handled_until: Mapped[datetime] = mapped_column(UtcDateTime)
    server: Mapped[str] = mapped_column(String(120))


class Inbox(InboxColumns, Base):
    """Events of others that were taken in."""

    __tablename__ = "inbox"


class Sale(Base):
    """An order as each of its sellers lists it: the join of orders with their sellers; for reading only."""

    __table__ = (
        select(OrderSeller.seller_id.label("sold_by"), *Order.__table__.columns)
        .join(OrderSeller, OrderSeller.order_id == Order.id)
        .subquery("sales")
    )
    __mapper_args__ = {"primary_key": [__table__.c.sold_by, __table__.c.id]}

    sold_by: Mapped[str]
    id: Mapped[str]
    number: Mapped[str]
    buyer_id: Mapped[str]
    status: Mapped[str]
    currency: Mapped[str]
    subtotal_amount: Mapped[int]
    shipping_amount: Mapped[int]
    line1: Mapped[str]
    line2: Mapped[str | None]
    city: Mapped[str]
    postal_code: Mapped[str]
    country: Mapped[str]
    pay_by: Mapped[datetime]
    payment_id: Mapped[str | None]
    created_at: Mapped[datetime]
    updated_at: Mapped[datetime]
    version: Mapped[int]

    @property
    def total_amount(self) -> int:
        """What the buyer pays, in minor units."""
        return self.subtotal_amount + self.shipping_amount
