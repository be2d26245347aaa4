"""The payment service's tables. The database itself refuses a second standing payment of an order and a refund beyond the capture."""

from datetime import datetime

from sqlalchemy import BigInteger, CheckConstraint, ForeignKey, Index, text
from sqlalchemy.orm import DeclarativeBase, Mapped, mapped_column

from subgraphs.kit.runtime.idempotency import MAX_KEY_CHARACTERS
from subgraphs.kit.storage.outbox import OutboxColumns
from subgraphs.kit.storage.types import LongText, String, UtcDateTime
from subgraphs.payment.model import METHOD, RETURN_URL

MAX_REDIRECT_CHARACTERS = 10_000
CODE_CHARACTERS = 80
MESSAGE_CHARACTERS = 500

_IS_STANDING = text("status NOT IN ('FAILED', 'CANCELLED')")
_IS_UNDECIDED = text("status IN ('CREATED', 'REQUIRES_ACTION', 'PROCESSING', 'AUTHORIZED') OR refunding_amount > 0")


class Base(DeclarativeBase):
    """The tables of the payment database."""


class Payment(Base):
    """An attempt to pay an order. Amounts are minor units.

    `refunding_amount` is promised to refunds that the provider has not answered yet. `asked_at` is when the provider was last asked
    for a payment that it had not decided.
    """

    __tablename__ = "payments"
    __table_args__ = (
        CheckConstraint("amount > 0", name="ck_payments_amount"),
        CheckConstraint("captured_amount >= 0 AND captured_amount <= amount", name="ck_payments_captured"),
        CheckConstraint(
            "refunded_amount >= 0 AND refunding_amount >= 0 AND refunded_amount + refunding_amount <= captured_amount",
            name="ck_payments_refunded",
        ),
        Index(
            "uq_payments_standing", "order_id", unique=True, sqlite_where=_IS_STANDING, postgresql_where=_IS_STANDING
        ),
        Index("ix_payments_order_id", "order_id"),
        Index("ix_payments_created_at", "created_at"),
        Index("ix_payments_undecided", "asked_at", sqlite_where=_IS_UNDECIDED, postgresql_where=_IS_UNDECIDED),
    )

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    order_id: Mapped[str] = mapped_column(String(36))
    order_number: Mapped[str] = mapped_column(String(40))
    buyer_id: Mapped[str] = mapped_column(String(36))
    amount: Mapped[int] = mapped_column(BigInteger)
    currency: Mapped[str] = mapped_column(String(3))
    method: Mapped[str] = mapped_column(String(METHOD.most))
    return_url: Mapped[str | None] = mapped_column(String(RETURN_URL.most))
    status: Mapped[str] = mapped_column(String(20))
    provider: Mapped[str] = mapped_column(String(20))
    provider_reference: Mapped[str | None] = mapped_column(String(100), unique=True)
    action_type: Mapped[str | None] = mapped_column(String(20))
    action_redirect_url: Mapped[str | None] = mapped_column(LongText(MAX_REDIRECT_CHARACTERS))
    action_client_secret: Mapped[str | None] = mapped_column(String(300))
    failure_code: Mapped[str | None] = mapped_column(String(CODE_CHARACTERS))
    failure_message: Mapped[str | None] = mapped_column(String(MESSAGE_CHARACTERS))
    failure_is_retryable: Mapped[bool | None]
    captured_amount: Mapped[int] = mapped_column(BigInteger)
    refunded_amount: Mapped[int] = mapped_column(BigInteger)
    refunding_amount: Mapped[int] = mapped_column(BigInteger)
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)
    asked_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    version: Mapped[int]


class OrderAccount(Base):
    """What payment remembers of an order besides its payments. Its row lock puts a new payment and the closing of the order into one sequence.

    Attributes:
        closed_at: from then on the order takes no payment; absent while it may be paid.
        settle_at: when payment next withdraws or gives back what stands of a closed order; absent when nothing is left to do.
        attempts: how often it tried since `settle_at` was first set, n >= 0.
    """

    __tablename__ = "order_accounts"
    __table_args__ = (Index("ix_order_accounts_settle_at", "settle_at"),)

    order_id: Mapped[str] = mapped_column(String(36), primary_key=True)
    closed_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    settle_at: Mapped[datetime | None] = mapped_column(UtcDateTime)
    attempts: Mapped[int]


class Reconciliation(Base):
    """How far the provider's list was compared with ours.

    Attributes:
        compared_from: the watermark: payments that were made before it agree, and are not compared again.
        due_at: when a replica next compares.
    """

    __tablename__ = "reconciliations"

    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    compared_from: Mapped[datetime] = mapped_column(UtcDateTime)
    due_at: Mapped[datetime] = mapped_column(UtcDateTime)


class PaymentEvent(Base):
    """One step of a payment's history; folded in order they give its status."""

    __tablename__ = "payment_events"

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"), index=True)
    payment_version: Mapped[int]
    at: Mapped[datetime] = mapped_column(UtcDateTime)
    status: Mapped[str] = mapped_column(String(20))
    provider_event_id: Mapped[str | None] = mapped_column(String(100))


class Refund(Base):
    """Money that goes back: PROCESSING until the provider says REFUNDED or FAILED."""

    __tablename__ = "refunds"
    __table_args__ = (CheckConstraint("amount > 0", name="ck_refunds_amount"),)

    id: Mapped[str] = mapped_column(String(36), primary_key=True)
    payment_id: Mapped[str] = mapped_column(ForeignKey("payments.id"), index=True)
    amount: Mapped[int] = mapped_column(BigInteger)
    status: Mapped[str] = mapped_column(String(20))
    provider_reference: Mapped[str | None] = mapped_column(String(100), unique=True)
    requested_by: Mapped[str] = mapped_column(String(80))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)
    updated_at: Mapped[datetime] = mapped_column(UtcDateTime)


class IdempotencyKey(Base):
    """A request that was begun. Without an outcome it may be taken up again, by whoever gets its lease.

    `fingerprint` is the digest of the request; `subject_id` is the payment or the refund that it made.
    """

    __tablename__ = "idempotency_keys"

    operation: Mapped[str] = mapped_column(String(20), primary_key=True)
    actor: Mapped[str] = mapped_column(String(80), primary_key=True)
    key: Mapped[str] = mapped_column(String(MAX_KEY_CHARACTERS), primary_key=True)
    fingerprint: Mapped[str] = mapped_column(String(64))
    subject_id: Mapped[str] = mapped_column(String(36), index=True)
    lease_until: Mapped[datetime | None] = mapped_column(UtcDateTime)
    outcome: Mapped[str | None] = mapped_column(String(20))
    created_at: Mapped[datetime] = mapped_column(UtcDateTime)


class ProviderEvent(Base):
    """A webhook that was taken in; a second one with its id changes nothing."""

    __tablename__ = "provider_events"

    provider: Mapped[str] = mapped_column(String(20), primary_key=True)
    event_id: Mapped[str] = mapped_column(String(100), primary_key=True)
    type: Mapped[str] = mapped_column(String(CODE_CHARACTERS))
    payment_id: Mapped[str | None] = mapped_column(String(36), index=True)
    received_at: Mapped[datetime] = mapped_column(UtcDateTime)


class Outbox(OutboxColumns, Base):
    """Results that wait to reach the order service."""

    __tablename__ = "outbox"
