"""What payment says of an order's money becomes the order's next step, once for each event, however often and in whatever order it is told.

Each word of payment's is a snapshot: what a payment took and gave back in all. A capture that the order waits for makes it PAID. One that it
cannot take (it is called off, paid already, or the sum is wrong) goes back. A payment that went back in full makes the order REFUNDED,
also when the capture itself was not heard of yet. Order keeps by which payment it was paid, and none of the sums.
"""

from dataclasses import dataclass
from datetime import datetime
from typing import Literal

import structlog
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.inbox import is_first_receipt
from subgraphs.kit.storage.session import Database, run_again_on_conflict
from subgraphs.order import repository
from subgraphs.order import status_changes as changes
from subgraphs.order.clients.payment import PaymentSums
from subgraphs.order.model import CALLED_OFF, TRANSITIONS, OrderStatus
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

    @property
    def sums(self) -> PaymentSums:
        """What the payment took and gave back when the event was written."""
        refunded = self.amount if self.type == "payment.refunded" else 0
        return PaymentSums(self.payment_id, self.captured_amount, refunded, self.currency)


@run_again_on_conflict
async def record(database: Database, result: PaymentResult, *, now: datetime) -> bool:
    """Record a result; False when it was recorded before, or no such order is known."""
    async with database.transaction() as session:
        if not await is_first_receipt(session, Inbox, result.event_id, consumer=CONSUMER, now=now):
            return False
        order = await repository.locked_order(session, result.order_id)
        if order is None:
            _log.error("order.payment_of_unknown_order", order_id=result.order_id, payment_id=result.payment_id)
            return False
        if result.type == "payment.failed":  # the buyer may try again until the order expires
            _log.info("order.payment_failed", order_id=order.id, payment_id=result.payment_id)
            return True
        await follow(session, order, result.sums, now=now)
    return True


async def follow(session: AsyncSession, order: Order, sums: PaymentSums, *, now: datetime) -> Order:
    """Return the order after what payment says of one of its payments.

    Args:
        order: read in this transaction, with its lock.
    """
    order = await _captured(session, order, sums, now=now)
    is_whole = sums.refunded_amount >= sums.captured_amount > 0
    may_be_refunded = OrderStatus.REFUNDED in TRANSITIONS[OrderStatus(order.status)]
    if order.payment_id == sums.payment_id and is_whole and may_be_refunded:
        return await changes.change(session, order, OrderStatus.REFUNDED, actor=ACTOR, now=now)
    return order


async def _captured(session: AsyncSession, order: Order, sums: PaymentSums, *, now: datetime) -> Order:
    if order.payment_id == sums.payment_id or sums.captured_amount == 0:
        return order
    is_enough = (sums.captured_amount, sums.currency) == (order.total_amount, order.currency)
    if order.status == OrderStatus.AWAITING_PAYMENT.value and is_enough:
        return await changes.change(session, order, OrderStatus.PAID, actor=ACTOR, now=now, payment_id=sums.payment_id)
    reason = f"An order that was {order.status} was paid" if is_enough else "The sum is not the order's"
    _log.warning("order.payment_not_taken", order_id=order.id, payment_id=sums.payment_id, status=order.status)
    if OrderStatus(order.status) in CALLED_OFF and order.payment_id is None:
        order = await repository.note_payment(session, order.id, sums.payment_id)
    if sums.refunded_amount < sums.captured_amount:
        changes.owe_refund(session, order, sums.payment_id, reason=reason, now=now)
    return order
