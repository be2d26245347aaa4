"""What payment tells becomes an order's next step: once for each event, however often it is told.

A capture that the order waits for makes it PAID. One that it cannot take (it is cancelled, expired, paid already, or the sum is wrong) is
owed back. A payment that went back in full makes the order REFUNDED.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.inbox import is_first_receipt
from subgraphs.kit.storage.session import Database
from subgraphs.order import changes, repository
from subgraphs.order.model import TRANSITIONS, OrderStatus
from subgraphs.order.tables import Inbox, Order

ACTOR = "payment"
CONSUMER = "order.payment_result"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class PaymentResult:
    """An event of payment's, as far as order needs it; amounts in minor units.

    Args:
        amount: what was captured; for a refund what has gone back in all.
        captured_amount: what was captured in all.
    """

    event_id: str
    type: Literal["payment.captured", "payment.failed", "payment.refunded"]
    order_id: str
    payment_id: str
    amount: int
    captured_amount: int
    currency: str


async def record(database: Database, result: PaymentResult, *, now: datetime) -> bool:
    """Take in a result; False when it was taken in before, or no such order is known."""
    async with database.transaction() as session:
        if not await is_first_receipt(session, Inbox, result.event_id, consumer=CONSUMER, now=now):
            return False
        order = await repository.locked_order(session, result.order_id)
        if order is None:
            _log.error("order.payment_of_unknown_order", order_id=result.order_id, payment_id=result.payment_id)
            return False
        match result.type:
            case "payment.captured":
                await _captured(session, order, result, now=now)
            case "payment.refunded":
                await _refunded(session, order, result, now=now)
            case "payment.failed":  # the buyer may try again until the order expires
                _log.info("order.payment_failed", order_id=order.id, payment_id=result.payment_id)
    return True


async def _captured(session: AsyncSession, order: Order, result: PaymentResult, *, now: datetime) -> None:
    if order.payment_id == result.payment_id:
        return
    is_enough = (result.amount, result.currency) == (order.total_amount, order.currency)
    if order.status == OrderStatus.AWAITING_PAYMENT.value and is_enough:
        await changes.change(
            session,
            order,
            OrderStatus.PAID,
            actor=ACTOR,
            now=now,
            payment_id=result.payment_id,
            captured_amount=result.amount,
        )
        return
    reason = f"An order that was {order.status} was paid" if is_enough else "The sum is not the order's"
    _log.warning("order.payment_not_taken", order_id=order.id, payment_id=result.payment_id, status=order.status)
    if OrderStatus(order.status) in {OrderStatus.CANCELLED, OrderStatus.EXPIRED}:
        await repository.note_payment(session, order.id, result.payment_id, captured_amount=result.amount)
    changes.owe_refund(session, order, result.payment_id, result.amount, reason=reason, now=now)


async def _refunded(session: AsyncSession, order: Order, result: PaymentResult, *, now: datetime) -> None:
    is_whole = result.payment_id == order.payment_id and result.amount >= result.captured_amount
    if is_whole and OrderStatus.REFUNDED in TRANSITIONS[OrderStatus(order.status)]:
        await changes.change(session, order, OrderStatus.REFUNDED, actor=ACTOR, now=now)
