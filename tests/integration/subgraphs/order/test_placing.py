"""Checkout and placing an order, on SQLite and on PostgreSQL, with the real catalog and user service."""

import asyncio
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import pytest
from sqlalchemy import func, select

from subgraphs.kit.runtime.feature_flags import ConfigSnapshot
from subgraphs.order import commands
from subgraphs.order.clients.catalog import CatalogService, Offer
from subgraphs.order.quote import Line
from subgraphs.order.resources import ACCEPTS_ORDERS
from subgraphs.order.tables import IdempotencyKey, Order, OrderChange, Outbox
from tests.support.identity import ANONYMOUS
from tests.support.orders import BUYER, OTHER_BUYER, PLACE, MuteCatalog, OrderMarket, asking

PREVIEW = """query ($input: CheckoutInput!) { checkoutPreview(input: $input) { __typename
  ... on CheckoutPreview { subtotal { amount } shipping { amount } total { amount currency }
    lines { product { id } quantity unitPrice { amount } lineTotal { amount } } }
  ... on OutOfStockError { lines { product { id } requested available } } ... on UserError { code path } } }"""


async def rows(market: OrderMarket) -> tuple[int, int, int]:
    """How many orders, outbox rows and keys there are."""
    async with market.database.reading() as session:
        counts = [
            await session.scalar(select(func.count()).select_from(each)) for each in (Order, Outbox, IdempotencyKey)
        ]
    return counts[0] or 0, counts[1] or 0, counts[2] or 0


async def preview(market: OrderMarket, *lines: tuple[str, int], address: str = "address-1") -> dict[str, Any]:
    asked = {"lines": [{"productId": id_, "quantity": n} for id_, n in lines], "addressId": address}
    return dict((await market.order.data(PREVIEW, {"input": asked}, by=BUYER))["checkoutPreview"])


async def test_a_preview_adds_up_and_merges_lines_of_one_product(market: OrderMarket) -> None:
    shown = await preview(market, ("product-1", 1), ("product-2", 1), ("product-1", 1))
    assert [(line["product"]["id"], line["quantity"], line["lineTotal"]["amount"]) for line in shown["lines"]] == [
        ("product-1", 2, 2000),
        ("product-2", 1, 2000),
    ]
    assert (shown["subtotal"]["amount"], shown["shipping"]["amount"]) == (4000, 490)
    assert shown["total"] == {"amount": 4490, "currency": "EUR"}
    assert (await preview(market, ("product-1", 5)))["shipping"]["amount"] == 0
    assert await rows(market) == (0, 0, 0)


@pytest.mark.parametrize(
    ("lines", "address", "path"),
    [
        ([], "address-1", ["input", "lines"]),
        ([("product-1", 0)], "address-1", ["input", "lines", "0", "quantity"]),
        ([("product-1", -1)], "address-1", ["input", "lines", "0", "quantity"]),
        ([("product-1", 1), ("nothing", 1)], "address-1", ["input", "lines", "1", "productId"]),
        ([("product-4", 1)], "address-1", ["input", "lines", "0", "productId"]),
        ([("product-1", 1), ("product-5", 1)], "address-1", ["input", "lines"]),
        ([(f"p{n}", 1) for n in range(51)], "address-1", ["input", "lines"]),
        ([("product-1", 1)], "address-2", ["input", "addressId"]),
        ([("product-1", 1)], "nowhere", ["input", "addressId"]),
    ],
)
async def test_what_cannot_be_ordered_is_refused_and_nothing_is_written(
    market: OrderMarket, lines: list[tuple[str, int]], address: str, path: list[str]
) -> None:
    shown = await preview(market, *lines, address=address)
    assert (shown["__typename"], shown["code"], shown["path"]) == ("ValidationError", "VALIDATION_FAILED", path)
    answer = await market.place(lines=[{"productId": id_, "quantity": n} for id_, n in lines], addressId=address)
    assert (answer["__typename"], answer["path"]) == ("ValidationError", path)
    assert await rows(market) == (0, 0, 0)


