"""An order whose placing was cut off is finished from its row by the service, or called off; nobody has to come back for it."""

from datetime import timedelta
from typing import Any

from sqlalchemy import select, update

from subgraphs.order.finishing import FINISH_WITHIN, finish_pending
from subgraphs.order.quote import Line
from subgraphs.order.tables import IdempotencyKey, Order, Outbox
from tests.support.orders import BUYER, PLACE, MuteCatalog, OrderMarket, asking

LEASE = timedelta(seconds=16)


async def cut_off(market: OrderMarket, key: str = "cut") -> str:
    """The id of an order that was written, and whose stock nobody answered for."""
    wanted = {
        "idempotencyKey": key,
        "lines": [{"productId": "product-1", "quantity": 2}],
        "addressId": "address-1",
        "expectedTotal": 2490,
        "currency": "EUR",
    }
    with asking(market, MuteCatalog(market.resources.dependencies.catalog)):
        await market.order.answer(PLACE, {"input": wanted}, by=BUYER)
    async with market.database.reading() as session:
        (order_id,) = await session.scalars(select(IdempotencyKey.order_id).where(IdempotencyKey.key == key))
    return order_id


async def found(market: OrderMarket, order_id: str) -> tuple[str, Any]:
    async with market.database.reading() as session:
        order = await session.get(Order, order_id)
        key = await session.scalar(select(IdempotencyKey).where(IdempotencyKey.order_id == order_id))
    assert order is not None
    assert key is not None
    return order.status, key.outcome


async def test_an_order_that_was_cut_off_is_placed_by_the_service(market: OrderMarket) -> None:
    order_id = await cut_off(market)
    assert (await found(market, order_id))[0] == "PENDING"
    assert await finish_pending(market.resources.dependencies) == 1
    assert await found(market, order_id) == ("AWAITING_PAYMENT", {"kind": "PLACED"})
    assert await market.pieces("product-1") == (8, 2, 0)
    assert await finish_pending(market.resources.dependencies) == 0


async def test_an_order_at_work_is_left_alone_until_its_lease_is_over(market: OrderMarket) -> None:
    order_id = await cut_off(market)
    dependencies = market.resources.dependencies
    async with market.database.transaction() as session:
        await session.execute(update(IdempotencyKey).values(lease_until=dependencies.clock() + dependencies.lease))
    assert await finish_pending(dependencies) == 0
    market.clock.advance(LEASE)
    assert await finish_pending(dependencies) == 1
    assert (await found(market, order_id))[0] == "AWAITING_PAYMENT"


async def test_an_order_whose_stock_went_meanwhile_is_called_off(market: OrderMarket) -> None:
    order_id = await cut_off(market)
    await market.placed("all", lines=[{"productId": "product-1", "quantity": 9}], total=9000)
    assert await finish_pending(market.resources.dependencies) == 1
    status, outcome = await found(market, order_id)
    assert (status, outcome["kind"]) == ("CANCELLED", "OUT_OF_STOCK")


async def test_an_order_that_was_cut_off_long_ago_is_refused_and_released(market: OrderMarket) -> None:
    order_id = await cut_off(market)
    await market.resources.dependencies.catalog.hold(order_id, [Line("product-1", 2)], seconds=900)
    market.clock.advance(FINISH_WITHIN)
    assert await finish_pending(market.resources.dependencies) == 1
    assert await found(market, order_id) == ("CANCELLED", {"kind": "PLACED"})
    await market.deliver_all()
    assert await market.pieces("product-1") == (10, 0, 0)
    assert market.payments.closed == []  # it was never payable
    async with market.database.reading() as session:
        rows = await session.scalars(select(Outbox).where(Outbox.type == "order.status_changed"))
        (told,) = [row.envelope["data"] for row in rows]
    assert (told["before"], told["after"], told["reason"]) == ("PENDING", "CANCELLED", "It could not be placed in time")


async def test_orders_wait_for_a_catalog_that_is_away(market: OrderMarket) -> None:
    order_id = await cut_off(market)
    with asking(market, MuteCatalog(market.resources.dependencies.catalog)):
        assert await finish_pending(market.resources.dependencies) == 0
    assert await found(market, order_id) == ("PENDING", None)
    assert await finish_pending(market.resources.dependencies) == 1
