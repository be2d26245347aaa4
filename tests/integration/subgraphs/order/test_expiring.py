"""Orders that are not paid in time expire once payment agrees, and not before."""

from datetime import timedelta

from sqlalchemy import select

from subgraphs.order.expiring import expire_overdue
from subgraphs.order.tables import Order, OrderChange, Outbox
from tests.support.orders import OrderMarket

HOLD = timedelta(seconds=901)
CAPTURED = {"paymentId": "payment-1", "capturedAmount": 1490, "refundedAmount": 0, "currency": "EUR"}


async def status_of(market: OrderMarket, order_id: str) -> str:
    async with market.database.reading() as session:
        return str(await session.scalar(select(Order.status).where(Order.id == order_id)))


async def settled_expiry(market: OrderMarket) -> None:
    """Expire what is overdue; the service's own loop may be faster."""
    await expire_overdue(market.resources.dependencies)


async def test_an_order_without_a_payment_expires_and_frees_its_stock(market: OrderMarket) -> None:
    order = await market.placed()
    await settled_expiry(market)
    assert await status_of(market, order["id"]) == "AWAITING_PAYMENT"
    market.clock.advance(HOLD)
    await settled_expiry(market)
    await settled_expiry(market)
    assert await status_of(market, order["id"]) == "EXPIRED"
    assert set(market.payments.closed) == {(order["id"], "IF_IDLE")}
    await market.deliver_all()
    assert market.payments.closed[-1] == (order["id"], "ALWAYS")
    assert await market.pieces("product-1") == (10, 0, 0)
    async with market.database.reading() as session:
        told = [row.type for row in await session.scalars(select(Outbox).where(Outbox.subject == order["id"]))]
        versions = list(await session.scalars(select(OrderChange.version).where(OrderChange.order_id == order["id"])))
    assert (len(told), sorted(versions)) == (3, [1, 2, 3])


async def test_an_order_whose_payment_is_under_way_waits_on_with_its_stock(market: OrderMarket) -> None:
    order = await market.placed()
    market.payments.answer(order["id"], "UNDER_WAY", **{**CAPTURED, "capturedAmount": 0})
    market.clock.advance(HOLD)
    await settled_expiry(market)
    assert await status_of(market, order["id"]) == "AWAITING_PAYMENT"
    asked = len(market.payments.closed)
    await settled_expiry(market)
    assert len(market.payments.closed) == asked  # not again within half a minute
    market.clock.advance(timedelta(seconds=31))
    market.payments.answer(order["id"], "CLOSED")
    await settled_expiry(market)
    assert await status_of(market, order["id"]) == "EXPIRED"


async def test_a_payment_that_waits_for_the_buyer_is_given_up_after_twice_the_hold(market: OrderMarket) -> None:
    order = await market.placed()
    market.payments.answer(order["id"], "UNDER_WAY")
    market.clock.advance(2 * HOLD)
    await settled_expiry(market)
    assert set(market.payments.closed) == {(order["id"], "IF_UNCONFIRMED")}


async def test_an_order_that_was_paid_while_the_workers_were_away_is_paid(market: OrderMarket) -> None:
    orders = [await market.placed(str(number)) for number in range(4)]
    for number, order in enumerate(orders):
        market.payments.answer(order["id"], "PAID", **{**CAPTURED, "paymentId": f"payment-{number}"})
    market.clock.advance(HOLD)
    await settled_expiry(market)
    assert [await status_of(market, order["id"]) for order in orders] == ["PAID"] * 4
    await market.deliver_all()
    assert await market.pieces("product-1") == (6, 0, 4)
    assert market.payments.refunded == []


async def test_nothing_expires_while_payment_gives_no_answer(market: OrderMarket) -> None:
    order = await market.placed()
    market.payments.is_refusing = True
    market.clock.advance(HOLD)
    await settled_expiry(market)
    assert await status_of(market, order["id"]) == "AWAITING_PAYMENT"
    market.payments.is_refusing = False
    await settled_expiry(market)
    assert await status_of(market, order["id"]) == "EXPIRED"