async def test_a_placed_order_holds_its_stock_and_waits_for_its_payment(market: OrderMarket) -> None:
    order = await market.placed(lines=[{"productId": "product-2", "quantity": 2}], total=4490)
    assert (order["status"], order["version"], order["allowedActions"]) == ("AWAITING_PAYMENT", 2, ["PAY", "CANCEL"])
    assert order["items"] == [
        {
            "titleSnapshot": "Cup 2",
            "quantity": 2,
            "unitPrice": {"amount": 2000},
            "lineTotal": {"amount": 4000},
            "product": {"id": "product-2"},
            "seller": {"id": "seller-2"},
        }
    ]
    assert order["shippingAddress"] == {
        "line1": "1 Long Street",
        "city": "Lisbon",
        "postalCode": "1000",
        "country": "PT",
    }
    assert [(step["from"], step["to"]) for step in order["timeline"]] == [
        (None, "PENDING"),
        ("PENDING", "AWAITING_PAYMENT"),
    ]
    assert await market.pieces("product-2") == (8, 2, 0)
    delivered = await market.deliver_all()
    assert sorted((each.type, each.data["order_version"]) for each in delivered) == [
        ("order.placed", 1),
        ("order.status_changed", 2),
    ]


async def test_another_price_than_the_buyer_saw_is_refused_with_the_new_one(market: OrderMarket) -> None:
    answer = await market.place(total=1489)
    assert answer["__typename"] == "PriceChangedError"
    assert answer["preview"]["total"] == {"amount": 1490, "currency": "EUR"}
    assert (await market.place(currency="GBP"))["__typename"] == "PriceChangedError"
    assert await rows(market) == (0, 0, 0)


async def test_more_than_there_is_is_refused_line_by_line(market: OrderMarket) -> None:
    lines = [{"productId": "product-3", "quantity": 2}, {"productId": "product-1", "quantity": 1}]
    answer = await market.place(lines=lines, total=7000)
    assert answer["__typename"] == "OutOfStockError"
    assert answer["lines"] == [{"product": {"id": "product-3"}, "requested": 2, "available": 1}]
    assert await rows(market) == (0, 0, 0)


async def test_the_same_key_gives_the_same_order_and_another_body_a_conflict(market: OrderMarket) -> None:
    first, again = await market.placed(), await market.placed()
    assert again == first
    other = await market.place(lines=[{"productId": "product-1", "quantity": 2}], total=2490)
    assert (other["__typename"], other["code"]) == ("IdempotencyConflictError", "IDEMPOTENCY_CONFLICT")
    assert await rows(market) == (1, 2, 1)
    elsewhere = await market.placed(by=OTHER_BUYER, addressId="address-2")
    assert elsewhere["id"] != first["id"]


async def test_one_key_twenty_times_at_once_makes_one_order(market: OrderMarket) -> None:
    wanted = {
        "idempotencyKey": "one",
        "lines": [{"productId": "product-1", "quantity": 1}],
        "addressId": "address-1",
        "expectedTotal": 1490,
        "currency": "EUR",
    }
    answers = await asyncio.gather(*(market.order.answer(PLACE, {"input": wanted}, by=BUYER) for _ in range(20)))
    codes = {error["extensions"]["code"] for answer in answers for error in answer.get("errors", [])}
    placed = [answer["data"]["placeOrder"] for answer in answers if answer.get("data")]
    ids = {each["order"]["id"] for each in placed if each is not None}
    assert codes <= {"REQUEST_IN_FLIGHT"}
    assert len(ids) == 1
    assert {(await market.placed("one"))["id"]} == ids
    assert await rows(market) == (1, 2, 1)
    assert await market.pieces("product-1") == (9, 1, 0)


async def test_the_last_piece_is_sold_to_one_of_many(market: OrderMarket) -> None:
    lines = [{"productId": "product-3", "quantity": 1}]
    answers = await asyncio.gather(*(market.place(f"key-{n}", lines=lines, total=3490) for n in range(8)))
    assert sorted(answer["__typename"] for answer in answers) == ["OrderSuccess", *["OutOfStockError"] * 7]
    assert await market.pieces("product-3") == (0, 1, 0)
    async with market.database.reading() as session:
        statuses = list(await session.scalars(select(Order.status)))
    assert statuses.count("AWAITING_PAYMENT") == 1
    assert set(statuses) <= {"AWAITING_PAYMENT", "CANCELLED"}


