"""Many who want the same thing at the same moment, over the real services: the last piece, one order's payment, one payment's events.

A request that the busy services do not answer is sent again with its key, one after the other, as a client does.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence
from typing import Any

import pytest
from sqlalchemy import select

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.order.tables import OrderChange, OrderItem
from subgraphs.payment.tables import Outbox
from tests.laboratory.money_trade import PLACE, ask
from tests.support.bank import eventually
from tests.support.money import MoneyMarket
from tests.support.orders import BUYER, OTHER_BUYER
from tests.support.payments import START

pytestmark = pytest.mark.parametrize("redis_port", ["embedded"], indirect=True)

LAST_PIECE, PRICE_WITH_SHIPPING = "product-3", 3490
TRY_AGAIN = {"REQUEST_IN_FLIGHT", "PROVIDER_UNAVAILABLE"}

Send = Callable[[], Awaitable[Any]]


async def answers_to_all(requests: Sequence[Send]) -> list[Any]:
    """The answers to requests that are sent at the same moment."""
    answers = list(await asyncio.gather(*(send() for send in requests)))
    for number, send in enumerate(requests):

        async def is_answered(number: int = number, send: Send = send) -> bool:
            if answers[number] is None or answers[number].get("code") in TRY_AGAIN:
                answers[number] = await send()
            return answers[number] is not None and answers[number].get("code") not in TRY_AGAIN

        await eventually(is_answered)
    return answers


async def test_fifty_buyers_of_the_last_piece_make_one_order(money: MoneyMarket) -> None:
    def sending(number: int) -> Send:
        by, address = (BUYER, "address-1") if number % 2 else (OTHER_BUYER, "address-2")
        wanted = {
            "idempotencyKey": uuid7(),
            "lines": [{"productId": LAST_PIECE, "quantity": 1}],
            "addressId": address,
            "expectedTotal": PRICE_WITH_SHIPPING,
            "currency": "EUR",
        }
        return lambda: ask(money.orders.order, PLACE, {"input": wanted}, by)

    answers = await answers_to_all([sending(number) for number in range(50)])
    kinds = [answer and answer["__typename"] for answer in answers]
    assert (kinds.count("OrderSuccess"), kinds.count("OutOfStockError")) == (1, 49), kinds
    assert await money.orders.pieces(LAST_PIECE) == (0, 1, 0)
    async with money.orders.database.reading() as session:
        of_piece = select(OrderItem.order_id).where(OrderItem.product_id == LAST_PIECE)
        changes = select(OrderChange.after).where(OrderChange.order_id.in_(of_piece))
        assert list(await session.scalars(changes)).count("AWAITING_PAYMENT") == 1


async def test_twelve_payments_of_one_order_at_once_are_one_capture(money: MoneyMarket) -> None:
    order = await money.orders.placed("paid twelve times")

    def sending() -> Send:
        wanted = {"idempotencyKey": uuid7(), "orderId": order["id"], "method": "card_ok", "returnUrl": None}
        return lambda: ask(money.payment, START, {"input": wanted}, BUYER)

    answers = await answers_to_all([sending() for _ in range(12)])
    kinds = [answer and answer["__typename"] for answer in answers]
    assert kinds.count("PaymentSuccess") == 1, kinds
    payments = await money.payments_of(order["id"])
    intents = [intent for payment in payments for intent in await money.bank.intents(payment.id)]
    assert [intent["captured"] for intent in intents if intent["captured"]] == [1490]
    await money.work()
    assert (await money.order(order["id"])).status == "PAID"
    await money.assert_money_is_right()


async def test_a_storm_of_webhooks_moves_each_payment_once(money: MoneyMarket) -> None:
    await money.bank.set_faults(copies=10, is_reversed=True)
    paid = [await money.paid(f"order-{number}", "card_slow") for number in range(5)]
    for order_id, payment_id in paid:

        async def is_captured(order_id: str = order_id) -> bool:
            return [each.status for each in await money.payments_of(order_id)] == ["CAPTURED"]

        await eventually(is_captured)
        await money.refund(payment_id, 90)
    await money.work()
    for order_id, payment_id in paid:
        async with money.payments.database.reading() as session:
            told = list(await session.scalars(select(Outbox.type).where(Outbox.subject == order_id)))
        assert sorted(told) == ["payment.captured", "payment.refunded"], payment_id
        assert (await money.order(order_id)).status == "PAID"
    await money.assert_money_is_right()
