"""The real order, payment, catalog and user services with the real bank: money and stock move as in the market, and a test does the worker's part."""

from collections.abc import AsyncIterator, Callable
from contextlib import AbstractAsyncContextManager, AsyncExitStack, asynccontextmanager
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select

from subgraphs.catalog.holds import release_unwanted
from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.order.expiring import expire_overdue
from subgraphs.order.tables import Order
from subgraphs.payment.app import create_payment_app
from subgraphs.payment.queries import payments_by_order
from subgraphs.payment.resources import PaymentResources
from subgraphs.payment.settings import MIGRATIONS
from subgraphs.payment.tables import Outbox, Payment
from tests.support.bank import RunningBank, Servers
from tests.support.identity import service_tokens
from tests.support.orders import BUYER, OrderMarket, order_market
from tests.support.payments import REFUND, START, SUPPORT, Place
from tests.support.subgraphs import SubgraphUnderTest
from workers.actors.payments import deliver_result

CANCEL = """mutation ($id: ID!, $v: Int!) { cancelOrder(id: $id, expectedVersion: $v) {
  __typename ... on OrderSuccess { order { status refundPending } } ... on UserError { code } } }"""


def _later() -> datetime:
    """A time at which also results of a test's later time are due."""
    return utc_now() + timedelta(hours=2)


@dataclass(slots=True)
class MoneyMarket:
    """The services, and the bank that the payment service talks to."""

    orders: OrderMarket
    payment: SubgraphUnderTest
    payments: PaymentResources
    bank: RunningBank
    to_order: GraphQLClient

    async def start(self, order_id: str, method: str = "card_ok") -> dict[str, Any]:
        """What starting a payment of the order answers."""
        asked = {"idempotencyKey": uuid7(), "orderId": order_id, "method": method, "returnUrl": None}
        return dict((await self.payment.data(START, {"input": asked}, by=BUYER))["startPayment"])

    async def paid(self, key: str, method: str = "card_ok") -> tuple[str, str]:
        """The ids of an order of one cup and of its payment, which was started."""
        order = await self.orders.placed(key)
        answer = await self.start(order["id"], method)
        assert answer["__typename"] == "PaymentSuccess", answer
        return order["id"], answer["payment"]["id"]

    async def refund(self, payment_id: str, amount: int) -> None:
        """Support gives back a part."""
        asked = {"id": payment_id, "amount": amount, "key": uuid7()}
        answer = (await self.payment.data(REFUND, asked, by=SUPPORT))["refundPayment"]
        assert answer["__typename"] == "PaymentSuccess", answer

    async def cancel(self, order_id: str) -> dict[str, Any]:
        """What cancelling the order answers to its buyer."""
        version = (await self.order(order_id)).version
        return dict((await self.orders.order.data(CANCEL, {"id": order_id, "v": version}, by=BUYER))["cancelOrder"])

    async def order(self, order_id: str) -> Order:
        """The order's row."""
        async with self.orders.database.reading() as session:
            order = await session.get(Order, order_id)
        assert order is not None
        return order

    async def payments_of(self, order_id: str) -> list[Payment]:
        """The order's payments, oldest first."""
        async with self.payments.database.reading() as session:
            return (await payments_by_order(session, [order_id])).get(order_id, [])

    async def pass_time(self, after: timedelta) -> None:
        """Do what order's and catalog's loops do so much later. The services' clocks stay, since their tokens are made by them."""
        later = replace(self.orders.resources.dependencies, clock=lambda: utc_now() + after)
        await expire_overdue(later)
        catalog = self.orders.catalog
        await release_unwanted(catalog.database, catalog.orders, now=utc_now() + after)

    async def work(self) -> None:
        """Do what a worker does, until nothing is due: payment's results go to order, order's events to the others."""
        while await self._tell_order() or await self.orders.deliver_all(_later):
            pass

    async def _tell_order(self) -> int:
        async with self.payments.database.reading() as session:
            due = list(await session.scalars(select(Outbox.id).where(is_due(Outbox, _later()))))
        for job_id in due:
            await self.deliver_result(job_id, _later)
        return len(due)

    async def deliver_result(self, job_id: str, clock: Clock) -> None:
        """Tell order one of payment's results, if it is due by the clock."""
        await deliver_result(self.payments.database, self.to_order, job_id, clock=clock)

    async def assert_money_is_right(self) -> None:
        """Captures minus refunds are what paid orders hold, on our side and on the bank's; see reliability.md, section 5."""
        async with self.orders.database.reading() as session:
            orders = list(await session.scalars(select(Order)))
        for order in orders:
            payments = await self.payments_of(order.id)
            held = sum(payment.captured_amount - payment.refunded_amount for payment in payments)
            refunded = sum(payment.refunded_amount for payment in payments)
            is_paid = order.status in {"PAID", "FULFILLING", "SHIPPED", "DELIVERED"}
            assert held == (order.total_amount - refunded if is_paid else 0), (order.status, held)
            assert len([each for each in payments if each.captured_amount]) <= 1
            for payment in payments:
                theirs = await self.bank.intent(payment.id)
                ours = (payment.captured_amount, payment.refunded_amount)
                assert (theirs["captured"], theirs["refunded"]) == ours, payment.status


Opening = Callable[[], AbstractAsyncContextManager[MoneyMarket]]
"""Opens the services on the databases of one test."""


@asynccontextmanager
async def money_market(
    folder: Path,
    *,
    database_url: str,
    analytics_url: str,
    payment_database_url: str,
    catalog_database_url: str,
    user_database_url: str,
    redis_url: str,
    bank: RunningBank,
    port: int,
) -> AsyncIterator[MoneyMarket]:
    """All of them, running.

    Args:
        port: where the bank sends its events, and payment listens.
    """
    payment_url = f"http://127.0.0.1:{port}"
    place = Place(payment_database_url, redis_url, folder, bank.url, port, lease=timedelta(seconds=5))
    await upgrade(place.database_url, MIGRATIONS)
    async with (
        order_market(
            folder,
            database_url=database_url,
            analytics_url=analytics_url,
            catalog_database_url=catalog_database_url,
            user_database_url=user_database_url,
            redis_url=redis_url,
            payment_url=f"{payment_url}/graphql",
        ) as orders,
        Servers() as servers,
        AsyncExitStack() as stack,
    ):
        settings = place.settings(f"{orders.url}/graphql")
        payments = PaymentResources.open(settings)
        await servers.serve(create_payment_app(settings, payments), port=port)
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=payment_url, trust_env=False, timeout=20))
        to_order = GraphQLClient(f"{orders.url}/graphql", service="order", caller="payment", tokens=service_tokens())
        stack.push_async_callback(to_order.close)
        yield MoneyMarket(orders, SubgraphUnderTest(http), payments, bank, to_order)
