"""The one way in which an order's status changes: the row, its history and its event, in the caller's one transaction."""

from datetime import datetime
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import VersionConflict
from subgraphs.kit.storage import outbox
from subgraphs.order import events, repository
from subgraphs.order.model import OrderStatus, is_step
from subgraphs.order.tables import Order, OrderChange, OrderItem, Outbox

SYSTEM = "system"


async def change(
    session: AsyncSession,
    order: Order,
    to: OrderStatus,
    *,
    actor: str,
    now: datetime,
    reason: str | None = None,
    **columns: Any,
) -> Order:
    """The order in status `to`; unchanged when it is there already.

    Args:
        order: read in this transaction, with its lock.
        columns: what else changes with the status.

    Raises:
        ForbiddenStep: when the table of transitions has no such step.
        VersionConflict: when the order was changed at the same moment.
    """
    if not is_step(OrderStatus(order.status), to):
        return order
    before = order.status
    moved = await repository.move(session, order, to.value, now=now, **columns)
    if moved is None:
        raise VersionConflict(order.version + 1)
    _record(session, moved, before=before, actor=actor, reason=reason, now=now)
    items = await repository.items(session, moved.id)
    changed = events.OrderStatusChanged(
        **_about(moved),
        before=before,
        after=moved.status,
        actor=actor,
        reason=reason,
        items=_sold(items),
        total=moved.total_amount,
    )
    _tell(session, changed, now=now)
    return moved


async def begin(session: AsyncSession, order: Order, items: list[OrderItem], *, now: datetime) -> None:
    """Write a new order with its items, the first row of its history, and its event."""
    session.add(order)
    await session.flush()
    session.add_all(items)
    _record(session, order, before=None, actor="buyer", reason=None, now=now)
    placed = events.OrderPlaced(
        **_about(order),
        status=order.status,
        items=_sold(items),
        subtotal=order.subtotal_amount,
        shipping=order.shipping_amount,
        total=order.total_amount,
    )
    _tell(session, placed, now=now)


def owe_refund(session: AsyncSession, order: Order, payment_id: str, *, reason: str, now: datetime) -> None:
    """Note that what is left of a payment goes back; how much that is payment knows when the event is delivered."""
    owed = events.OrderRefundOwed(**_about(order), payment_id=payment_id, reason=reason)
    _tell(session, owed, now=now)


def _tell(session: AsyncSession, event: events.OrderEvent, *, now: datetime) -> None:
    """Write an event into the outbox."""
    outbox.put(
        session, Outbox, events.envelope(event, occurred_at=now), queue=events.QUEUE, actor_name=events.ACTOR_NAME
    )


def _about(order: Order) -> dict[str, Any]:
    """What every event says of its order."""
    return {
        "order_id": order.id,
        "order_version": order.version,
        "number": order.number,
        "buyer_id": order.buyer_id,
        "currency": order.currency,
    }


def _record(
    session: AsyncSession, order: Order, *, before: str | None, actor: str, reason: str | None, now: datetime
) -> None:
    session.add(
        OrderChange(
            id=uuid7(now),
            order_id=order.id,
            version=order.version,
            at=now,
            before=before,
            after=order.status,
            actor=actor,
            reason=reason,
        )
    )


def _sold(items: list[OrderItem]) -> list[events.OrderedItem]:
    return [
        events.OrderedItem(
            product_id=item.product_id,
            seller_id=item.seller_id,
            title=item.title,
            quantity=item.quantity,
            unit_price=item.unit_price_amount,
        )
        for item in items
    ]
