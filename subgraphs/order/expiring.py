"""The end of orders that are not paid in time. Payment is asked first: an order is not undone while its money may be on its way.

    CLOSED      no payment stands, and payment takes none any more: the order expires
    UNDER_WAY   the order waits on, and payment is asked again
    PAID        the order is paid, although nobody has told it so yet
    no answer   the order waits on

A buyer who is at the bank's page holds the order once as long again as an unpaid order is held; after that the payment is withdrawn.
"""

from datetime import datetime, timedelta
from typing import assert_never

import structlog

from subgraphs.kit.runtime.client import ServiceError
from subgraphs.kit.storage.session import run_again_on_conflict
from subgraphs.order import payment_results, repository
from subgraphs.order import status_changes as changes
from subgraphs.order.clients.payment import Closing, Outcome, Terms
from subgraphs.order.dependencies import OrderDependencies
from subgraphs.order.model import OrderStatus
from subgraphs.order.tables import Order

EXPIRED_AT_ONCE = 100
ASK_AGAIN = timedelta(seconds=30)
REASON = "It was not paid in time"

_log = structlog.get_logger(__name__)


async def expire_overdue(dependencies: OrderDependencies) -> int:
    """End the orders that were not paid in time and will not be; how many. Any number of replicas may do so at once."""
    async with dependencies.database.reading() as session:
        overdue = await repository.overdue(session, now=dependencies.clock(), limit=EXPIRED_AT_ONCE)
    expired = 0
    for order in overdue:
        try:
            closing = await dependencies.payments.close_order(order.id, _terms(dependencies, order))
        except ServiceError as error:
            _log.warning("order.expiry_waits", order_id=order.id, error=str(error))
            break  # the others would wait for the same answer
        expired += await _follow(dependencies, order.id, closing)
    return expired


def _terms(dependencies: OrderDependencies, order: Order) -> Terms:
    patience = timedelta(seconds=2 * dependencies.hold_seconds)
    return Terms.IF_IDLE if dependencies.clock() < order.created_at + patience else Terms.IF_UNCONFIRMED


@run_again_on_conflict
async def _follow(dependencies: OrderDependencies, order_id: str, closing: Closing) -> bool:
    """Do with the order as payment's answer has it; True when it has expired."""
    now: datetime = dependencies.clock()
    async with dependencies.database.transaction() as session:
        order = await repository.locked_order(session, order_id)
        if order is None or order.status != OrderStatus.AWAITING_PAYMENT.value:
            return False
        match closing.outcome:
            case Outcome.CLOSED:
                await changes.change(session, order, OrderStatus.EXPIRED, actor=changes.SYSTEM, reason=REASON, now=now)
                return True
            case Outcome.PAID if closing.standing is not None:
                _log.warning("order.paid_without_a_word", order_id=order.id, payment_id=closing.standing.payment_id)
                await payment_results.follow(session, order, closing.standing, now=now)
            case Outcome.PAID | Outcome.UNDER_WAY:
                _log.info("order.expiry_put_off", order_id=order.id)
            case _:
                assert_never(closing.outcome)
        # Also where it was paid with a sum that is not the order's: it waits until that payment is gone.
        await repository.put_off(session, order_id, now=now, pay_by=now + ASK_AGAIN)
        return False
