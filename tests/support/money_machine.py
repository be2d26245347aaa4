"""A state machine over the real order, payment, catalog and user services and the real bank: rules do what people, time and faults do.

After every step the invariants of reliability.md, section 5, that hold at any moment are checked; at the end of an example the faults
stop, everything that is due is worked off, and what must hold then is checked as well. The services run once for all examples; each
example trades a product of its own, so that its pieces add up by themselves.
"""

import asyncio
import json
from collections import Counter
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import redis
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule
from sqlalchemy import select

from subgraphs.catalog.tables import ReservationRow, ReservedLineRow
from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.order.analytics.tables import LoggedEvent
from subgraphs.order.model import OrderStatus, folded
from subgraphs.order.tables import Order, OrderChange, OrderItem
from subgraphs.order.tables import Outbox as OrderOutbox
from subgraphs.payment.sandbox.webhooks import signature
from tests.support.bank import WEBHOOK_SECRET
from tests.support.money import CANCEL
from tests.support.money_driver import PIECES, Market
from tests.support.orders import BUYER, SELLER
from tests.support.payments import REFUND, START, SUPPORT
from tests.support.subgraphs import Json, SubgraphUnderTest

HOLD = timedelta(seconds=901)
PAID = {"PAID", "FULFILLING", "SHIPPED", "DELIVERED"}
TORN_READS = 2
METHODS = ("card_ok", "card_slow", "card_3ds", "card_declined", "card_answer_lost")
CHECKOUT = """query ($input: CheckoutInput!) { checkoutPreview(input: $input) { __typename
  ... on CheckoutPreview { total { amount currency } } ... on UserError { code } } }"""
PLACE = """mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { __typename
  ... on OrderSuccess { order { id status total { amount } } } ... on UserError { code } } }"""
STEP = """mutation ($id: ID!, $v: Int!) {{ {name}(id: $id, expectedVersion: $v) {{ __typename
  ... on OrderSuccess {{ order {{ id status }} }} ... on UserError {{ code }} }} }}"""
UPDATE = """mutation ($id: ID!, $patch: ProductPatch!, $v: Int!) { updateProduct(id: $id, patch: $patch, expectedVersion: $v) {
  __typename ... on ProductSuccess { product { id version } } ... on UserError { code } } }"""
PUBLISH = """mutation ($id: ID!, $to: ProductStatus!) { setProductStatus(id: $id, status: $to) { __typename
  ... on UserError { code } } }"""


@dataclass(slots=True)
class Traded:
    """What an example works with.

    Attributes:
        orders: Of this example, oldest first, with their totals.
        asked, payments: What was sent, to be sent again.
        answered: The order or payment that was acknowledged under each idempotency key.
        captured: Orders whose payment was acknowledged as captured: only their buyer calls them off.
        pieces: Free, held and sold together.
    """

    product_id: str
    orders: dict[str, int] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)
    payments: list[dict[str, Any]] = field(default_factory=list)
    captured: set[str] = field(default_factory=set)
    pieces: int = PIECES


MARKET: list[Market] = []
"""The market of the running test: Hypothesis makes its machines without arguments."""


@contextmanager
def machine_market(market: Market) -> Iterator[None]:
    """Let machines work on the market during the block."""
    MARKET.append(market)
    try:
        yield
    finally:
        MARKET.pop()