async def test_stock_lost_to_somebody_faster_calls_the_order_off_and_stays_the_answer(market: OrderMarket) -> None:
    offers = await market.resources.dependencies.catalog.offers(["product-3"])

    last: dict[str, Any] = {"lines": [{"productId": "product-3", "quantity": 1}], "total": 3490}
    await market.placed("faster", by=OTHER_BUYER, addressId="address-2", **last)
    with asking(market, StaleCatalog(market.resources.dependencies.catalog, offers)):
        for _ in range(2):
            answer = await market.place("slower", **last)
            assert answer["lines"] == [{"product": {"id": "product-3"}, "requested": 1, "available": 0}]
    async with market.database.reading() as session:
        steps = list(await session.scalars(select(OrderChange.after).where(OrderChange.reason == "Out of stock")))
    assert steps == ["CANCELLED"]


async def test_a_request_that_was_cut_off_is_taken_up_by_the_next_with_its_key(market: OrderMarket) -> None:
    with asking(market, MuteCatalog(market.resources.dependencies.catalog)):
        assert await market.order.codes(PLACE, {"input": _wanted("cut")}, by=BUYER) == ["SERVICE_UNAVAILABLE"]
    assert await rows(market) == (1, 1, 1)
    order = await market.placed("cut")
    assert order["status"] == "AWAITING_PAYMENT"
    assert await rows(market) == (1, 2, 1)


async def test_an_order_that_is_cancelled_while_its_stock_is_being_held_keeps_none(market: OrderMarket) -> None:
    with asking(market, SlowCatalog(market)):
        answer = await market.place()
    assert answer["order"]["status"] == "CANCELLED"
    await market.deliver_all()
    assert await market.pieces("product-1") == (10, 0, 0)


async def test_paused_orders_are_refused_with_their_code(market: OrderMarket) -> None:
    market.resources.config._current = ConfigSnapshot("1", {ACCEPTS_ORDERS: False})
    assert await market.order.codes(PLACE, {"input": _wanted("a")}, by=BUYER) == ["ORDERS_PAUSED"]
    assert await rows(market) == (0, 0, 0)


async def test_only_an_account_may_order(market: OrderMarket) -> None:
    assert await market.order.codes(PLACE, {"input": _wanted("a")}, by=ANONYMOUS) == ["UNAUTHENTICATED"]
    assert await rows(market) == (0, 0, 0)


def _wanted(key: str) -> dict[str, Any]:
    return {
        "idempotencyKey": key,
        "lines": [{"productId": "product-1", "quantity": 1}],
        "addressId": "address-1",
        "expectedTotal": 1490,
        "currency": "EUR",
    }


class StaleCatalog(CatalogService):
    """A catalog whose products are shown as they were a moment ago."""

    def __init__(self, real: CatalogService, offers: dict[str, Offer]) -> None:
        self._real, self._offers = real, offers

    async def offers(self, product_ids: Sequence[str]) -> dict[str, Offer]:
        return self._offers

    async def hold(self, order_id: str, lines: Sequence[Line], *, seconds: int) -> datetime:
        return await self._real.hold(order_id, lines, seconds=seconds)


class SlowCatalog(MuteCatalog):
    """A catalog that is so slow to hold stock that the buyer cancels meanwhile, and the workers free what is not held yet."""

    def __init__(self, market: OrderMarket) -> None:
        super().__init__(market.resources.dependencies.catalog)
        self._market = market

    async def hold(self, order_id: str, lines: Sequence[Line], *, seconds: int) -> datetime:
        market = self._market
        await commands.cancel_order(
            market.database, order_id, buyer_id="buyer-1", reason=None, expected_version=1, now=market.clock()
        )
        await market.deliver_all()
        return await self._real.hold(order_id, lines, seconds=seconds)

    async def free(self, order_id: str) -> bool:
        return await self._real.free(order_id)
