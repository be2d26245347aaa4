"""What the order service shows, to whom, in how many statements; and its stream of changes."""

import asyncio
from collections.abc import AsyncIterator
from datetime import timedelta
from typing import Any

import httpx
import orjson
import pytest

from subgraphs.order import commands, repository
from subgraphs.order import status_changes as order_changes
from subgraphs.order.model import OrderStatus
from tests.support.identity import ANONYMOUS, account, service
from tests.support.orders import BUYER, OTHER_BUYER, OTHER_SELLER, SECOND_SELLER, SELLER, OrderMarket
from tests.support.statements import counted_statements

ORDER = """query ($id: ID, $number: String) { order(id: $id, number: $number) {
  id number buyer { id } items { product { id } } allowedActions } }"""
ENTITIES = """query ($r: [_Any!]!) { _entities(representations: $r) { __typename
  ... on Order { number items { titleSnapshot } timeline { to } allowedActions }
  ... on Buyer { orders(first: 2) { pageInfo { hasNextPage endCursor } edges { cursor node { id status items { titleSnapshot } timeline { to } } } } }
  ... on Seller { sales(first: 2) { edges { node { id buyer { id } items { titleSnapshot } allowedActions } } } } } }"""
PAGE = """query ($r: [_Any!]!, $after: String, $status: [OrderStatus!]) { _entities(representations: $r) {
  ... on Buyer { orders(first: 2, after: $after, status: $status) { pageInfo { hasNextPage endCursor } edges { node { id } } } } } }"""
TWO_SELLERS: dict[str, Any] = {
    "lines": [{"productId": "product-1", "quantity": 1}, {"productId": "product-2", "quantity": 1}],
    "total": 3490,
}


async def entity(market: OrderMarket, kind: str, id_: str, *, by: Any) -> Any:
    data = await market.order.data(ENTITIES, {"r": [{"__typename": kind, "id": id_}]}, by=by)
    return data["_entities"][0]


async def test_an_order_is_there_for_its_buyer_its_sellers_and_services_and_absent_for_others(
    market: OrderMarket,
) -> None:
    order = await market.placed(**TWO_SELLERS)
    for key in ({"id": order["id"]}, {"number": order["number"]}):
        shown = (await market.order.data(ORDER, key, by=BUYER))["order"]
        assert (shown["id"], shown["buyer"], shown["allowedActions"]) == (
            order["id"],
            {"id": "buyer-1"},
            ["PAY", "CANCEL"],
        )
        for stranger in (OTHER_BUYER, OTHER_SELLER, account("admin", "ADMIN"), account("seller-1", "BUYER")):
            assert (await market.order.data(ORDER, key, by=stranger))["order"] is None
    assert (await market.order.data(ORDER, {"id": "nothing"}, by=BUYER))["order"] is None
    assert await market.order.codes(ORDER, {"id": order["id"]}, by=ANONYMOUS) == ["UNAUTHENTICATED"]
    assert (await entity(market, "Order", order["id"], by=OTHER_BUYER)) is None
    assert (await entity(market, "Order", order["id"], by=service("notification")))["number"] == order["number"]


async def test_a_seller_sees_the_own_items_of_an_order_alone(market: OrderMarket) -> None:
    order = await market.placed(**TWO_SELLERS)
    for seller, product in ((SELLER, "product-1"), (SECOND_SELLER, "product-2")):
        shown = (await market.order.data(ORDER, {"id": order["id"]}, by=seller))["order"]
        assert shown["items"] == [{"product": {"id": product}}]
        assert shown["allowedActions"] == []
        sales = (await entity(market, "Seller", str(seller.subject), by=seller))["sales"]["edges"]
        assert [edge["node"]["id"] for edge in sales] == [order["id"]]
    assert (await entity(market, "Seller", "seller-1", by=OTHER_SELLER))["sales"]["edges"] == []
    asked = {"r": [{"__typename": "Seller", "id": "seller-1"}]}
    assert await market.order.codes(ENTITIES, asked, by=BUYER) == ["FORBIDDEN"]


