"""What becomes of an order: cancelled, paid, shipped, delivered, refunded; with its stock, its money and its events."""

import asyncio
from typing import Any

import pytest
from sqlalchemy import select

from subgraphs.kit.runtime.client import ServiceRefused
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.order.analytics import log
from subgraphs.order.analytics.tables import LoggedEvent
from subgraphs.order.event_effects import deliver
from subgraphs.order.model import OrderStatus, folded
from subgraphs.order.tables import Order, OrderChange, Outbox
from tests.support.identity import service
from tests.support.orders import BUYER, OTHER_BUYER, OTHER_SELLER, SECOND_SELLER, SELLER, OrderMarket

ACTED = """ { __typename ... on OrderSuccess { order { status version allowedActions timeline { from to actor reason } } }
  ... on OrderStateError { current allowed } ... on VersionConflictError { currentVersion } ... on UserError { code } } }"""
CANCEL = (
    "mutation ($id: ID!, $v: Int!, $why: String) { done: cancelOrder(id: $id, expectedVersion: $v, reason: $why)"
    + ACTED
)
SHIP = (
    "mutation ($id: ID!, $v: Int!, $n: String) { done: markShipped(id: $id, expectedVersion: $v, trackingNumber: $n)"
    + ACTED
)
CONFIRM = "mutation ($id: ID!, $v: Int!) { done: confirmDelivery(id: $id, expectedVersion: $v)" + ACTED
RECORD = "mutation ($r: PaymentResultInput!) { recordPaymentResult(input: $r) }"
PAYMENT = service("payment")


async def act(market: OrderMarket, mutation: str, by: Any, **variables: Any) -> dict[str, Any]:
    return dict((await market.order.data(mutation, variables, by=by))["done"])


async def tell(market: OrderMarket, order_id: str, outcome: str = "CAPTURED", **more: Any) -> bool:
    result = {
        "eventId": uuid7(),
        "outcome": outcome,
        "orderId": order_id,
        "paymentId": "payment-1",
        "amount": 1490,
        "capturedAmount": 1490,
        "currency": "EUR",
        **more,
    }
    return bool((await market.order.data(RECORD, {"r": result}, by=PAYMENT))["recordPaymentResult"])


async def status_of(market: OrderMarket, order_id: str) -> str:
    async with market.database.reading() as session:
        return str(await session.scalar(select(Order.status).where(Order.id == order_id)))


async def assert_consistent(market: OrderMarket) -> None:
    """The history folds to the status, and each change of status has exactly one outbox row, with the next version."""
    async with market.database.reading() as session:
        orders = list(await session.scalars(select(Order)))
        changes = list(await session.scalars(select(OrderChange).order_by(OrderChange.order_id, OrderChange.version)))
        told = [
            each.envelope["data"]
            for each in await session.scalars(select(Outbox).where(Outbox.type != "order.refund_owed"))
        ]
    for order in orders:
        own = [change for change in changes if change.order_id == order.id]
        steps = [(OrderStatus(each.before) if each.before else None, OrderStatus(each.after)) for each in own]
        assert folded(steps) is OrderStatus(order.status)
        versions = sorted(data["order_version"] for data in told if data["order_id"] == order.id)
        assert versions == [change.version for change in own] == list(range(1, order.version + 1))


async def test_a_cancelled_order_frees_its_stock_and_says_why(market: OrderMarket) -> None:
    order = await market.placed()
    done = await act(market, CANCEL, BUYER, id=order["id"], v=2, why=" Changed my mind ")
    assert (done["order"]["status"], done["order"]["version"], done["order"]["allowedActions"]) == ("CANCELLED", 3, [])
    assert done["order"]["timeline"][-1] == {
        "from": "AWAITING_PAYMENT",
        "to": "CANCELLED",
        "actor": "buyer",
        "reason": "Changed my mind",
    }
    again = await act(market, CANCEL, BUYER, id=order["id"], v=2)
    assert again["order"]["version"] == 3
    await market.deliver_all()
    assert await market.pieces("product-1") == (10, 0, 0)
    await assert_consistent(market)


