"""What the order service reads. Every function answers for many keys at once, in a number of statements that does not grow with them."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.pagination import Cursors, Page, PageRequest, SortKey, fetch_pages
from subgraphs.kit.storage.rows_by_key import grouped, rows_by
from subgraphs.order.tables import Order, OrderChange, OrderItem, OrderSeller, Sale


@dataclass(frozen=True, slots=True)
class Listing:
    """A page of somebody's orders, newest first; no statuses means any."""

    page: PageRequest
    statuses: tuple[str, ...] | None


async def orders_by_id(session: AsyncSession, ids: Sequence[str]) -> dict[str, Order]:
    """Orders by id."""
    return await rows_by(session, Order, Order.id, ids)


async def orders_by_number(session: AsyncSession, numbers: Sequence[str]) -> dict[str, Order]:
    """Orders by number."""
    return await rows_by(session, Order, Order.number, numbers)


async def items_by_order(session: AsyncSession, order_ids: Sequence[str]) -> dict[str, list[OrderItem]]:
    """The items of each order, in their order."""
    rows = await session.scalars(
        select(OrderItem).where(OrderItem.order_id.in_(order_ids)).order_by(OrderItem.order_id, OrderItem.position)
    )
    return grouped((row.order_id, row) for row in rows)


async def sellers_by_order(session: AsyncSession, order_ids: Sequence[str]) -> dict[str, list[str]]:
    """The sellers of each order."""
    rows = await session.execute(
        select(OrderSeller.order_id, OrderSeller.seller_id).where(OrderSeller.order_id.in_(order_ids))
    )
    return grouped(rows)


async def changes_by_order(session: AsyncSession, order_ids: Sequence[str]) -> dict[str, list[OrderChange]]:
    """The history of each order, oldest first."""
    rows = await session.scalars(
        select(OrderChange)
        .where(OrderChange.order_id.in_(order_ids))
        .order_by(OrderChange.order_id, OrderChange.version)
    )
    return grouped((row.order_id, row) for row in rows)


async def changes_after(session: AsyncSession, seen: Mapping[str, int]) -> list[OrderChange]:
    """The changes of these orders after the version that was seen of each, oldest first."""
    rows = await session.scalars(
        select(OrderChange)
        .where(OrderChange.order_id.in_(list(seen)), OrderChange.version > min(seen.values()))
        .order_by(OrderChange.order_id, OrderChange.version)
    )
    return [row for row in rows if row.version > seen[row.order_id]]


async def orders_of_buyers(
    session: AsyncSession, buyer_ids: Sequence[str], listing: Listing, *, cursors: Cursors
) -> dict[str, Page[Any]]:
    """A page of each buyer's orders."""
    return await _pages(session, Order, Order.buyer_id, buyer_ids, listing, cursors=cursors, scope="orders")


async def sales_of_sellers(
    session: AsyncSession, seller_ids: Sequence[str], listing: Listing, *, cursors: Cursors
) -> dict[str, Page[Any]]:
    """A page of each seller's sales."""
    return await _pages(session, Sale, Sale.sold_by, seller_ids, listing, cursors=cursors, scope="sales")


async def _pages(
    session: AsyncSession,
    table: type[Any],
    owner: Any,
    owners: Sequence[str],
    listing: Listing,
    *,
    cursors: Cursors,
    scope: str,
) -> dict[str, Page[Any]]:
    return await fetch_pages(
        session,
        table,
        owner=owner,
        owners=owners,
        where=[table.status.in_(listing.statuses)] if listing.statuses is not None else [],
        keys=[SortKey(table.created_at, is_descending=True), SortKey(table.id, is_descending=True)],
        page=listing.page,
        cursors=cursors,
        scope=scope,
    )
