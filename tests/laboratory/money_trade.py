"""What people do with one product and its orders, and what they were answered.

Each call drives the market to where it can matter: who wants to cancel a paid order has one, made here where there is none. A call whose
services fail does nothing more; what was acknowledged until then is noted, for `money_books` to check.
"""

import asyncio
import json
from collections.abc import Awaitable, Callable, Iterable
from contextlib import suppress
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from http import HTTPStatus
from typing import Any

from sqlalchemy import select

from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.order.tables import Order, OrderItem
from subgraphs.payment.sandbox.webhooks import signature
from tests.laboratory.money_driver import Market
from tests.support.bank import WEBHOOK_SECRET, eventually
from tests.support.money import CANCEL
from tests.support.orders import BUYER, SELLER
from tests.support.payments import REFUND, START, SUPPORT
from tests.support.subgraphs import Json, SubgraphUnderTest

HOLD = timedelta(seconds=901)
PAID = ("PAID", "FULFILLING", "SHIPPED", "DELIVERED")
SLOW_SECONDS = 2.0
ADDRESS = "address-1"

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


class NoOrder(Exception):
    """Raised when a step has no order to do anything with: a service did not answer, or the pieces went to somebody faster."""


@dataclass(slots=True)
class Trade:
    """One product that is sold, with its orders.

    Attributes:
        pieces: Free, held and sold together.
        began: Before the first order.
        totals: What each acknowledged order costs.
        asked, payments: Requests that were sent, to be sent again.
        answered: The order or payment that was acknowledged under each idempotency key.
        captured: Orders whose money was taken while nobody had called them off: only their buyer does so.
        seen_sums: What the checks of the API's sums were made of last.
    """

    market: Market
    product_id: str
    pieces: int
    began: datetime = field(default_factory=utc_now)
    totals: dict[str, int] = field(default_factory=dict)
    asked: list[dict[str, Any]] = field(default_factory=list)
    payments: list[dict[str, Any]] = field(default_factory=list)
    answered: dict[str, str] = field(default_factory=dict)
    captured: set[str] = field(default_factory=set)
    seen_sums: object = None

    # Buyers.

    async def place(self, quantity: int = 1, *, price_after: int | None = None) -> str:
        """Place an order for the price that is shown.

        Args:
            price_after: What the product costs once the buyer has seen its price.

        Raises:
            NoOrder: When it is not acknowledged.
        """
        await self._have_pieces(quantity)
        wanted = await self.shown(quantity)
        if price_after is not None:
            await self.edit({"price": {"amount": price_after, "currency": "EUR"}})
        order_id = await self.send_order(wanted)
        if order_id is None:
            raise NoOrder()
        return order_id

    async def shown_for_all(self) -> dict[str, Any]:
        """The request for an order of all pieces that are free.

        Raises:
            NoOrder: When no price is shown.
        """
        await self._have_pieces(1)
        return await self.shown((await self.market.product(self.product_id)).stock)

    async def shown(self, quantity: int) -> dict[str, Any]:
        """The request for an order at the price that is shown now.

        Raises:
            NoOrder: When none is shown.
        """
        basket = {"lines": [{"productId": self.product_id, "quantity": quantity}], "addressId": ADDRESS}
        preview = await ask(self.market.money.orders.order, CHECKOUT, {"input": basket}, BUYER)
        if (preview or {}).get("__typename") != "CheckoutPreview":
            raise NoOrder()
        total = preview["total"]
        wanted = {**basket, "idempotencyKey": uuid7(), "expectedTotal": total["amount"], "currency": total["currency"]}
        self.asked.append(wanted)
        return wanted

    async def send_order(self, wanted: dict[str, Any]) -> str | None:
        """Send a request for an order; the order's id when it is acknowledged."""
        answer = await ask(self.market.money.orders.order, PLACE, {"input": wanted}, BUYER)
        if (answer or {}).get("__typename") != "OrderSuccess":
            return None
        order_id = str(answer["order"]["id"])
        assert self.answered.setdefault(wanted["idempotencyKey"], order_id) == order_id, "one key, two orders"
        assert self.totals.setdefault(order_id, wanted["expectedTotal"]) == answer["order"]["total"]["amount"]
        return order_id

    async def pay(self, order_id: str, method: str = "card_ok") -> None:
        """Pay an order."""
        wanted = {"idempotencyKey": uuid7(), "orderId": order_id, "method": method, "returnUrl": None}
        self.payments.append(wanted)
        await self.send_payment(wanted)

    async def send_payment(self, wanted: dict[str, Any]) -> None:
        """Send a request for a payment."""
        answer = await ask(self.market.money.payment, START, {"input": wanted}, BUYER)
        if (answer or {}).get("__typename") == "PaymentSuccess":
            payment_id = answer["payment"]["id"]
            known = self.answered.setdefault(wanted["idempotencyKey"], payment_id)
            assert known == payment_id, "one key, two payments"
            if answer["payment"]["status"] == "CAPTURED":
                self.captured.add(wanted["orderId"])

    async def send_all_again(self) -> None:
        """Send every request for an order or a payment again with its key, as clients do that had no answer."""
        for wanted in self.asked:
            await self.send_order(wanted)
        for wanted in self.payments:
            await self.send_payment(wanted)

    async def decide_at_the_bank(self, order_id: str, decision: str) -> None:
        """Say yes or no at the bank's page, for each payment of the order that waits for that."""
        async with self.market.money.bank.client() as payer:
            for intent in await self.intents(order_id):
                if intent["next_action"] is not None:
                    await payer.post(intent["next_action"]["redirect_url"], data={"decision": decision})

    async def cancel(self, order_id: str) -> None:
        """Cancel an order; what is said of the money is what happens to it."""
        before = await self.market.money.order(order_id)
        asked = {"id": order_id, "v": before.version}
        answer = await ask(self.market.money.orders.order, CANCEL, asked, BUYER)
        if (answer or {}).get("__typename") == "OrderSuccess" and before.status in {"AWAITING_PAYMENT", "PAID"}:
            is_paid = before.status == "PAID"
            assert answer["order"]["refundPending"] is is_paid, (
                f"an order that was {before.status} is cancelled: {answer}"
            )

    async def confirm(self, order_id: str) -> None:
        """Confirm the delivery of an order."""
        await self._step(order_id, "confirmDelivery", BUYER)

    # Sellers and support.

    async def ship(self, order_id: str) -> None:
        """Ship an order."""
        await self._step(order_id, "markShipped", SELLER)

    async def _step(self, order_id: str, name: str, by: Any) -> None:
        version = (await self.market.money.order(order_id)).version
        await ask(self.market.money.orders.order, STEP.format(name=name), {"id": order_id, "v": version}, by)

    async def refund(self, order_id: str, parts: float) -> None:
        """Give back parts of what an order cost: 1.0 is all, and more is too much."""
        for payment in await self.market.money.payments_of(order_id):
            asked = {"id": payment.id, "amount": max(1, int(payment.amount * parts)), "key": uuid7()}
            await ask(self.market.money.payment, REFUND, asked, SUPPORT)

    async def refund_at_the_bank(self, order_id: str, amount: int) -> None:
        """Give back an amount by the bank's own means, of which we hear by its events and its list."""
        async with self.market.money.bank.client() as client:
            for intent in await self.intents(order_id):
                key, body = {"idempotency-key": uuid7()}, {"amount": amount, "reference": uuid7()}
                await client.post(f"/v1/intents/{intent['id']}/refunds", json=body, headers=key)

    async def edit(self, patch: dict[str, Any], *, seen: int | None = None) -> None:
        """Change the product as its seller; the pieces that are on hand afterwards are those that were asked for.

        Args:
            seen: The version that the seller looked at; by default the current one.
        """
        before = await self.market.product(self.product_id)
        asked = {"id": before.id, "patch": patch, "v": before.version if seen is None else seen}
        await ask(self.market.catalog, UPDATE, asked, SELLER)
        after = await self.market.product(self.product_id)
        if after.edited_version == before.edited_version:
            return  # refused, or cut off before its commit
        if "stock" in patch:
            assert asked["v"] == before.version, (
                f"pieces were counted before a sale, and {patch} was taken: a lost update"
            )
        on_hand = before.stock + before.held
        wanted = patch.get("stock", on_hand + patch.get("stockDelta", 0))
        # Orders may hold and sell pieces at the same moment: none comes or goes by that.
        pieces = after.stock + after.held + after.sold
        assert pieces == wanted + before.sold, f"{patch} of {on_hand} on hand and {before.sold} sold made {pieces}"
        self.pieces += wanted - on_hand

    async def publish(self, to: str) -> None:
        """Withdraw the product, or put it on sale."""
        await ask(self.market.catalog, PUBLISH, {"id": self.product_id, "to": to}, SELLER)

    async def _have_pieces(self, quantity: int) -> None:
        """Have so many pieces on sale, and no more than before if they are."""
        product = await self.market.product(self.product_id)
        if product.status != "PUBLISHED":
            await self.publish("PUBLISHED")
        if product.stock < quantity:
            await self.edit({"stockDelta": quantity - product.stock})

    # Orders by what has become of them.

    async def order_ids(self) -> list[str]:
        """Every order of the product, the newest first, also those that no buyer had an answer for."""
        async with self.market.money.orders.database.reading() as session:
            items = select(OrderItem.order_id).where(OrderItem.product_id == self.product_id)
            return sorted(await session.scalars(items), reverse=True)

    async def orders(self, *statuses: str) -> list[Order]:
        """The orders in these statuses, the newest first; all without any."""
        async with self.market.money.orders.database.reading() as session:
            found = select(Order).where(Order.id.in_(await self.order_ids())).order_by(Order.id.desc())
            return list(await session.scalars(found.where(Order.status.in_(statuses)) if statuses else found))

    async def any(self, pick: int) -> str:
        """An order, whatever has become of it: one of those there are, or a new one.

        Raises:
            NoOrder: When a new one is not acknowledged; so do the others.
        """
        return _picked(await self.orders(), pick) or await self.place()

    async def awaiting(self, pick: int) -> str:
        """An order that waits for its payment: one of those there are, or a new one."""
        return _picked(await self.orders("AWAITING_PAYMENT"), pick) or await self.place()

    async def paid(self, pick: int, *statuses: str) -> str:
        """An order that is paid, as order knows: one of those there are, or a new one.

        Args:
            statuses: Those that will do; every paid one by default.
        """
        return _picked(await self.orders(*(statuses or PAID)), pick) or await self.bought()

    async def bought(self) -> str:
        """A new order that is paid, as order knows."""
        order_id = await self.place()
        await self.pay(order_id)
        await self.market.deliver_results()
        return order_id

    async def intents(self, order_id: str) -> list[dict[str, Any]]:
        """What the bank has for an order."""
        payments = await self.market.money.payments_of(order_id)
        return [each for payment in payments for each in await self.market.money.bank.intents(payment.id)]

    async def is_under_way(self, order_id: str) -> bool:
        """Whether a payment waits for the buyer's word."""
        payments = await self.market.money.payments_of(order_id)
        return any(payment.status == "REQUIRES_ACTION" for payment in payments)

    async def note_captured(self) -> None:
        """Note the orders that wait for their payment while the bank has taken it."""
        for order in await self.orders("AWAITING_PAYMENT"):
            if any(intent["captured"] for intent in await self.intents(order.id)):
                self.captured.add(order.id)

    async def wait_for_capture(self, order_id: str) -> None:
        """Give the bank some seconds to take an order's money."""

        async def is_captured() -> bool:
            return any(intent["captured"] for intent in await self.intents(order_id))

        with suppress(AssertionError):  # on a busy machine it may take longer, and the step goes on without
            await eventually(is_captured, seconds=SLOW_SECONDS)

    # Forgers.

    async def forge(self, kind: str, secret: bytes | None) -> None:
        """Send an event for each payment as the bank would, with another secret or with the bank's own: neither is believed."""
        for order_id in await self.order_ids():
            for payment in await self.market.money.payments_of(order_id):
                intent = {"id": payment.provider_reference, "status": "captured"}
                raw = json.dumps({"id": uuid7(), "type": kind, "intent": intent}).encode()
                signed = signature(secret or WEBHOOK_SECRET.encode(), raw, unix_seconds=int(utc_now().timestamp()))
                http = self.market.money.payment.http
                sent = await http.post("/webhooks/bank", content=raw, headers={"Bank-Signature": signed})
                assert secret is None or sent.status_code == 401, f"a forged event was taken: {sent.status_code}"


async def ask(service: SubgraphUnderTest, document: str, variables: Json, by: Any) -> Any:
    """The value of the one field of an operation; None where it failed."""
    body = {"query": document, "variables": variables}
    response = await service.http.post("/graphql", json=body, headers=service.headers(by))
    if response.status_code != HTTPStatus.OK:  # its process ended on the way
        return None
    return next(iter((response.json().get("data") or {}).values()), None)


async def at_once(*doings: Callable[[], Awaitable[Any]]) -> None:
    """Do several things at the same time."""
    await asyncio.gather(*(doing() for doing in doings))


def _picked(orders: Iterable[Order], pick: int) -> str | None:
    return next((order.id for number, order in enumerate(orders) if number == pick), None)
