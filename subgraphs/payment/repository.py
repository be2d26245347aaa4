"""Writes of the payment database, each guarded: the row count says whether it took place."""

from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import or_, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.rules import fitted
from subgraphs.kit.storage.upserts import insert_missing
from subgraphs.payment.model import STANDING, UNDECIDED, PaymentStatus
from subgraphs.payment.tables import CODE_CHARACTERS, IdempotencyKey, Payment, PaymentEvent, ProviderEvent, Refund

AT_THE_PROVIDER = "provider"
"""Who asked for a refund that was not made through us."""

_REFUNDABLE = (PaymentStatus.CAPTURED.value, PaymentStatus.PARTIALLY_REFUNDED.value)


async def payment(session: AsyncSession, payment_id: str) -> Payment | None:
    """The payment, locked until the transaction ends where the database locks rows."""
    return await session.scalar(
        select(Payment).where(Payment.id == payment_id).with_for_update().execution_options(populate_existing=True)
    )


async def standing_payment(session: AsyncSession, order_id: str) -> Payment | None:
    """The order's one payment that took money or yet may."""
    return await session.scalar(
        select(Payment).where(Payment.order_id == order_id, Payment.status.in_([status.value for status in STANDING]))
    )


async def add_payment(session: AsyncSession, **columns: Any) -> bool:
    """Add a payment and the first step of its history; False when the order has a standing one."""
    start: dict[str, Any] = {
        "status": PaymentStatus.CREATED.value,
        "provider_reference": None,
        "action_type": None,
        "action_redirect_url": None,
        "action_client_secret": None,
        "failure_code": None,
        "failure_message": None,
        "failure_is_retryable": None,
        "captured_amount": 0,
        "refunded_amount": 0,
        "refunding_amount": 0,
        "version": 1,
    }
    if not await insert_missing(session, Payment, [{**start, **columns, "updated_at": columns["created_at"]}]):
        return False
    add_step(session, columns["id"], version=1, status=start["status"], at=columns["created_at"])
    return True


def add_step(
    session: AsyncSession,
    payment_id: str,
    *,
    version: int,
    status: str,
    at: datetime,
    provider_event_id: str | None = None,
) -> None:
    """Write one step of a payment's history."""
    session.add(
        PaymentEvent(
            id=uuid7(at),
            payment_id=payment_id,
            payment_version=version,
            at=at,
            status=status,
            provider_event_id=provider_event_id,
        )
    )


