"""Delivering an event of order's: into the analytics log, to the catalog and to payment where something follows from it, and on to the workers of others.

The outbox row is the job, and it is settled after all of this. So each of these may happen twice, and each is made to bear it: the log and the other consumers know an event
by its id, the catalog a reservation by its order, payment gives back what is left and no more. Events of one order may come in any order.
"""

from dataclasses import dataclass
from typing import assert_never

import structlog

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.storage.session import Database
from subgraphs.order import commands, events
from subgraphs.order.analytics import log
from subgraphs.order.clients.catalog import CatalogService
from subgraphs.order.clients.payment import PaymentService, Terms
from subgraphs.order.event_streams import EventStreams
from subgraphs.order.model import OrderStatus

_log = structlog.get_logger(__name__)
_EVENTS: dict[str, type[events.OrderEvent]] = {
    "order.placed": events.OrderPlaced,
    "order.status_changed": events.OrderStatusChanged,
    "order.refund_owed": events.OrderRefundOwed,
}


@dataclass(frozen=True, slots=True)
class EffectServices:
    """What a delivery needs."""

    database: Database
    analytics: Database
    catalog: CatalogService
    payments: PaymentService
    followers: EventStreams
    clock: Clock = utc_now


async def deliver(services: EffectServices, envelope: Envelope) -> None:
    """Deliver one event; whatever this raises, it may be called again.

    Raises:
        ServiceError: when the catalog or payment gives no answer, or payment's provider refuses.
        QueueUnavailable: when the followers could not be told.
    """
    await log.append(services.analytics, [envelope], now=services.clock())
    event = _EVENTS[envelope.type].model_validate(envelope.data)
    match event:
        case events.OrderPlaced():
            pass
        case events.OrderStatusChanged():
            await _move_stock(services, event)
            await _end_payments(services, event)
        case events.OrderRefundOwed():
            await services.payments.refund_rest(event.payment_id)
        case _:
            assert_never(event)
    await services.followers.tell(envelope)


async def _move_stock(services: EffectServices, event: events.OrderStatusChanged) -> None:
    match OrderStatus(event.after):
        case OrderStatus.PAID:
            if await services.catalog.sell(event.order_id):
                return
            is_given_up = await commands.give_up_unsold(services.database, event.order_id, now=services.clock())
            _log.error("order.paid_but_not_sold", order_id=event.order_id, is_cancelled=is_given_up)
        case OrderStatus.CANCELLED | OrderStatus.EXPIRED:
            await _free_stock(services, event)
        case OrderStatus.REFUNDED if OrderStatus(event.before) is OrderStatus.PAID:
            # Nothing was shipped. What was is with the buyer, and the seller counts it when it comes back.
            await _free_stock(services, event)
        case _:
            pass


async def _end_payments(services: EffectServices, event: events.OrderStatusChanged) -> None:
    """Have payment withdraw what is under way for an order that was called off, and give back what was paid for it."""
    was_payable = OrderStatus(event.before) is not OrderStatus.PENDING
    if OrderStatus(event.after) in {OrderStatus.CANCELLED, OrderStatus.EXPIRED} and was_payable:
        closing = await services.payments.close_order(event.order_id, Terms.ALWAYS)
        _log.info("order.payments_closed", order_id=event.order_id, outcome=closing.outcome.value)


async def _free_stock(services: EffectServices, event: events.OrderStatusChanged) -> None:
    is_free = await services.catalog.free(event.order_id)
    _log.info("order.stock_freed", order_id=event.order_id, is_free=is_free, before=event.before)
