"""The catalog frees stock that ran out only when order says that its order is called off."""

from datetime import timedelta

from subgraphs.catalog.clients.order import OrderService
from subgraphs.catalog.holds import release_unwanted
from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.order.expiring import expire_overdue
from subgraphs.order.quote import Line
from tests.integration.subgraphs.order.test_acting import status_of, tell
from tests.support.identity import service
from tests.support.orders import BUYER, NOWHERE, OrderMarket

HOLDING = "query ($ids: [ID!]!) { ordersHoldingStock(ids: $ids) }"
HOLD = timedelta(seconds=901)


async def release(market: OrderMarket) -> None:
    """Release what ran out; the catalog's own loop may be faster."""
    catalog = market.catalog
    await release_unwanted(catalog.database, catalog.orders, now=market.clock())


async def test_stock_of_a_paid_order_outlives_a_worker_that_is_away(market: OrderMarket) -> None:
    order = await market.placed()
    await tell(market, order["id"])
    market.clock.advance(10 * HOLD)
    await release(market)
    assert await market.pieces("product-1") == (9, 1, 0)
    await market.deliver_all()  # the worker is back
    assert await market.pieces("product-1") == (9, 0, 1)
    assert await status_of(market, order["id"]) == "PAID"


async def test_stock_of_an_order_whose_payment_is_under_way_stays_and_is_freed_when_it_expires(
    market: OrderMarket,
) -> None:
    order = await market.placed()
    market.payments.answer(order["id"], "UNDER_WAY")
    market.clock.advance(HOLD)
    await expire_overdue(market.resources.dependencies)
    await release(market)
    assert await market.pieces("product-1") == (9, 1, 0)
    market.payments.answer(order["id"], "CLOSED")
    market.clock.advance(timedelta(seconds=61))
    await expire_overdue(market.resources.dependencies)
    await release(market)  # no worker needs to be there
    assert await market.pieces("product-1") == (10, 0, 0)


async def test_nothing_is_freed_while_order_gives_no_answer(market: OrderMarket) -> None:
    order_id = uuid7()
    await market.resources.dependencies.catalog.hold(order_id, [Line("product-1", 2)], seconds=900)
    market.clock.advance(HOLD)
    away = OrderService(GraphQLClient(NOWHERE, service="order", caller="catalog", tokens=market.catalog.tokens))
    assert await release_unwanted(market.catalog.database, away, now=market.clock()) == 0
    await away.close()
    await release(market)  # order is there, and does not know it
    assert await market.pieces("product-1") == (10, 0, 0)


async def test_only_services_ask_whose_stock_is_wanted(market: OrderMarket) -> None:
    order = await market.placed()
    ids = [order["id"], "unknown"]
    assert (await market.order.data(HOLDING, {"ids": ids}, by=service("catalog"))) == {
        "ordersHoldingStock": [order["id"]]
    }
    assert await market.order.codes(HOLDING, {"ids": ids}, by=BUYER) == ["FORBIDDEN"]
