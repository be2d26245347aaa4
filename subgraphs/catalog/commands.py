"""What the catalog does when it is told to; one function a mutation, each one transaction."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.catalog import model, queries, repository
from subgraphs.catalog.errors import OutOfStock, Shortage
from subgraphs.catalog.model import AttributeType, AttributeValue, Definition, ProductStatus
from subgraphs.catalog.tables import ProductRow, ReservationRow, ReservedLineRow
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import InvalidInput, NotFound, Refusal, VersionConflict
from subgraphs.kit.storage.session import Database, run_again_on_conflict


@dataclass(frozen=True, slots=True)
class NewProduct:
    """What a seller says of a new product; amounts in minor units."""

    title: str
    description: str
    category_id: str
    price_amount: int
    currency: str
    stock: int
    attributes: tuple[AttributeValue, ...]


@dataclass(frozen=True, slots=True)
class ProductChanges:
    """What a seller changes; None leaves a value as it is.

    Args:
        on_hand: pieces that the seller has, those held for orders included.
        stock_delta: pieces that came in, or, below zero, went out; not beside `on_hand`.
    """

    title: str | None = None
    description: str | None = None
    category_id: str | None = None
    price_amount: int | None = None
    currency: str | None = None
    on_hand: int | None = None
    stock_delta: int | None = None
    attributes: tuple[AttributeValue, ...] | None = None


@run_again_on_conflict
async def create_product(database: Database, seller_id: str, new: NewProduct, *, now: datetime) -> ProductRow:
    """A new product of the seller, as a draft.

    Raises:
        InvalidInput, InvalidAttribute: when a value cannot be accepted; nothing is written.
    """
    product_id = uuid7(now)
    row = ProductRow(
        id=product_id,
        slug=model.slug_of(new.title, product_id),
        title=model.check_title(new.title),
        description=model.check_description(new.description),
        status=ProductStatus.DRAFT.value,
        category_id=new.category_id,
        seller_id=seller_id,
        price_amount=model.check_price(new.price_amount),
        currency=new.currency,
        stock=model.check_stock(new.stock, "input", "stock"),
        held=0,
        sold=0,
        popularity=0.0,
        picture={"shape": "box", "hue": int(product_id[-4:], 16) % 360, "seed": int(product_id[-6:], 16)},
        created_at=now,
        updated_at=now,
        version=1,
        edited_version=1,
    )
    async with database.transaction() as session:
        values = model.check_attributes(new.attributes, await _definitions(session, new.category_id))
        session.add(row)
        await session.flush()
        await repository.replace_attributes(session, product_id, values)
    return row


@run_again_on_conflict
async def update_product(
    database: Database,
    seller_id: str,
    product_id: str,
    changes: ProductChanges,
    *,
    expected_version: int,
    now: datetime,
) -> ProductRow:
    """The seller's product with the changes made.

    Raises:
        NotFound: when there is none, or it is somebody else's.
        VersionConflict: when a value that is written over has changed since the expected version.
        InvalidInput, InvalidAttribute: when a value cannot be accepted. In all cases nothing is written.
    """
    columns = _checked_columns(changes)
    async with database.transaction() as session:
        row = await _own_product(session, seller_id, product_id)
        values = await _checked_attributes(session, row, changes)
        is_changed = await repository.update_product(
            session,
            product_id,
            expected_version=expected_version,
            changes=columns,
            on_hand=changes.on_hand,
            stock_delta=changes.stock_delta,
            now=now,
        )
        await session.refresh(row)
        if not is_changed:
            raise _refused(row, changes, expected_version)
        if values is not None:
            await repository.replace_attributes(session, product_id, values)
        return row


@run_again_on_conflict
async def set_status(
    database: Database, seller_id: str, product_id: str, wanted: ProductStatus, *, now: datetime
) -> ProductRow:
    """The seller's product in the wanted status; setting the status it has changes nothing.

    Raises:
        NotFound: when there is none, or it is somebody else's.
        ForbiddenTransition: when its status cannot go there.
        VersionConflict: when it was changed at the same moment.
    """
    async with database.transaction() as session:
        row = await _own_product(session, seller_id, product_id)
        current = ProductStatus(row.status)
        model.check_transition(current, wanted)
        if wanted is not current:
            # Strangers keep seeing the title that was published; later edits are the seller's alone.
            shown_title = row.title if current is ProductStatus.PUBLISHED else row.shown_title
            is_set = await repository.set_status(
                session, product_id, before=row.status, after=wanted.value, shown_title=shown_title, now=now
            )
            await session.refresh(row)
            if not is_set and row.status != wanted.value:
                raise VersionConflict(row.version)
        return row


@run_again_on_conflict
async def reserve_stock(
    database: Database, order_id: str, quantities: Mapping[str, int], *, ttl_seconds: int, now: datetime
) -> ReservationRow:
    """Hold stock for an order until `ttl_seconds` from now; a second call for the order gives the first one's reservation.

    Args:
        quantities: pieces by product id.

    Raises:
        OutOfStock: when any line cannot be served; nothing is held then.
        InvalidInput: when the lines or the time are out of their bounds.
    """
    model.check_reservation(quantities)
    if not 1 <= ttl_seconds <= model.MAX_HOLD_SECONDS:
        raise InvalidInput(f"Stock is held for 1 to {model.MAX_HOLD_SECONDS} seconds", "ttlSeconds")
    async with database.transaction() as session:
        # The reservation's row first: a second request for the order waits here, and finds what this one has done.
        # Everything that moves pieces locks in this order: the reservation, then products by their ids.
        is_new = await repository.begin_reservation(
            session, order_id, reservation_id=uuid7(now), expires_at=now + timedelta(seconds=ttl_seconds)
        )
        if is_new:
            await _hold_all(session, quantities)
            products = await queries.products_by_id(session, list(quantities))
            session.add_all(
                ReservedLineRow(
                    order_id=order_id,
                    product_id=product_id,
                    quantity=quantity,
                    unit_price_amount=products[product_id].price_amount,
                    currency=products[product_id].currency,
                )
                for product_id, quantity in quantities.items()
            )
        reserved = await repository.reservation(session, order_id)
        assert reserved is not None, "a reservation is never deleted"
        return reserved


@run_again_on_conflict
async def commit_reservation(database: Database, order_id: str) -> bool:
    """Sell what was held; True if it is sold now, by this call or an earlier one; False if it was given back or never held."""
    async with database.transaction() as session:
        if await repository.step_reservation(session, order_id, before="HELD", after="COMMITTED"):
            await repository.move_pieces(session, order_id, before="held", after="sold")
            return True
        existing = await repository.reservation(session, order_id)
        return existing is not None and existing.status == "COMMITTED"


@run_again_on_conflict
async def release_reservation(database: Database, order_id: str) -> bool:
    """Give back what was held or sold, for an order that is called off; True if it is free now, by this call or an earlier one.

    The order's reservation moves on once, so its pieces come back once, however often and by whom it is told.
    """
    async with database.transaction() as session:
        if await repository.step_reservation(session, order_id, before="HELD", after="RELEASED"):
            await repository.move_pieces(session, order_id, before="held", after="stock")
        elif await repository.step_reservation(session, order_id, before="COMMITTED", after="RETURNED"):
            await repository.move_pieces(session, order_id, before="sold", after="stock")
        return await repository.reservation(session, order_id) is not None


async def release_expired(database: Database, *, now: datetime) -> int:
    """Give back the stock that nobody came for in time; how many reservations that were.

    Each in a transaction of its own: one that held a hundred reservations' products at once made buyers wait and deadlocked with them.
    """
    async with database.reading() as session:
        due = await repository.expired_reservations(session, now=now)
    released = [order_id for order_id in due if await _release_held(database, order_id)]
    return len(released)


@run_again_on_conflict
async def _release_held(database: Database, order_id: str) -> bool:
    async with database.transaction() as session:
        is_released = await repository.step_reservation(session, order_id, before="HELD", after="RELEASED")
        if is_released:
            await repository.move_pieces(session, order_id, before="held", after="stock")
    return is_released


async def _hold_all(session: AsyncSession, quantities: Mapping[str, int]) -> None:
    # In one order for everybody, so that two reservations of the same products wait for each other and never deadlock.
    refused = [
        product_id
        for product_id, quantity in sorted(quantities.items())
        if not await repository.hold(session, product_id, quantity)
    ]
    if refused:
        products = await queries.products_by_id(session, refused)
        raise OutOfStock([Shortage(each, _free(products.get(each))) for each in refused])


def _free(row: ProductRow | None) -> int:
    return row.stock if row is not None and row.status == ProductStatus.PUBLISHED.value else 0


async def _own_product(session: AsyncSession, seller_id: str, product_id: str) -> ProductRow:
    row = await repository.product(session, product_id)
    if row is None or row.seller_id != seller_id:
        raise NotFound("The product")
    return row


def _refused(row: ProductRow, changes: ProductChanges, expected_version: int) -> Refusal:
    """The reason why the product, as it was read after the refusal, cannot be changed so."""
    seen = row.version if changes.on_hand is not None else row.edited_version
    if not seen <= expected_version <= row.version:
        return VersionConflict(row.version)
    if changes.on_hand is not None:
        return InvalidInput(f"{row.held} pieces are held for orders", "patch", "stock")
    if (changes.stock_delta or 0) < 0:
        return InvalidInput(f"{row.stock} pieces are free, and no more can go out", "patch", "stockDelta")
    return InvalidInput(f"At most {model.MAX_STOCK} pieces are on hand", "patch", "stockDelta")


def _checked_columns(changes: ProductChanges) -> dict[str, Any]:
    columns: dict[str, Any] = {}
    if changes.title is not None:
        columns["title"] = model.check_title(changes.title)
    if changes.description is not None:
        columns["description"] = model.check_description(changes.description)
    if changes.category_id is not None:
        columns["category_id"] = changes.category_id
    if changes.price_amount is not None:
        columns["price_amount"] = model.check_price(changes.price_amount)
        columns["currency"] = changes.currency
    if changes.on_hand is not None:
        model.check_stock(changes.on_hand, "patch", "stock")
    if changes.stock_delta is not None:
        model.check_stock(abs(changes.stock_delta), "patch", "stockDelta")
        if changes.on_hand is not None:
            raise InvalidInput("The stock is either set or changed by a delta", "patch", "stockDelta")
    return columns


async def _checked_attributes(
    session: AsyncSession, row: ProductRow, changes: ProductChanges
) -> dict[str, AttributeValue] | None:
    if changes.attributes is not None:
        return model.check_attributes(
            changes.attributes, await _definitions(session, changes.category_id or row.category_id)
        )
    if changes.category_id is None or changes.category_id == row.category_id:
        return None
    kept = await _values_of(session, row.id)
    definitions = await _definitions(session, changes.category_id)
    known = {definition.code for definition in definitions}
    return model.check_attributes([value for value in kept if value.code in known], definitions)


async def _values_of(session: AsyncSession, product_id: str) -> list[AttributeValue]:
    found = await queries.attributes(session, [product_id])
    return [
        AttributeValue(definition.code, value.text, value.number, value.boolean)
        for value, definition in found.get(product_id, [])
    ]


async def _definitions(session: AsyncSession, category_id: str) -> Sequence[Definition]:
    if category_id not in await queries.categories_by_id(session, [category_id]):
        raise InvalidInput("There is no such category", "categoryId")
    found = await queries.definitions(session, [category_id])
    return [
        Definition(row.id, row.code, AttributeType(row.type), tuple(row.options or ()), row.is_required)
        for row in found.get(category_id, [])
    ]
