"""What is always true of money, stock, orders and events: reliability.md, section 5, for the orders of one product.

`check_now` holds at any moment; `check_at_rest` once faults have ended and everything that is due is done.
"""

from collections import Counter
from collections.abc import Mapping, Sequence
from contextlib import suppress
from typing import Any

from sqlalchemy import select

from subgraphs.catalog.tables import ReservationRow, ReservedLineRow
from subgraphs.order.analytics.tables import LoggedEvent
from subgraphs.order.model import OrderStatus, folded
from subgraphs.order.tables import Order, OrderChange
from subgraphs.order.tables import Outbox as OrderOutbox
from subgraphs.payment.queries import payments_by_order
from subgraphs.payment.tables import Outbox as PaymentOutbox
from subgraphs.payment.tables import Payment
from tests.laboratory.money_trade import PAID, Trade
from tests.support.orders import BUYER

TORN_READS = 2
CALLED_OFF = ("CANCELLED", "EXPIRED")
OPEN_AT_THE_BANK = {"created", "requires_action", "processing", "authorized"}

PAYABLE = """query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order {
  id payable total { amount currency } } } }"""
DUE = """query ($r: [_Any!]!) { _entities(representations: $r) { ... on Order {
  id amountDue { amount } capturedAmount { amount } refundedAmount { amount } } } }"""


async def check_now(trade: Trade) -> None:
    """Check what holds at any moment. A webhook may commit between two reads: a torn picture is taken again."""
    for _ in range(TORN_READS):
        with suppress(AssertionError):
            await _check_now(trade)
            return
    await _check_now(trade)


async def _check_now(trade: Trade) -> None:
    await _check_stock(trade)
    orders = await trade.orders()
    ids = [order.id for order in orders]
    async with trade.market.money.payments.database.reading() as session:
        payments = await payments_by_order(session, ids)
    async with trade.market.money.orders.database.reading() as session:
        changes = select(OrderChange).where(OrderChange.order_id.in_(ids)).order_by(OrderChange.version)
        steps = list(await session.scalars(changes))
        told = list(await session.scalars(select(OrderOutbox).where(OrderOutbox.subject.in_(ids))))
    for order in orders:
        history = [each for each in steps if each.order_id == order.id]
        _check_history(order, history, is_captured=order.id in trade.captured)
        of_order = [each.envelope for each in told if each.subject == order.id and each.type != "order.refund_owed"]
        assert sorted(each["data"]["order_version"] for each in of_order) == [each.version for each in history]
        assert order.total_amount == trade.totals.get(order.id, order.total_amount), "an order costs what its buyer saw"
        _check_payments(payments.get(order.id, []))
    assert not [row.last_error for row in told if row.dead_at is not None], "an event was given up"
    seen = [(order.id, order.status, [each.version for each in payments.get(order.id, [])]) for order in orders]
    if seen != trade.seen_sums:
        await _check_sums(trade, ids, payments)
        trade.seen_sums = seen


async def _check_stock(trade: Trade) -> None:
    product = await trade.market.product(trade.product_id)
    assert min(product.stock, product.held, product.sold) >= 0, "more is sold than there is"
    pieces = product.stock + product.held + product.sold
    assert pieces == trade.pieces, f"of {trade.pieces} pieces there are {pieces}"
    lines = select(ReservedLineRow.quantity, ReservationRow.status).join(
        ReservationRow, ReservationRow.order_id == ReservedLineRow.order_id
    )
    by_status = Counter[str]()
    async with trade.market.money.orders.catalog.database.reading() as session:
        for row in await session.execute(lines.where(ReservedLineRow.product_id == trade.product_id)):
            by_status[row.status] += row.quantity
    assert (product.held, product.sold) == (by_status["HELD"], by_status["COMMITTED"])


def _check_history(order: Order, history: Sequence[OrderChange], *, is_captured: bool) -> None:
    pairs = [(OrderStatus(each.before) if each.before else None, OrderStatus(each.after)) for each in history]
    assert folded(pairs) is OrderStatus(order.status)
    assert [each.version for each in history] == list(range(1, order.version + 1))
    undone = [each.actor for each in history if each.after in CALLED_OFF and each.actor != "buyer"]
    assert not (undone and is_captured), f"a paid order was called off by {undone}: {[each.reason for each in history]}"
    was_offered = (OrderStatus.PENDING, OrderStatus.AWAITING_PAYMENT) in pairs
    assert was_offered or order.status != "EXPIRED", "an order that nobody could pay was not paid in time"


