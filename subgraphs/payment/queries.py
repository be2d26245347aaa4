"""Reads of the payment database; many ids in, what was found out."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.payment.tables import Payment, PaymentEvent, ProviderEvent, Refund


async def payments_by_id(session: AsyncSession, ids: Sequence[str]) -> dict[str, Payment]:
    """The payments that exist, by id."""
    return {row.id: row for row in await session.scalars(select(Payment).where(Payment.id.in_(ids)))}


async def payments_by_order(session: AsyncSession, order_ids: Sequence[str]) -> dict[str, list[Payment]]:
    """The payments of the orders, oldest first."""
    found: dict[str, list[Payment]] = {}
    for row in await session.scalars(
        select(Payment).where(Payment.order_id.in_(order_ids)).order_by(Payment.created_at, Payment.id)
    ):
        found.setdefault(row.order_id, []).append(row)
    return found


async def history_by_payment(session: AsyncSession, payment_ids: Sequence[str]) -> dict[str, list[PaymentEvent]]:
    """The steps of the payments, in the order in which they were taken."""
    found: dict[str, list[PaymentEvent]] = {}
    steps = select(PaymentEvent).where(PaymentEvent.payment_id.in_(payment_ids)).order_by(PaymentEvent.payment_version)
    for row in await session.scalars(steps):
        found.setdefault(row.payment_id, []).append(row)
    return found


async def refunds_by_payment(session: AsyncSession, payment_ids: Sequence[str]) -> dict[str, list[Refund]]:
    """The refunds of the payments, oldest first."""
    found: dict[str, list[Refund]] = {}
    for row in await session.scalars(
        select(Refund).where(Refund.payment_id.in_(payment_ids)).order_by(Refund.created_at, Refund.id)
    ):
        found.setdefault(row.payment_id, []).append(row)
    return found


async def is_known_event(session: AsyncSession, *, provider: str, event_id: str) -> bool:
    """True for a webhook that was taken in."""
    return await session.get(ProviderEvent, (provider, event_id)) is not None
