"""Reads of the payment database; many ids in, what was found out."""

from collections.abc import Sequence

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.rows_by_key import grouped, rows_by
from subgraphs.payment.tables import Payment, PaymentEvent, ProviderEvent, Refund


async def payments_by_id(session: AsyncSession, ids: Sequence[str]) -> dict[str, Payment]:
    """The payments that exist, by id."""
    return await rows_by(session, Payment, Payment.id, ids)


async def payments_by_order(session: AsyncSession, order_ids: Sequence[str]) -> dict[str, list[Payment]]:
    """The payments of the orders, oldest first."""
    rows = await session.scalars(
        select(Payment).where(Payment.order_id.in_(order_ids)).order_by(Payment.created_at, Payment.id)
    )
    return grouped((row.order_id, row) for row in rows)


async def history_by_payment(session: AsyncSession, payment_ids: Sequence[str]) -> dict[str, list[PaymentEvent]]:
    """The steps of the payments, in the order in which they were taken."""
    rows = await session.scalars(
        select(PaymentEvent).where(PaymentEvent.payment_id.in_(payment_ids)).order_by(PaymentEvent.payment_version)
    )
    return grouped((row.payment_id, row) for row in rows)


async def refunds_by_payment(session: AsyncSession, payment_ids: Sequence[str]) -> dict[str, list[Refund]]:
    """The refunds of the payments, oldest first."""
    rows = await session.scalars(
        select(Refund).where(Refund.payment_id.in_(payment_ids)).order_by(Refund.created_at, Refund.id)
    )
    return grouped((row.payment_id, row) for row in rows)


async def is_known_event(session: AsyncSession, *, provider: str, event_id: str) -> bool:
    """True for a webhook that was taken in."""
    return await session.get(ProviderEvent, (provider, event_id)) is not None
