"""What the catalog writes: guarded statements, right on SQLite and on PostgreSQL alike. Nothing here commits."""

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, delete, insert, select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.catalog.model import MAX_STOCK, AttributeValue
from subgraphs.catalog.tables import AttributeRow, ProductRow, ReservationRow, ReservedLineRow
from subgraphs.kit.storage.upserts import insert_missing


async def product(session: AsyncSession, product_id: str) -> ProductRow | None:
    """A product as it is in this transaction."""
    return await session.get(ProductRow, product_id)


async def update_product(
    session: AsyncSession,
    product_id: str,
    *,
    expected_version: int,
    changes: Mapping[str, Any],
    on_hand: int | None,
    stock_delta: int | None,
    now: datetime,
) -> bool:
    """Change a product that its seller has not edited since the expected version; False if that cannot be.

    Args:
        on_hand: replaces what is on hand, held pieces included, if nothing was sold or came back since the expected version either.
        stock_delta: is added to the free pieces, whatever was sold meanwhile.
    """
    guards: list[ColumnElement[bool]] = [
        ProductRow.version >= expected_version,
        ProductRow.edited_version <= expected_version,
    ]
    stock: dict[str, ColumnElement[int]] = {}
    if on_hand is not None:
        stock["stock"] = on_hand - ProductRow.held
        guards += [ProductRow.version == expected_version, ProductRow.held <= on_hand]
    elif stock_delta is not None:
        stock["stock"] = after = ProductRow.stock + stock_delta
        guards += [after >= 0, after + ProductRow.held <= MAX_STOCK]
    return await _edit(session, product_id, {**changes, **stock}, *guards, now=now)


async def set_status(
    session: AsyncSession, product_id: str, *, before: str, after: str, shown_title: str | None, now: datetime
) -> bool:
    """Take a product from one status to the next; False if it is not in that one (any more)."""
    changes = {"status": after, "shown_title": shown_title}
    return await _edit(session, product_id, changes, ProductRow.status == before, now=now)


async def _edit(
    session: AsyncSession,
    product_id: str,
    changes: Mapping[str, Any],
    *guards: ColumnElement[bool],
    now: datetime,
) -> bool:
    next_version = ProductRow.version + 1
    done = await session.execute(
        update(ProductRow)
        .where(ProductRow.id == product_id, *guards)
        .values({**changes, "version": next_version, "edited_version": next_version, "updated_at": now})
        .returning(ProductRow.id)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None


async def replace_attributes(session: AsyncSession, product_id: str, values: Mapping[str, AttributeValue]) -> None:
    """Set a product's attributes to the values by definition id, and no others."""
    await session.execute(delete(AttributeRow).where(AttributeRow.product_id == product_id))
    rows = [
        {
            "product_id": product_id,
            "definition_id": definition_id,
            "text": value.text,
            "number": value.number,
            "boolean": value.boolean,
        }
        for definition_id, value in values.items()
    ]
    if rows:
        await session.execute(insert(AttributeRow), rows)


async def begin_reservation(session: AsyncSession, order_id: str, *, reservation_id: str, expires_at: datetime) -> bool:
    """Write the reservation of an order; False, with nothing written, if the order has one."""
    row = {"order_id": order_id, "id": reservation_id, "status": "HELD", "expires_at": expires_at}
    return bool(await insert_missing(session, ReservationRow, [row]))


async def reservation(session: AsyncSession, order_id: str) -> ReservationRow | None:
    """The reservation of an order."""
    return await session.get(ReservationRow, order_id)


async def hold(session: AsyncSession, product_id: str, quantity: int) -> bool:
    """Move pieces from free to held; False, with nothing moved, if there are too few or the product is not for sale."""
    done = await session.execute(
        update(ProductRow)
        .where(ProductRow.id == product_id, ProductRow.status == "PUBLISHED", ProductRow.stock >= quantity)
        .values(stock=ProductRow.stock - quantity, held=ProductRow.held + quantity)
        .returning(ProductRow.id)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None


async def step_reservation(session: AsyncSession, order_id: str, *, before: str, after: str) -> bool:
    """Take a reservation from one status to the next; False if it is not in that one (any more), so that its pieces move once."""
    done = await session.execute(
        update(ReservationRow)
        .where(ReservationRow.order_id == order_id, ReservationRow.status == before)
        .values(status=after)
        .returning(ReservationRow.order_id)
        .execution_options(synchronize_session=False)
    )
    return done.first() is not None


async def move_pieces(session: AsyncSession, order_id: str, *, before: str, after: str) -> None:
    """Move all pieces of a reservation between a product's counts: ``"stock"``, ``"held"`` and ``"sold"``."""
    lines = await session.scalars(
        select(ReservedLineRow).where(ReservedLineRow.order_id == order_id).order_by(ReservedLineRow.product_id)
    )
    counts = {"stock": ProductRow.stock, "held": ProductRow.held, "sold": ProductRow.sold}
    taken_from, given_to = counts[before], counts[after]
    # What is sold or comes back changes what the seller has on hand, and so the product's version.
    version = ProductRow.version + 1 if "sold" in {before, after} else ProductRow.version
    for line in lines.all():
        await session.execute(
            update(ProductRow)
            .where(ProductRow.id == line.product_id)
            .values(
                {
                    taken_from: taken_from - line.quantity,
                    given_to: given_to + line.quantity,
                    ProductRow.version: version,
                }
            )
            .execution_options(synchronize_session=False)
        )


async def extend_reservations(
    session: AsyncSession, order_ids: Sequence[str], *, now: datetime, until: datetime
) -> None:
    """Hold the stock of orders for longer whose hold has run out."""
    await session.execute(
        update(ReservationRow)
        .where(
            ReservationRow.order_id.in_(order_ids), ReservationRow.status == "HELD", ReservationRow.expires_at <= now
        )
        .values(expires_at=until)
        .execution_options(synchronize_session=False)
    )


async def expired_reservations(session: AsyncSession, *, now: datetime, limit: int = 100) -> list[str]:
    """Orders whose held stock nobody came for in time, the longest due first; they may have moved on when they are looked at."""
    due = (
        select(ReservationRow.order_id)
        .where(ReservationRow.status == "HELD", ReservationRow.expires_at <= now)
        .order_by(ReservationRow.expires_at)
        .limit(limit)
    )
    return list(await session.scalars(due))