async def change_payment(session: AsyncSession, current: Payment, *, now: datetime, **columns: Any) -> Payment:
    """The payment with its next version.

    Raises:
        LookupError: when it was changed since `current` was read; the transaction is to be rolled back.
    """
    changed = await session.execute(
        update(Payment)
        .where(Payment.id == current.id, Payment.version == current.version)
        .values(**columns, version=current.version + 1, updated_at=now)
        .returning(Payment)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    after = changed.scalar_one_or_none()
    if after is None:
        raise LookupError(f"payment {current.id} was changed meanwhile")
    return after


async def note_reference(session: AsyncSession, payment_id: str, reference: str) -> None:
    """Remember the provider's name for a payment; a second time changes nothing."""
    await session.execute(
        update(Payment)
        .where(Payment.id == payment_id, Payment.provider_reference.is_(None))
        .values(provider_reference=reference)
        .execution_options(synchronize_session=False)
    )


async def promise_refund(session: AsyncSession, payment_id: str, amount: int, *, now: datetime) -> bool:
    """Set an amount aside for a refund; False when less than that is captured and neither refunded nor set aside."""
    promised = await session.execute(
        update(Payment)
        .where(
            Payment.id == payment_id,
            Payment.status.in_(_REFUNDABLE),
            Payment.captured_amount - Payment.refunded_amount - Payment.refunding_amount >= amount,
        )
        .values(refunding_amount=Payment.refunding_amount + amount, updated_at=now)
        .execution_options(synchronize_session=False)
    )
    return promised.rowcount == 1  # type: ignore[attr-defined, no-any-return]


async def settle_refund(
    session: AsyncSession, refund_id: str, status: PaymentStatus, *, reference: str | None, now: datetime
) -> Refund | None:
    """The refund that is decided now, or None when it was decided before."""
    settled = await session.execute(
        update(Refund)
        .where(Refund.id == refund_id, Refund.status == PaymentStatus.PROCESSING.value)
        .values(status=status.value, provider_reference=reference, updated_at=now)
        .returning(Refund)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return settled.scalar_one_or_none()


async def adopt_refund(
    session: AsyncSession, payment_id: str, amount: int, *, reference: str, now: datetime
) -> Refund | None:
    """Write a refund that was made at the provider; None when its reference is known."""
    row = {
        "id": uuid7(now),
        "payment_id": payment_id,
        "amount": amount,
        "status": PaymentStatus.REFUNDED.value,
        "provider_reference": reference,
        "requested_by": AT_THE_PROVIDER,
        "created_at": now,
        "updated_at": now,
    }
    if not await insert_missing(session, Refund, [row]):
        return None
    return await refund(session, str(row["id"]))


async def undecided_refunds(session: AsyncSession, payment_id: str) -> list[Refund]:
    """The refunds of a payment that the provider has not decided, oldest first."""
    rows = await session.scalars(
        select(Refund)
        .where(Refund.payment_id == payment_id, Refund.status == PaymentStatus.PROCESSING.value)
        .order_by(Refund.created_at)
    )
    return list(rows)


async def claim_unasked(session: AsyncSession, *, now: datetime, older_than: timedelta, limit: int) -> list[Payment]:
    """The payments that the provider has not decided for so long, or has refunds of to decide; noted as asked, so that two replicas share them."""
    before = now - older_than
    is_undecided = or_(Payment.status.in_([status.value for status in UNDECIDED]), Payment.refunding_amount > 0)
    due = (
        select(Payment.id)
        .where(is_undecided, Payment.updated_at <= before, or_(Payment.asked_at.is_(None), Payment.asked_at <= before))
        .order_by(Payment.asked_at.asc().nulls_first(), Payment.id)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    ids = list(await session.scalars(due))
    if not ids:
        return []
    claimed = await session.scalars(
        update(Payment)
        .where(Payment.id.in_(ids))
        .values(asked_at=now)
        .returning(Payment)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return list(claimed)


async def refund(session: AsyncSession, refund_id: str) -> Refund | None:
    """The refund."""
    return await session.get(Refund, refund_id, populate_existing=True)


async def take_key(
    session: AsyncSession,
    *,
    operation: str,
    actor: str,
    key: str,
    fingerprint: str,
    subject_id: str,
    now: datetime,
    lease_until: datetime,
) -> bool:
    """Write a new key with its lease; False when it is known."""
    row = {
        "operation": operation,
        "actor": actor,
        "key": key,
        "fingerprint": fingerprint,
        "subject_id": subject_id,
        "lease_until": lease_until,
        "outcome": None,
        "created_at": now,
    }
    return bool(await insert_missing(session, IdempotencyKey, [row]))


async def known_key(session: AsyncSession, *, operation: str, actor: str, key: str) -> IdempotencyKey | None:
    """The key's row."""
    return await session.get(IdempotencyKey, (operation, actor, key), populate_existing=True)


async def renew_lease(session: AsyncSession, known: IdempotencyKey, *, now: datetime, lease_until: datetime) -> bool:
    """Take up a begun request; False when somebody is at it, or it has its outcome."""
    renewed = await session.execute(
        update(IdempotencyKey)
        .where(
            IdempotencyKey.operation == known.operation,
            IdempotencyKey.actor == known.actor,
            IdempotencyKey.key == known.key,
            IdempotencyKey.outcome.is_(None),
            IdempotencyKey.lease_until.is_(None) | (IdempotencyKey.lease_until <= now),
        )
        .values(lease_until=lease_until)
        .execution_options(synchronize_session=False)
    )
    return renewed.rowcount == 1  # type: ignore[attr-defined, no-any-return]


async def release_lease(session: AsyncSession, subject_id: str) -> None:
    """Let the next request with the key take it up at once."""
    await session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.subject_id == subject_id, IdempotencyKey.outcome.is_(None))
        .values(lease_until=None)
        .execution_options(synchronize_session=False)
    )


async def set_outcome(session: AsyncSession, subject_id: str, outcome: str) -> None:
    """Write what the request came to; the first outcome stays."""
    await session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.subject_id == subject_id, IdempotencyKey.outcome.is_(None))
        .values(outcome=outcome, lease_until=None)
        .execution_options(synchronize_session=False)
    )


async def is_leased(session: AsyncSession, subject_id: str, *, now: datetime) -> bool:
    """True while a request is at work on the payment or refund."""
    leased = await session.scalar(
        select(IdempotencyKey.key).where(
            IdempotencyKey.subject_id == subject_id, IdempotencyKey.outcome.is_(None), IdempotencyKey.lease_until > now
        )
    )
    return leased is not None


async def is_first_receipt(
    session: AsyncSession, *, provider: str, event_id: str, event_type: str, payment_id: str | None, now: datetime
) -> bool:
    """Record a webhook; True the first time. Call it first in the transaction that makes its effect."""
    kind = fitted(event_type, CODE_CHARACTERS)
    row = {"provider": provider, "event_id": event_id, "type": kind, "payment_id": payment_id, "received_at": now}
    return bool(await insert_missing(session, ProviderEvent, [row]))
