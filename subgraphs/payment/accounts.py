"""Writes of orders' accounts: whether an order takes payments, and what payment still has to do for one that does not."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.upserts import insert_missing
from subgraphs.payment.tables import OrderAccount

FIRST_PAUSE = timedelta(seconds=15)
MAX_PAUSE = timedelta(minutes=15)


async def locked(session: AsyncSession, order_id: str) -> OrderAccount:
    """Return the order's account, made where it is missing and locked until the transaction ends.

    A new payment and the closing of the order both begin with this lock, so one of them sees the other.
    """
    row = {"order_id": order_id, "closed_at": None, "settle_at": None, "attempts": 0}
    await insert_missing(session, OrderAccount, [row])
    account = await session.scalar(
        select(OrderAccount)
        .where(OrderAccount.order_id == order_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )
    assert account is not None, "an account is never deleted"
    return account


async def close(session: AsyncSession, order_id: str, *, now: datetime, settle_at: datetime | None) -> None:
    """Take no payment for the order from now on; the first time stays.

    Args:
        settle_at: when to look for what is left to withdraw or to give back; None when nothing is.
    """
    await session.execute(
        update(OrderAccount)
        .where(OrderAccount.order_id == order_id, OrderAccount.closed_at.is_(None))
        .values(closed_at=now)
        .execution_options(synchronize_session=False)
    )
    if settle_at is not None:
        await session.execute(
            update(OrderAccount)
            .where(OrderAccount.order_id == order_id)
            .values(settle_at=settle_at, attempts=0)
            .execution_options(synchronize_session=False)
        )


async def is_closed(session: AsyncSession, order_id: str) -> bool:
    """True for an order that takes no payment any more."""
    closed_at = await session.scalar(select(OrderAccount.closed_at).where(OrderAccount.order_id == order_id))
    return closed_at is not None


async def settle_soon(session: AsyncSession, order_id: str, *, now: datetime) -> None:
    """Have a closed order looked at at once: money came for it. An open order is left alone."""
    await session.execute(
        update(OrderAccount)
        .where(OrderAccount.order_id == order_id, OrderAccount.closed_at.is_not(None))
        .values(settle_at=now, attempts=0)
        .execution_options(synchronize_session=False)
    )


async def settled(session: AsyncSession, order_id: str) -> None:
    """Note that nothing of a closed order is left to withdraw or to give back."""
    await session.execute(
        update(OrderAccount)
        .where(OrderAccount.order_id == order_id)
        .values(settle_at=None, attempts=0)
        .execution_options(synchronize_session=False)
    )


async def claim_due(session: AsyncSession, *, now: datetime, limit: int) -> Sequence[str]:
    """Return the orders that are due to be settled, and put off their next time by a growing pause; two replicas never claim one."""
    due = (
        select(OrderAccount)
        .where(OrderAccount.settle_at <= now)
        .order_by(OrderAccount.settle_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    )
    accounts = (await session.scalars(due)).all()
    for account in accounts:
        account.settle_at = now + min(FIRST_PAUSE * 2 ** min(account.attempts, 10), MAX_PAUSE)
        account.attempts += 1
    return [account.order_id for account in accounts]