async def test_a_buyers_orders_page_from_the_newest_and_are_nobody_elses(market: OrderMarket) -> None:
    ids = []
    for number in range(5):
        ids.append((await market.placed(f"key-{number}"))["id"])
        market.clock.advance(timedelta(seconds=1))
    buyer = [{"__typename": "Buyer", "id": "buyer-1"}]
    seen: list[str] = []
    after: str | None = None
    while True:
        page = (await market.order.data(PAGE, {"r": buyer, "after": after}, by=BUYER))["_entities"][0]["orders"]
        seen += [edge["node"]["id"] for edge in page["edges"]]
        if not page["pageInfo"]["hasNextPage"]:
            break
        after = page["pageInfo"]["endCursor"]
    assert seen == ids[::-1]
    assert after is not None
    broken = after[:-2] + ("A" if after[-2] != "A" else "B") + after[-1]
    assert await market.order.codes(PAGE, {"r": buyer, "after": broken}, by=BUYER) == ["INVALID_CURSOR"]
    none = await market.order.data(PAGE, {"r": buyer, "status": ["PAID"]}, by=BUYER)
    assert none["_entities"][0]["orders"]["edges"] == []
    assert (await entity(market, "Buyer", "buyer-1", by=OTHER_BUYER))["orders"]["edges"] == []


async def test_the_number_of_statements_does_not_grow_with_the_list(market: OrderMarket) -> None:
    ids = [(await market.placed(f"key-{number}", **TWO_SELLERS))["id"] for number in range(6)]

    async def cost(count: int) -> int:
        references = [{"__typename": "Order", "id": id_} for id_ in ids[:count]]
        with counted_statements(market.database) as statements:
            data = await market.order.data(ENTITIES, {"r": references}, by=SELLER)
        assert all(each["timeline"] for each in data["_entities"])
        return len(statements)

    # sellers (who may see), orders, items, history
    assert await cost(1) == await cost(6) == 4
    with counted_statements(market.database) as statements:
        await entity(market, "Buyer", "buyer-1", by=BUYER)
    assert len(statements) <= 4
    with counted_statements(market.database) as statements:
        await entity(market, "Seller", "seller-1", by=SELLER)
    assert len(statements) <= 3


async def changes(market: OrderMarket, order_id: str, *, by: Any) -> AsyncIterator[dict[str, Any]]:
    query = "subscription ($id: ID!) { orderStatusChanged(orderId: $id) { order { status version timeline { to } } event { from to } } }"
    headers = {**market.order.headers(by), "accept": "text/event-stream"}
    async with (
        httpx.AsyncClient(base_url=market.url, trust_env=False, timeout=20) as http,
        http.stream(
            "POST", "/graphql", json={"query": query, "variables": {"id": order_id}}, headers=headers
        ) as answer,
    ):
        assert answer.headers["content-type"].startswith("text/event-stream")
        async for line in answer.aiter_lines():
            if line.startswith("data:") and len(line) > len("data: "):
                yield orjson.loads(line[5:])


async def watched(market: OrderMarket, count: int) -> None:
    async with asyncio.timeout(10):
        while len(market.resources.watch._watchers) < count:  # noqa: ASYNC110 - the wait is the condition
            await asyncio.sleep(0.01)


@pytest.mark.parametrize("watcher", [BUYER, SELLER])
async def test_a_subscriber_is_told_of_the_newest_change_and_of_each_after_it_once_and_in_order(
    market: OrderMarket, watcher: Any
) -> None:
    order = await market.placed()

    async def listen() -> list[dict[str, Any]]:
        return [event["data"]["orderStatusChanged"] async for event in changes(market, order["id"], by=watcher)]

    async with asyncio.timeout(20), asyncio.TaskGroup() as group:
        listening = [group.create_task(listen()) for _ in range(2)]
        await watched(market, 2)
        await commands.cancel_order(
            market.database, order["id"], buyer_id="buyer-1", reason=None, expected_version=2, now=market.clock()
        )
        await _refunded(market, order["id"])
    for heard in (task.result() for task in listening):
        assert [each["event"] for each in heard] == [
            {"from": "PENDING", "to": "AWAITING_PAYMENT"},
            {"from": "AWAITING_PAYMENT", "to": "CANCELLED"},
            {"from": "CANCELLED", "to": "REFUNDED"},
        ]
        assert heard[-1]["order"]["status"] == "REFUNDED"
        assert heard[-1]["order"]["timeline"][-1] == {"to": "REFUNDED"}
    assert market.resources.watch._watchers == set()


async def test_a_stranger_hears_nothing(market: OrderMarket) -> None:
    order = await market.placed()
    for stranger, code in ((OTHER_BUYER, "NOT_FOUND"), (OTHER_SELLER, "NOT_FOUND"), (ANONYMOUS, "UNAUTHENTICATED")):
        heard = [event async for event in changes(market, order["id"], by=stranger)]
        assert [event["errors"][0]["extensions"]["code"] for event in heard] == [code]


async def _refunded(market: OrderMarket, order_id: str) -> None:
    async with market.database.transaction() as session:
        order = await repository.locked_order(session, order_id)
        assert order is not None
        await order_changes.change(session, order, OrderStatus.REFUNDED, actor="payment", now=market.clock())