async def test_a_stale_version_a_strangers_order_and_a_late_cancel_change_nothing(market: OrderMarket) -> None:
    order = await market.placed()
    stale = await act(market, CANCEL, BUYER, id=order["id"], v=1)
    assert (stale["__typename"], stale["currentVersion"]) == ("VersionConflictError", 2)
    for stranger in (OTHER_BUYER, SELLER):
        assert (await act(market, CANCEL, stranger, id=order["id"], v=2))["__typename"] == "NotFoundError"
    assert (await act(market, CANCEL, BUYER, id="nothing", v=2))["__typename"] == "NotFoundError"
    early = await act(market, CONFIRM, BUYER, id=order["id"], v=2)
    assert (early["__typename"], early["current"], early["allowed"]) == (
        "OrderStateError",
        "AWAITING_PAYMENT",
        ["PAY", "CANCEL"],
    )
    assert await market.order.codes(CANCEL, {"id": order["id"], "v": 2, "why": "x" * 501}, by=BUYER) == [
        "VALIDATION_FAILED"
    ]
    assert await status_of(market, order["id"]) == "AWAITING_PAYMENT"
    await assert_consistent(market)


async def test_a_capture_told_five_times_pays_once_and_sells_the_stock(market: OrderMarket) -> None:
    order, event_id = await market.placed(), uuid7()
    told = await asyncio.gather(*(tell(market, order["id"], eventId=event_id) for _ in range(5)))
    assert sorted(told) == [False, False, False, False, True]
    assert await tell(market, order["id"])  # another event about the same payment is news, and changes nothing
    assert await status_of(market, order["id"]) == "PAID"
    await market.deliver_all()
    assert await market.pieces("product-1") == (9, 0, 1)
    assert (market.payments.closed, market.payments.refunded) == ([], [])
    await assert_consistent(market)


async def test_a_failed_payment_leaves_the_order_waiting(market: OrderMarket) -> None:
    order = await market.placed()
    assert await tell(market, order["id"], "FAILED", capturedAmount=0)
    assert await status_of(market, order["id"]) == "AWAITING_PAYMENT"


async def test_a_capture_after_the_cancellation_goes_back_and_ends_refunded(market: OrderMarket) -> None:
    order = await market.placed()
    await act(market, CANCEL, BUYER, id=order["id"], v=2)
    await tell(market, order["id"])
    assert await status_of(market, order["id"]) == "CANCELLED"
    await market.deliver_all()
    assert market.payments.closed == [(order["id"], "ALWAYS")]
    assert market.payments.refunded == ["payment-1"]
    await tell(market, order["id"], "REFUNDED")
    assert await status_of(market, order["id"]) == "REFUNDED"
    await assert_consistent(market)


async def test_a_second_payment_or_a_wrong_sum_goes_back_and_the_order_stays(market: OrderMarket) -> None:
    order = await market.placed()
    await tell(market, order["id"], amount=1489, capturedAmount=1489, paymentId="too-little")
    assert await status_of(market, order["id"]) == "AWAITING_PAYMENT"
    await tell(market, order["id"])
    await tell(market, order["id"], paymentId="twice")
    await market.deliver_all()
    await tell(market, order["id"], "REFUNDED", paymentId="twice")
    assert await status_of(market, order["id"]) == "PAID"
    assert sorted(market.payments.refunded) == ["too-little", "twice"]


async def test_a_paid_order_that_is_cancelled_owes_its_money_back(market: OrderMarket) -> None:
    order = await market.placed()
    await tell(market, order["id"])
    assert (await act(market, CANCEL, BUYER, id=order["id"], v=3))["order"]["status"] == "CANCELLED"
    await market.deliver_all()
    assert market.payments.closed == [(order["id"], "ALWAYS")]
    await tell(market, order["id"], "REFUNDED", amount=1000)
    assert await status_of(market, order["id"]) == "CANCELLED"
    await tell(market, order["id"], "REFUNDED")
    assert await status_of(market, order["id"]) == "REFUNDED"


