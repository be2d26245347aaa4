"""What the parties of an order do with it. Stock and money follow by the event of each change: see `delivery`."""

from datetime import datetime

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.refusals import NotFound, VersionConflict
from subgraphs.kit.storage.session import Database, run_again_on_conflict
from subgraphs.order import repository
from subgraphs.order import status_changes as changes
from subgraphs.order.model import (
    MAX_REASON_CHARACTERS,
    MAX_TRACKING_CHARACTERS,
    OrderStatus,
    Party,
    check_text,
    is_step,
)
from subgraphs.order.tables import Order


@run_again_on_conflict
async def cancel_order(
    database: Database, order_id: str, *, buyer_id: str, reason: str | None, expected_version: int, now: datetime
) -> Order:
    """The buyer's order, cancelled. The event has payment withdraw what is under way and give back what was paid.

    Raises:
        NotFound: when there is none, or it is somebody else's.
        ForbiddenStep: when it is too late for that.
        VersionConflict: when it is not at the expected version any more.
    """
    kept = check_text(reason, most=MAX_REASON_CHARACTERS, path="reason")
    async with database.transaction() as session:
        order = await _of_buyer(session, order_id, buyer_id)
        if not _moves(order, OrderStatus.CANCELLED, expected_version, Party.BUYER):
            return order
        return await changes.change(session, order, OrderStatus.CANCELLED, actor="buyer", reason=kept, now=now)


@run_again_on_conflict
async def mark_shipped(
    database: Database,
    order_id: str,
    *,
    seller_id: str,
    tracking_number: str | None,
    expected_version: int,
    now: datetime,
) -> Order:
    """The order with the seller's items on their way: SHIPPED when all sellers have shipped, FULFILLING before.

    Raises:
        NotFound: when there is none with an item of the seller's.
        ForbiddenStep: when it is not paid, or is over.
        VersionConflict: when it is not at the expected version any more.
    """
    tracking = check_text(tracking_number, most=MAX_TRACKING_CHARACTERS, path="trackingNumber")
    async with database.transaction() as session:
        order = await repository.locked_order(session, order_id)
        items = await repository.items(session, order_id)
        own = [item for item in items if item.seller_id == seller_id]
        if order is None or not own:
            raise NotFound("The order")
        if all(item.shipped_at is not None for item in own):
            return order
        _moves(order, OrderStatus.SHIPPED, expected_version, Party.SELLER)
        await repository.ship_items(session, order_id, seller_id, tracking_number=tracking, now=now)
        is_complete = all(item.shipped_at is not None for item in items if item.seller_id != seller_id)
        to = OrderStatus.SHIPPED if is_complete else OrderStatus.FULFILLING
        return await changes.change(session, order, to, actor="seller", now=now)


@run_again_on_conflict
async def confirm_delivery(
    database: Database, order_id: str, *, buyer_id: str, expected_version: int, now: datetime
) -> Order:
    """The buyer's order, delivered.

    Raises:
        NotFound: when there is none, or it is somebody else's.
        ForbiddenStep: when it was not shipped, or is over.
        VersionConflict: when it is not at the expected version any more.
    """
    async with database.transaction() as session:
        order = await _of_buyer(session, order_id, buyer_id)
        if not _moves(order, OrderStatus.DELIVERED, expected_version, Party.BUYER):
            return order
        return await changes.change(session, order, OrderStatus.DELIVERED, actor="buyer", now=now)


@run_again_on_conflict
async def give_up_unsold(database: Database, order_id: str, *, now: datetime) -> bool:
    """Cancel a paid order whose stock was freed before it could be sold; False when it is past that. The event has the money go back."""
    async with database.transaction() as session:
        order = await repository.locked_order(session, order_id)
        if order is None or order.status != OrderStatus.PAID.value:
            return False
        reason = "Its stock was gone when the payment came"
        await changes.change(session, order, OrderStatus.CANCELLED, actor=changes.SYSTEM, reason=reason, now=now)
        return True


async def _of_buyer(session: AsyncSession, order_id: str, buyer_id: str) -> Order:
    order = await repository.locked_order(session, order_id)
    if order is None or order.buyer_id != buyer_id:
        raise NotFound("The order")
    return order


def _moves(order: Order, to: OrderStatus, expected_version: int, party: Party) -> bool:
    """False when the order is there already, whatever the version: a repeated request is answered as the first one was."""
    current = OrderStatus(order.status)
    if current is to:
        return False
    if order.version != expected_version:
        raise VersionConflict(order.version)
    return is_step(current, to, [party])