def _check_payments(payments: Sequence[Payment]) -> None:
    assert sum(payment.captured_amount > 0 for payment in payments) <= 1, "an order is paid twice"
    for payment in payments:
        assert 0 <= payment.refunded_amount + payment.refunding_amount <= payment.captured_amount


async def _check_sums(trade: Trade, order_ids: Sequence[str], payments: Mapping[str, Sequence[Payment]]) -> None:
    """Check what the API says of the money of each order."""
    money = trade.market.money
    keys = [{"__typename": "Order", "id": order_id} for order_id in order_ids]
    known = await money.orders.order.data(PAYABLE, {"r": keys}, by=BUYER)
    asked = [{"__typename": "Order", **each} for each in known["_entities"]]
    answer = await money.payment.data(DUE, {"r": asked}, by=BUYER)
    for order, shown in zip(asked, answer["_entities"], strict=True):
        of_order = payments.get(order["id"], [])
        captured = sum(payment.captured_amount for payment in of_order)
        refunded = sum(payment.refunded_amount for payment in of_order)
        due = order["total"]["amount"] if order["payable"] and not captured else 0
        sums = (shown["amountDue"]["amount"], shown["capturedAmount"]["amount"], shown["refundedAmount"]["amount"])
        assert sums == (due, captured, refunded), f"due, captured and refunded are {sums}"


async def check_at_rest(trade: Trade) -> None:
    """Check what holds once faults have ended and everything is done; the market comes to rest first."""
    market = trade.market
    await market.come_to_rest(trade.began)
    await check_now(trade)
    for order in await trade.orders():
        assert order.status != OrderStatus.PENDING.value, "nothing ended the placing of an order"
        await _check_money(trade, order)
        await _check_delivered(trade, order)
        await _check_reservation(trade, order)
    comparison = await market.compare(trade.began)
    assert not comparison.differences, comparison.differences


async def _check_money(trade: Trade, order: Order) -> None:
    payments = await trade.market.money.payments_of(order.id)
    refunded = sum(payment.refunded_amount for payment in payments)
    held = sum(payment.captured_amount for payment in payments) - refunded
    due = order.total_amount - refunded if order.status in PAID else 0
    assert held == due, f"an order that is {order.status} holds {held} and should hold {due}"
    for payment in payments:
        theirs = await trade.market.money.bank.intents(payment.id)
        sums = (sum(each["captured"] for each in theirs), sum(each["refunded"] for each in theirs))
        assert sums == (payment.captured_amount, payment.refunded_amount), f"a payment that is {payment.status}: {sums}"
        if order.status in (*CALLED_OFF, "REFUNDED") and payment.provider_reference is not None:
            left = OPEN_AT_THE_BANK & {each["status"] for each in theirs}
            assert not left, f"an order that is {order.status} can be paid yet: its payment is {left} at the bank"
    async with trade.market.money.payments.database.reading() as session:
        results = list(await session.scalars(select(PaymentOutbox).where(PaymentOutbox.subject == order.id)))
    _check_settled(results)


def _check_settled(rows: Sequence[Any]) -> None:
    left = [(row.type, row.attempts, row.last_error) for row in rows if row.settled_at is None]
    assert not left, f"events that were never delivered: {left}"


async def _check_delivered(trade: Trade, order: Order) -> None:
    money = trade.market.money
    async with money.orders.database.reading() as session:
        rows = list(await session.scalars(select(OrderOutbox).where(OrderOutbox.subject == order.id)))
    _check_settled(rows)
    told = {row.id for row in rows}
    async with money.orders.services.analytics.reading() as session:
        logged = set(await session.scalars(select(LoggedEvent.event_id).where(LoggedEvent.order_id == order.id)))
    assert logged == told, "the log of orders is not complete"
    for follower, read in trade.market.read.items():
        assert told <= read, f"{follower} lost {len(told - read)} events"


async def _check_reservation(trade: Trade, order: Order) -> None:
    async with trade.market.money.orders.catalog.database.reading() as session:
        reservation = await session.get(ReservationRow, order.id)
    async with trade.market.money.orders.database.reading() as session:
        ended = OrderChange.after == "REFUNDED"
        before = await session.scalar(select(OrderChange.before).where(OrderChange.order_id == order.id, ended))
    status = reservation.status if reservation is not None else "none"
    found = f"the stock of an order that is {order.status} is {status}"
    if order.status in PAID:
        assert status == "COMMITTED", found
    elif order.status in CALLED_OFF or before in {"PAID", *CALLED_OFF}:  # nothing of it was shipped
        assert status in {"RELEASED", "RETURNED", "none"}, found
    elif order.status == "AWAITING_PAYMENT":
        assert status == "HELD", found