@pytest.mark.parametrize("is_delivered_between", [True, False], ids=["one by one", "at once"])
async def test_what_was_sold_to_a_paid_order_is_for_sale_again_when_it_is_cancelled(
    market: OrderMarket, is_delivered_between: bool
) -> None:
    order = await market.placed()
    await tell(market, order["id"])
    if is_delivered_between:
        await market.deliver_all()
        assert await market.pieces("product-1") == (9, 0, 1)
    await act(market, CANCEL, BUYER, id=order["id"], v=3)
    delivered = await market.deliver_all()
    assert await market.pieces("product-1") == (10, 0, 0)
    await tell(market, order["id"], "REFUNDED")
    for envelope in [*await market.deliver_all(), *reversed(delivered), *delivered]:
        await deliver(market.services, envelope)
    assert await market.pieces("product-1") == (10, 0, 0)
    await assert_consistent(market)


async def test_stock_of_an_order_that_is_refunded_comes_back_only_when_nothing_was_shipped(market: OrderMarket) -> None:
    kept, shipped = await market.placed("kept"), await market.placed("shipped")
    for order in (kept, shipped):
        await tell(market, order["id"], paymentId=order["number"])
    await act(market, SHIP, SELLER, id=shipped["id"], v=3)
    for order in (kept, shipped):
        await tell(market, order["id"], "REFUNDED", paymentId=order["number"])
        assert await status_of(market, order["id"]) == "REFUNDED"
    await market.deliver_all()
    assert await market.pieces("product-1") == (9, 0, 1)


async def test_a_payment_that_comes_when_the_stock_is_gone_cancels_the_order_and_goes_back(market: OrderMarket) -> None:
    order = await market.placed()
    await market.resources.dependencies.catalog.free(order["id"])
    await tell(market, order["id"])
    await market.deliver_all()
    assert await status_of(market, order["id"]) == "CANCELLED"
    assert market.payments.closed == [(order["id"], "ALWAYS")]
    await assert_consistent(market)


async def test_an_order_of_two_sellers_is_shipped_when_both_have(market: OrderMarket) -> None:
    lines = [{"productId": "product-1", "quantity": 1}, {"productId": "product-2", "quantity": 1}]
    order = await market.placed(lines=lines, total=3490)
    unpaid = await act(market, SHIP, SELLER, id=order["id"], v=2)
    assert (unpaid["__typename"], unpaid["allowed"]) == ("OrderStateError", [])
    await tell(market, order["id"], amount=3490, capturedAmount=3490)
    assert (await act(market, SHIP, OTHER_SELLER, id=order["id"], v=3))["__typename"] == "NotFoundError"
    assert await market.order.codes(SHIP, {"id": order["id"], "v": 3}, by=BUYER) == ["FORBIDDEN"]
    first = await act(market, SHIP, SELLER, id=order["id"], v=3, n="TRACK-1")
    assert (first["order"]["status"], first["order"]["version"]) == ("FULFILLING", 4)
    assert (await act(market, SHIP, SELLER, id=order["id"], v=3))["order"]["version"] == 4
    late = await act(market, CANCEL, BUYER, id=order["id"], v=4)
    assert (late["__typename"], late["allowed"]) == ("OrderStateError", ["REQUEST_REFUND"])
    second = await act(market, SHIP, SECOND_SELLER, id=order["id"], v=4)
    assert second["order"]["status"] == "SHIPPED"
    delivered = await act(market, CONFIRM, BUYER, id=order["id"], v=5)
    assert (delivered["order"]["status"], delivered["order"]["allowedActions"]) == ("DELIVERED", ["REQUEST_REFUND"])
    await market.deliver_all()
    await assert_consistent(market)


async def test_two_who_act_at_once_make_one_change(market: OrderMarket) -> None:
    order = await market.placed()
    outcomes = await asyncio.gather(
        act(market, CANCEL, BUYER, id=order["id"], v=2),
        tell(market, order["id"]),
        act(market, CANCEL, BUYER, id=order["id"], v=2),
    )
    await market.deliver_all()
    await assert_consistent(market)
    status = await status_of(market, order["id"])
    assert status in {"PAID", "CANCELLED"}
    assert len(market.payments.closed) == (1 if status == "CANCELLED" else 0)
    assert outcomes[1] is True


