"""The guarded writes of the order database. Whoever changes an order first takes its lock, then looks at its status."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.upserts import insert_missing
from subgraphs.order.model import CALLED_OFF, OrderStatus
from subgraphs.order.tables import IdempotencyKey, Order, OrderItem


async def locked_order(session: AsyncSession, order_id: str) -> Order | None:
    """The order as it is now, and nobody else changes it until the transaction ends."""
    return await session.scalar(
        select(Order).where(Order.id == order_id).with_for_update().execution_options(populate_existing=True)
    )


async def items(session: AsyncSession, order_id: str) -> list[OrderItem]:
    """The items of an order, in their order."""
    rows = await session.scalars(select(OrderItem).where(OrderItem.order_id == order_id).order_by(OrderItem.position))
    return list(rows)


async def move(session: AsyncSession, order: Order, to: str, *, now: datetime, **columns: Any) -> Order | None:
    """The order in its next status and version; None when it is not at the version that was read any more."""
    moved = await session.scalars(
        update(Order)
        .where(Order.id == order.id, Order.version == order.version, Order.status == order.status)
        .values(status=to, version=Order.version + 1, updated_at=now, **columns)
        .returning(Order)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return moved.one_or_none()


async def note_payment(session: AsyncSession, order_id: str, payment_id: str) -> Order:
    """Return the order, with by which payment its money came; call it with the order's lock."""
    noted = await session.scalars(
        update(Order)
        .where(Order.id == order_id)
        .values(payment_id=payment_id)
        .returning(Order)
        .execution_options(synchronize_session=False, populate_existing=True)
    )
    return noted.one()


async def put_off(session: AsyncSession, order_id: str, *, now: datetime, pay_by: datetime) -> None:
    """Hold an order that was not paid in time for longer."""
    await session.execute(
        update(Order)
        .where(Order.id == order_id, Order.status == OrderStatus.AWAITING_PAYMENT.value, Order.pay_by <= now)
        .values(pay_by=pay_by)
        .execution_options(synchronize_session=False)
    )


async def ship_items(
    session: AsyncSession, order_id: str, seller_id: str, *, tracking_number: str | None, now: datetime
) -> None:
    """Mark the seller's items as shipped; those that are keep their day and number."""
    await session.execute(
        update(OrderItem)
        .where(OrderItem.order_id == order_id, OrderItem.seller_id == seller_id, OrderItem.shipped_at.is_(None))
        .values(shipped_at=now, tracking_number=tracking_number)
        .execution_options(synchronize_session=False)
    )


async def overdue(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[Order]:
    """Orders that were not paid in time, the longest due first."""
    due = (
        select(Order)
        .where(Order.status == OrderStatus.AWAITING_PAYMENT.value, Order.pay_by <= now)
        .order_by(Order.pay_by)
        .limit(limit)
    )
    return (await session.scalars(due)).all()


async def unfinished(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[IdempotencyKey]:
    """The keys of orders that are PENDING while no request is at work on them, the oldest first."""
    left = (
        select(IdempotencyKey)
        .join(Order, Order.id == IdempotencyKey.order_id)
        .where(
            Order.status == OrderStatus.PENDING.value,
            IdempotencyKey.outcome.is_(None),
            IdempotencyKey.lease_until <= now,
        )
        .order_by(IdempotencyKey.lease_until)
        .limit(limit)
    )
    return (await session.scalars(left)).all()


async def holding(session: AsyncSession, order_ids: Sequence[str]) -> set[str]:
    """Those of the orders whose stock is theirs: all that are known and not called off."""
    called_off = [status.value for status in CALLED_OFF]
    rows = await session.scalars(select(Order.id).where(Order.id.in_(order_ids), Order.status.not_in(called_off)))
    return set(rows)


async def known_key(session: AsyncSession, buyer_id: str, key: str) -> IdempotencyKey | None:
    """What the buyer's key stands for, when it was used."""
    return await session.get(IdempotencyKey, (buyer_id, key), populate_existing=True)


async def take_key(session: AsyncSession, **values: Any) -> bool:
    """Write a new key; False when it was used meanwhile."""
    return bool(await insert_missing(session, IdempotencyKey, [values]))


async def renew_lease(session: AsyncSession, known: IdempotencyKey, *, now: datetime, lease_until: datetime) -> bool:
    """Take up a request that was cut off; False while another one is at work on it."""
    renewed = await session.execute(
        update(IdempotencyKey)
        .where(
            IdempotencyKey.buyer_id == known.buyer_id,
            IdempotencyKey.key == known.key,
            IdempotencyKey.outcome.is_(None),
            IdempotencyKey.lease_until <= now,
        )
        .values(lease_until=lease_until)
        .returning(IdempotencyKey.key)
        .execution_options(synchronize_session=False)
    )
    return renewed.first() is not None


async def release_lease(session: AsyncSession, order_id: str, *, now: datetime) -> None:
    """Let the next request with the key go on at once."""
    await session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.order_id == order_id, IdempotencyKey.outcome.is_(None))
        .values(lease_until=now)
        .execution_options(synchronize_session=False)
    )


async def set_outcome(session: AsyncSession, order_id: str, outcome: dict[str, Any]) -> None:
    """Write what the request came to; the first outcome stays."""
    await session.execute(
        update(IdempotencyKey)
        .where(IdempotencyKey.order_id == order_id, IdempotencyKey.outcome.is_(None))
        .values(outcome=outcome)
        .execution_options(synchronize_session=False)
    )
