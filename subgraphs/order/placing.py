"""Checkout, and placing an order.

    1. the key      known and decided: the same answer. Known and begun: taken up again. New: on.
    2. the quote    asked of the catalog, the address of the user service: what it costs is what the buyer saw, or it is refused.
    3. a row        key, order (PENDING), items, history and event written together. From here on the order exists.
    4. the stock    held by the catalog under the order's id, outside of any transaction.
    5. the result   AWAITING_PAYMENT, or CANCELLED when the stock went to somebody faster; with it the key's outcome.

What is refused in steps 1 and 2 leaves nothing behind, not even the key. A crash after step 3 or 4 is made good by the next request with the same key,
which comes to the same order and the same reservation; if none comes, `finishing` does so, or calls the order off.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.client import ServiceError
from subgraphs.kit.runtime.idempotency import require_same
from subgraphs.kit.runtime.identity import Identity
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.storage.session import run_again_on_conflict
from subgraphs.order import queries, repository
from subgraphs.order import status_changes as changes
from subgraphs.order.clients.user import Address
from subgraphs.order.dependencies import OrderDependencies
from subgraphs.order.errors import OutOfStock, PriceChanged, RequestInFlight, Shortage
from subgraphs.order.model import OrderStatus, check_key, check_lines, fingerprint, number_of
from subgraphs.order.quote import Line, PricedLine, Quote
from subgraphs.order.tables import IdempotencyKey, Order, OrderItem, OrderSeller

MAX_TOTAL = 2**53 - 1
"""Minor units: the largest whole number that every JSON reader keeps exact."""

PLACED, OUT_OF_STOCK = "PLACED", "OUT_OF_STOCK"


@dataclass(frozen=True, slots=True)
class PlaceOrder:
    """What a buyer sends; `expected_total` is in minor units of `currency`."""

    idempotency_key: str
    lines: tuple[Line, ...]
    address_id: str
    expected_total: int
    currency: str


@dataclass(frozen=True, slots=True)
class _Asked:
    """A request, checked, with what makes it this request."""

    request: PlaceOrder
    lines: tuple[Line, ...]
    buyer_id: str
    fingerprint: str


async def preview(
    dependencies: OrderDependencies, lines: Sequence[Line], address_id: str, *, identity: Identity
) -> Quote:
    """What the lines would cost, brought to the address.

    Raises:
        InvalidInput: when a line, a product or the address cannot be accepted.
        OutOfStock: when there is less of a product than is wanted.
        ServiceError: when the catalog or the user service gives no answer.
    """
    checked = check_lines(lines)
    await _address(dependencies, address_id, identity)
    return await _quote(dependencies, checked)


async def place_order(
    dependencies: OrderDependencies, request: PlaceOrder, *, buyer_id: str, identity: Identity
) -> Order:
    """The order that the request made, now or before.

    Raises:
        InvalidInput, OutOfStock, PriceChanged: see `preview`; nothing is written then, but for stock that was lost to somebody faster.
        IdempotencyConflict: when the key was used for another request.
        RequestInFlight: while the same request is at work.
        ServiceError: when a service gives no answer: to be tried again with the same key.
    """
    check_key(request.idempotency_key)
    lines = check_lines(request.lines)
    digest = fingerprint(lines, request.address_id, expected_total=request.expected_total, currency=request.currency)
    asked = _Asked(request, lines, buyer_id, digest)
    order = await _taken_up(dependencies, asked)
    if order is None:
        address = await _address(dependencies, request.address_id, identity)
        quote = await _quote(dependencies, lines)
        if (quote.total, quote.currency) != (request.expected_total, request.currency):
            raise PriceChanged(quote)
        order = await _begin(dependencies, asked, quote, address)
    return await finish(dependencies, order, lines) if order.status == OrderStatus.PENDING.value else order


async def _address(dependencies: OrderDependencies, address_id: str, identity: Identity) -> Address:
    address = await dependencies.users.address(address_id, identity)
    if address is None:
        raise InvalidInput("There is no such address", "input", "addressId")
    return address


async def _quote(dependencies: OrderDependencies, lines: Sequence[Line]) -> Quote:
    offers = await dependencies.catalog.offers([line.product_id for line in lines])
    for position, line in enumerate(lines):
        if line.product_id not in offers:
            raise InvalidInput("There is no such product", "input", "lines", str(position), "productId")
    currencies = {offer.currency for offer in offers.values()}
    if len(currencies) > 1:
        raise InvalidInput("All products of an order have their price in one currency", "input", "lines")
    short = [
        Shortage(line.product_id, line.quantity, offers[line.product_id].stock)
        for line in lines
        if offers[line.product_id].stock < line.quantity
    ]
    if short:
        raise OutOfStock(short)
    priced = tuple(
        PricedLine(
            product_id=line.product_id,
            seller_id=offers[line.product_id].seller_id,
            title=offers[line.product_id].title,
            quantity=line.quantity,
            unit_price=offers[line.product_id].unit_price,
        )
        for line in lines
    )
    quote = Quote(priced, currencies.pop())
    if quote.total > MAX_TOTAL:  # of prices from before the catalog's limit
        raise InvalidInput("This is more than an order may cost", "input", "lines")
    return quote


async def _taken_up(dependencies: OrderDependencies, asked: _Asked) -> Order | None:
    """The order of a key that was used before, leased to this request when it is not decided; None for a new key."""
    async with dependencies.database.reading() as session:
        known = await repository.known_key(session, asked.buyer_id, asked.request.idempotency_key)
        if known is None:
            return None
        require_same(known.fingerprint, asked.fingerprint)
        if known.outcome is not None:
            return _answer(await _order(session, known.order_id), known.outcome)
    return await _renewed(dependencies, known)


@run_again_on_conflict
async def _renewed(dependencies: OrderDependencies, known: IdempotencyKey) -> Order:
    """Return the order of a key, leased to this request."""
    now = dependencies.clock()
    async with dependencies.database.transaction() as session:
        if not await repository.renew_lease(session, known, now=now, lease_until=now + dependencies.lease):
            raise RequestInFlight()
        return await _order(session, known.order_id)


@run_again_on_conflict
async def _begin(dependencies: OrderDependencies, asked: _Asked, quote: Quote, address: Address) -> Order:
    now = dependencies.clock()
    order_id = uuid7(now)
    order = Order(
        id=order_id,
        number=number_of(order_id),
        buyer_id=asked.buyer_id,
        status=OrderStatus.PENDING.value,
        currency=quote.currency,
        subtotal_amount=quote.subtotal,
        shipping_amount=quote.shipping,
        line1=address.line1,
        line2=address.line2,
        city=address.city,
        postal_code=address.postal_code,
        country=address.country,
        pay_by=now + timedelta(seconds=dependencies.hold_seconds),
        payment_id=None,
        created_at=now,
        updated_at=now,
        version=1,
    )
    async with dependencies.database.transaction() as session:
        is_taken = await repository.take_key(
            session,
            buyer_id=asked.buyer_id,
            key=asked.request.idempotency_key,
            fingerprint=asked.fingerprint,
            order_id=order_id,
            lease_until=now + dependencies.lease,
            created_at=now,
        )
        if not is_taken:  # another request with the key was faster by a moment
            raise RequestInFlight()
        await changes.begin(session, order, _items(order, quote, now=now), now=now)
        session.add_all(OrderSeller(order_id=order_id, seller_id=each) for each in _sellers(quote))
    return order


def _items(order: Order, quote: Quote, *, now: datetime) -> list[OrderItem]:
    return [
        OrderItem(
            id=uuid7(now),
            order_id=order.id,
            position=position,
            product_id=line.product_id,
            seller_id=line.seller_id,
            title=line.title,
            unit_price_amount=line.unit_price,
            quantity=line.quantity,
        )
        for position, line in enumerate(quote.lines)
    ]


def _sellers(quote: Quote) -> list[str]:
    return sorted({line.seller_id for line in quote.lines})


async def finish(dependencies: OrderDependencies, order: Order, lines: Sequence[Line]) -> Order:
    """Return a PENDING order after its stock was held and what came of it was written.

    Raises:
        OutOfStock: when the stock went to somebody faster; the order is cancelled.
        ServiceError: when the catalog gives no answer; the next request with the key, or `finishing`, goes on.
    """
    try:
        held_until = await dependencies.catalog.hold(order.id, lines, seconds=dependencies.hold_seconds)
    except OutOfStock as shortage:
        return await _call_off(dependencies, order.id, shortage)
    except ServiceError:
        await _release_lease(dependencies, order.id)
        raise
    current = await _record_held(dependencies, order.id, held_until)
    if OrderStatus(current.status) in {OrderStatus.CANCELLED, OrderStatus.EXPIRED}:
        # Called off while the stock was being held, and perhaps freed before it was: nobody will pay for it now.
        await dependencies.catalog.free(order.id)
    return current


@run_again_on_conflict
async def _release_lease(dependencies: OrderDependencies, order_id: str) -> None:
    async with dependencies.database.transaction() as session:
        await repository.release_lease(session, order_id, now=dependencies.clock())


@run_again_on_conflict
async def _record_held(dependencies: OrderDependencies, order_id: str, held_until: datetime) -> Order:
    """Return the order after its stock was held: it waits for its payment, unless it was called off meanwhile."""
    async with dependencies.database.transaction() as session:
        current = await _locked(session, order_id)
        if current.status == OrderStatus.PENDING.value:
            current = await changes.change(
                session,
                current,
                OrderStatus.AWAITING_PAYMENT,
                actor=changes.SYSTEM,
                now=dependencies.clock(),
                pay_by=held_until,
            )
        await repository.set_outcome(session, order_id, {"kind": PLACED})
    return current


@run_again_on_conflict
async def _call_off(dependencies: OrderDependencies, order_id: str, shortage: OutOfStock) -> Order:
    lines = [[each.product_id, each.requested, each.available] for each in shortage.lines]
    async with dependencies.database.transaction() as session:
        current = await _locked(session, order_id)
        if current.status == OrderStatus.PENDING.value:
            await changes.change(
                session,
                current,
                OrderStatus.CANCELLED,
                actor=changes.SYSTEM,
                reason="Out of stock",
                now=dependencies.clock(),
            )
        await repository.set_outcome(session, order_id, {"kind": OUT_OF_STOCK, "lines": lines})
    raise shortage


def _answer(order: Order, outcome: dict[str, Any]) -> Order:
    if outcome["kind"] == OUT_OF_STOCK:
        raise OutOfStock([Shortage(*line) for line in outcome["lines"]])
    return order


async def _order(session: AsyncSession, order_id: str) -> Order:
    return (await queries.orders_by_id(session, [order_id]))[order_id]


async def _locked(session: AsyncSession, order_id: str) -> Order:
    order = await repository.locked_order(session, order_id)
    assert order is not None, "an order is never deleted"
    return order