async def test_payment_results_are_for_services_alone(market: OrderMarket) -> None:
    order = await market.placed()
    result = {
        "eventId": uuid7(), "outcome": "CAPTURED", "orderId": order["id"], "paymentId": "p", "amount": 1490,
        "capturedAmount": 1490, "currency": "EUR",
    }  # fmt: skip
    assert await market.order.codes(RECORD, {"r": result}, by=BUYER) == ["FORBIDDEN"]
    assert await status_of(market, order["id"]) == "AWAITING_PAYMENT"
    assert await tell(market, "no-such-order") is False


async def test_the_log_has_every_event_once_and_takes_no_change(market: OrderMarket) -> None:
    order = await market.placed()
    await act(market, CANCEL, BUYER, id=order["id"], v=2)
    await tell(market, order["id"])
    delivered = await market.deliver_all()
    assert await log.append(market.services.analytics, delivered, now=market.clock()) == 0
    async with market.services.analytics.reading() as session:
        logged = list(await session.scalars(select(LoggedEvent).order_by(LoggedEvent.event_id)))
    assert {each.event_id for each in logged} == {each.id for each in delivered}
    assert sorted(each.type for each in logged) == ["order.placed", "order.refund_owed", *["order.status_changed"] * 2]


async def test_a_refund_that_payment_refuses_stays_a_job_with_its_error(market: OrderMarket) -> None:
    order = await market.placed()
    await act(market, CANCEL, BUYER, id=order["id"], v=2)
    await market.deliver_all()
    await tell(market, order["id"])
    market.payments.is_refusing = True
    with pytest.raises(ServiceRefused):
        await market.deliver_all()
    async with market.database.reading() as session:
        row = await session.scalar(select(Outbox).where(Outbox.type == "order.refund_owed"))
    assert row is not None
    assert (row.settled_at, row.attempts) == (None, 1)
    assert row.last_error == "ServiceRefused: payment: refused: VALIDATION_FAILED"


@pytest.mark.parametrize("first", ["CAPTURED", "REFUNDED"])
async def test_a_capture_and_its_refund_end_refunded_in_whatever_order_they_are_told(
    market: OrderMarket, first: str
) -> None:
    order = await market.placed()
    second = "REFUNDED" if first == "CAPTURED" else "CAPTURED"
    assert await tell(market, order["id"], first)
    assert await tell(market, order["id"], second)
    assert await status_of(market, order["id"]) == "REFUNDED"
    await market.deliver_all()
    assert await market.pieces("product-1") == (10, 0, 0)
    await assert_consistent(market)


async def test_a_paid_order_that_is_cancelled_says_that_the_money_goes_back_and_an_unpaid_one_does_not(
    market: OrderMarket,
) -> None:
    query = "mutation ($id: ID!, $v: Int!) { cancelOrder(id: $id, expectedVersion: $v) { ... on OrderSuccess { order { refundPending } } } }"
    paid, unpaid = await market.placed("paid"), await market.placed("unpaid")
    await tell(market, paid["id"])
    said = [
        (await market.order.data(query, {"id": order["id"], "v": version}, by=BUYER))["cancelOrder"]["order"]
        for order, version in ((paid, 3), (unpaid, 2))
    ]
    assert said == [{"refundPending": True}, {"refundPending": False}]
    await tell(market, paid["id"], "REFUNDED")
    shown = await market.order.data(
        "query ($id: ID!) { order(id: $id) { refundPending } }", {"id": paid["id"]}, by=BUYER
    )
    assert shown["order"] == {"refundPending": False}


async def test_an_event_of_a_refund_from_before_payment_owned_the_sums_is_delivered(market: OrderMarket) -> None:
    order = await market.placed()
    await act(market, CANCEL, BUYER, id=order["id"], v=2)
    await tell(market, order["id"])
    async with market.database.transaction() as session:
        row = await session.scalar(select(Outbox).where(Outbox.type == "order.refund_owed"))
        assert row is not None
        row.envelope = {**row.envelope, "data": {**row.envelope["data"], "amount": 1490}}
    await market.deliver_all()
    assert market.payments.refunded == ["payment-1"]