class MoneyMachine(RuleBasedStateMachine):
    """What buyers, sellers, support, workers, time and faults do, in any order."""

    def __init__(self) -> None:
        super().__init__()
        self.market = MARKET[-1]
        self.market.crash.countdown = 0
        self.traded = Traded(self.do(self.market.new_product()))

    def do(self, doing: Awaitable[Any]) -> Any:
        """Run to the end."""
        return self.market.do(doing)

    # People.

    @rule(quantity=st.integers(1, 3))
    def place(self, quantity: int) -> None:
        """Place an order for the price that is shown."""
        lines = [{"productId": self.traded.product_id, "quantity": quantity}]
        asked = {"lines": lines, "addressId": "address-1"}
        shown = self.do(self.ask(self.market.money.orders.order, CHECKOUT, {"input": asked}, BUYER))
        if (shown or {}).get("__typename") != "CheckoutPreview":
            return
        total = shown["total"]
        wanted = {**asked, "idempotencyKey": uuid7(), "expectedTotal": total["amount"], "currency": total["currency"]}
        self.traded.asked.append(wanted)
        self.do(self._place(wanted))

    @precondition(lambda self: self.traded.asked)
    @rule(data=st.data())
    def place_again(self, data: st.DataObject) -> None:
        """Send an order again with its key: the same answer."""
        self.do(self._place(data.draw(st.sampled_from(self.traded.asked))))

    @precondition(lambda self: self.traded.orders)
    @rule(data=st.data(), method=st.sampled_from(METHODS))
    def pay(self, data: st.DataObject, method: str) -> None:
        """Pay any order of this example."""
        order_id = data.draw(st.sampled_from(list(self.traded.orders)))
        wanted = {"idempotencyKey": uuid7(), "orderId": order_id, "method": method, "returnUrl": None}
        self.traded.payments.append(wanted)
        self.do(self._pay(wanted))

    @precondition(lambda self: self.traded.payments)
    @rule(data=st.data())
    def pay_again(self, data: st.DataObject) -> None:
        """Send a payment again with its key, as after an unknown result."""
        self.do(self._pay(data.draw(st.sampled_from(self.traded.payments))))

    @precondition(lambda self: self.traded.orders)
    @rule(data=st.data(), name=st.sampled_from(("cancelOrder", "markShipped", "confirmDelivery")))
    def act(self, data: st.DataObject, name: str) -> None:
        """Cancel, ship, or confirm the delivery."""
        self.do(self._act(data.draw(st.sampled_from(list(self.traded.orders))), name))

    @precondition(lambda self: self.traded.orders)
    @rule(
        data=st.data(), first=st.sampled_from(("pay", "act", "refund")), second=st.sampled_from(("pay", "act", "work"))
    )
    def two_at_once(self, data: st.DataObject, first: str, second: str) -> None:
        """Do two things with one order at the same time."""
        order_id = data.draw(st.sampled_from(list(self.traded.orders)))
        wanted = {"idempotencyKey": uuid7(), "orderId": order_id, "method": "card_ok", "returnUrl": None}
        done: dict[str, Callable[[], Awaitable[Any]]] = {
            "pay": lambda: self._pay({**wanted, "idempotencyKey": uuid7()}),
            "act": lambda: self._act(order_id, "cancelOrder"),
            "refund": lambda: self._refund(order_id, 100),
            "work": self.market.work,
        }

        async def both() -> None:
            await asyncio.gather(done[first](), done[second]())

        self.do(both())

    @precondition(lambda self: self.traded.orders)
    @rule(data=st.data(), amount=st.integers(1, 700))
    def refund(self, data: st.DataObject, amount: int) -> None:
        """Give back a part of what was paid for an order."""
        self.do(self._refund(data.draw(st.sampled_from(list(self.traded.orders))), amount))

    @rule(delta=st.integers(-2, 3))
    def bring_in(self, delta: int) -> None:
        """Change the pieces on hand by some."""
        if delta:
            self.do(self._edit({"stockDelta": delta}))

    @rule(count=st.integers(0, 8))
    def count_again(self, count: int) -> None:
        """Set the pieces on hand to what was counted."""
        self.do(self._edit({"stock": count}))

    @rule(amount=st.sampled_from((500, 1000, 2500)))
    def price(self, amount: int) -> None:
        """Change the price."""
        self.do(self._edit({"price": {"amount": amount, "currency": "EUR"}}))

    @rule(to=st.sampled_from(("DRAFT", "PUBLISHED")))
    def publish(self, to: str) -> None:
        """Withdraw the product or put it on sale."""
        self.do(self.ask(self.market.catalog, PUBLISH, {"id": self.traded.product_id, "to": to}, SELLER))

    # Workers, time and faults.

    @rule()
    def work(self) -> None:
        """Let a worker do what is due."""
        self.do(self.market.work())

    @rule(holds=st.sampled_from((0.2, 1, 2, 3)))
    def time_passes(self, holds: float) -> None:
        """Let so many holds pass, with no worker at work."""
        self.do(self.market.pass_time(holds * HOLD))

    @rule(
        faults=st.sampled_from(
            ({}, {"is_lost": True}, {"copies": 3}, {"is_reversed": True, "copies": 2}, {"delay_seconds": 0.2})
        )
    )
    def webhooks(self, faults: dict[str, Any]) -> None:
        """Have the bank's events lost, tripled, reversed or late from now on."""
        self.do(self.market.money.bank.set_faults(**faults))

    @precondition(lambda self: self.traded.payments)
    @rule(is_signed=st.booleans(), kind=st.sampled_from(("intent.captured", "intent.failed", "refund.succeeded")))
    def forge_webhook(self, is_signed: bool, kind: str) -> None:
        """Send events of payments as the bank would, forged or signed: neither is believed."""
        self.do(self._forge(kind, b"another secret" if not is_signed else None))

    @rule()
    def redis_is_emptied(self) -> None:
        """Empty Redis."""
        with redis.Redis.from_url(self.market.redis_url) as client:
            client.flushall()

    @rule(countdown=st.integers(1, 6), is_after=st.booleans())
    def crash_soon(self, countdown: int, is_after: bool) -> None:
        """End a process at one of the next commits."""
        self.market.crash.countdown, self.market.crash.is_after = countdown, is_after

    # What always holds.

    @invariant()
    def books_are_right(self) -> None:
        """Check what holds at any moment. The services' own loops may commit between two reads: a torn picture is taken again."""
        for _ in range(TORN_READS):
            with suppress(AssertionError):
                self.do(self._check_now())
                return
        self.do(self._check_now())

    def teardown(self) -> None:
        """Check what holds once faults have ended and everything is done."""
        self.do(self._check_at_rest())

    async def ask(self, service: SubgraphUnderTest, document: str, variables: Json, by: Any) -> Any:
        """The value of the one field of an operation; None where it failed."""
        answer = await service.answer(document, variables, by=by)
        return next(iter((answer.get("data") or {}).values()), None)

    async def _place(self, wanted: dict[str, Any]) -> None:
        answer = await self.ask(self.market.money.orders.order, PLACE, {"input": wanted}, BUYER)
        if (answer or {}).get("__typename") != "OrderSuccess":
            return
        order_id = answer["order"]["id"]
        assert self.traded.answered.setdefault(wanted["idempotencyKey"], order_id) == order_id, "one key, two orders"
        self.traded.orders[order_id] = wanted["expectedTotal"]

    async def _pay(self, wanted: dict[str, Any]) -> None:
        answer = await self.ask(self.market.money.payment, START, {"input": wanted}, BUYER)
        if (answer or {}).get("__typename") == "PaymentSuccess":
            payment_id = answer["payment"]["id"]
            known = self.traded.answered.setdefault(wanted["idempotencyKey"], payment_id)
            assert known == payment_id, "one key, two payments"
            if answer["payment"]["status"] == "CAPTURED":
                self.traded.captured.add(wanted["orderId"])

    async def _act(self, order_id: str, name: str) -> None:
        order = await self.market.money.order(order_id)
        document = CANCEL if name == "cancelOrder" else STEP.format(name=name)
        by = SELLER if name == "markShipped" else BUYER
        await self.ask(self.market.money.orders.order, document, {"id": order_id, "v": order.version}, by)

    async def _refund(self, order_id: str, amount: int) -> None:
        for payment in await self.market.money.payments_of(order_id):
            asked = {"id": payment.id, "amount": amount, "key": uuid7()}
            await self.ask(self.market.money.payment, REFUND, asked, SUPPORT)

    async def _edit(self, patch: dict[str, Any]) -> None:
        before = await self.market.product(self.traded.product_id)
        asked = {"id": before.id, "patch": patch, "v": before.version}
        await self.ask(self.market.catalog, UPDATE, asked, SELLER)
        after = await self.market.product(self.traded.product_id)
        if after.version != before.version:  # also where a crash hid the answer
            on_hand = before.stock + before.held
            wanted = patch.get("stock", on_hand + patch.get("stockDelta", 0))
            assert (after.stock + after.held, after.held) == (wanted, before.held), (patch, before.stock, after.stock)
            self.traded.pieces += wanted - on_hand

    async def _forge(self, kind: str, secret: bytes | None) -> None:
        money = self.market.money
        for order_id in self.traded.orders:
            for payment in await money.payments_of(order_id):
                event = {
                    "id": uuid7(),
                    "type": kind,
                    "intent": {"id": payment.provider_reference, "status": "captured"},
                }
                raw = json.dumps(event).encode()
                signed = signature(secret or WEBHOOK_SECRET.encode(), raw, unix_seconds=int(utc_now().timestamp()))
                sent = await money.payment.http.post("/webhooks/bank", content=raw, headers={"Bank-Signature": signed})
                assert secret is None or sent.status_code == 401, sent.text

    async def _check_now(self) -> None:
        product = await self.market.product(self.traded.product_id)
        pieces = product.stock + product.held + product.sold
        assert min(product.stock, product.held, product.sold) >= 0
        assert pieces == self.traded.pieces, (pieces, self.traded.pieces)
        held, sold = await self._reserved()
        assert (product.held, product.sold) == (held, sold)
        async with self.market.money.orders.database.reading() as session:
            ids = list(self.traded.orders)
            orders = list(await session.scalars(select(Order).where(Order.id.in_(ids))))
            changes = select(OrderChange).where(OrderChange.order_id.in_(ids)).order_by(OrderChange.version)
            steps = list(await session.scalars(changes))
            told = list(await session.scalars(select(OrderOutbox).where(OrderOutbox.subject.in_(ids))))
        for order in orders:
            history = [each for each in steps if each.order_id == order.id]
            pairs = [(OrderStatus(each.before) if each.before else None, OrderStatus(each.after)) for each in history]
            assert folded(pairs) is OrderStatus(order.status)
            assert [each.version for each in history] == list(range(1, order.version + 1))
            undone = [
                each.actor for each in history if each.after in {"CANCELLED", "EXPIRED"} and each.actor != "buyer"
            ]
            assert not (undone and order.id in self.traded.captured), f"a paid order was called off by {undone}"
            of_order = [each.envelope for each in told if each.subject == order.id and each.type != "order.refund_owed"]
            assert sorted(each["data"]["order_version"] for each in of_order) == [each.version for each in history]
            assert order.total_amount == self.traded.orders[order.id]
            payments = await self.market.money.payments_of(order.id)
            assert sum(payment.captured_amount > 0 for payment in payments) <= 1
            assert all(payment.refunded_amount <= payment.captured_amount for payment in payments)

    async def _reserved(self) -> tuple[int, int]:
        """Pieces of the product that reservations hold, and that they sold."""
        lines = select(ReservedLineRow.quantity, ReservationRow.status).join(
            ReservationRow, ReservationRow.order_id == ReservedLineRow.order_id
        )
        async with self.market.money.orders.catalog.database.reading() as session:
            rows = await session.execute(lines.where(ReservedLineRow.product_id == self.traded.product_id))
            by_status = Counter[str]()
            for row in rows:
                by_status[row.status] += row.quantity
        return by_status["HELD"], by_status["COMMITTED"]

    async def _check_at_rest(self) -> None:
        await self.market.come_to_rest()
        money = self.market.money
        for order_id in await self._ordered():
            order = await money.order(order_id)
            assert order.status != OrderStatus.PENDING.value, "nothing ended the placing of an order"
            payments = await money.payments_of(order_id)
            refunded = sum(payment.refunded_amount for payment in payments)
            held = sum(payment.captured_amount for payment in payments) - refunded
            due = order.total_amount - refunded if order.status in PAID else 0
            assert held == due, f"an order that is {order.status} holds {held} and should hold {due}"
            for payment in payments:
                theirs = await money.bank.intents(payment.id)
                sums = (sum(each["captured"] for each in theirs), sum(each["refunded"] for each in theirs))
                assert sums == (payment.captured_amount, payment.refunded_amount), payment.status
            await self._check_delivered(order)

    async def _ordered(self) -> list[str]:
        """Every order of the product, also those that no buyer had an answer for."""
        async with self.market.money.orders.database.reading() as session:
            items = select(OrderItem.order_id).where(OrderItem.product_id == self.traded.product_id)
            return list(await session.scalars(items))

    async def _check_delivered(self, order: Order) -> None:
        money = self.market.money
        async with money.orders.database.reading() as session:
            rows = list(await session.scalars(select(OrderOutbox).where(OrderOutbox.subject == order.id)))
        left = [(row.type, row.last_error) for row in rows if row.settled_at is None]
        assert not left, left
        async with money.orders.courier.analytics.reading() as session:
            logged = set(await session.scalars(select(LoggedEvent.event_id).where(LoggedEvent.order_id == order.id)))
        assert {row.id for row in rows} == logged
        async with money.orders.catalog.database.reading() as session:
            reservation = await session.get(ReservationRow, order.id)
        status = reservation.status if reservation is not None else "none"
        if order.status in PAID:
            assert status == "COMMITTED", f"the stock of an order that is {order.status} is {status}"
        elif order.status in {"CANCELLED", "EXPIRED"}:
            assert status in {"RELEASED", "RETURNED", "none"}, (
                f"the stock of an order that is {order.status} is {status}"
            )
