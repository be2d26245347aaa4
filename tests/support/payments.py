"""A payment service with its surroundings: the real bank, a real queue, and an order service that answers by the contract's schema."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import redis
from graphql import GraphQLSchema, build_ast_schema, graphql_sync, parse
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from subgraphs.kit.runtime.clock import utc_now
from subgraphs.kit.runtime.identity import Identity
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.storage import outbox
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.payment import events
from subgraphs.payment.app import create_payment_app
from subgraphs.payment.dependencies import PaymentDependencies
from subgraphs.payment.queries import payments_by_order
from subgraphs.payment.resources import PaymentResources
from subgraphs.payment.settings import MIGRATIONS, PaymentSettings
from subgraphs.payment.tables import Outbox, Payment
from tests.support.bank import API_KEY, WEBHOOK_SECRET, Servers
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, account, service_tokens
from tests.support.ports import free_port
from tests.support.subgraphs import SubgraphUnderTest

CONTRACT = Path(__file__).parents[1] / "contract" / "sdl" / "order.graphql"
NOWHERE = "http://127.0.0.1:9"

SUPPORT = account("support-1", "SUPPORT")

START = """mutation ($input: StartPaymentInput!) { startPayment(input: $input) {
  __typename
  ... on PaymentSuccess { payment { ...P } }
  ... on PaymentDeclinedError { retryable payment { ...P } }
  ... on AlreadyPaidError { payment { ...P } }
  ... on ProviderUnavailableError { retryAfterMs }
  ... on UserError { code message path } } }
fragment P on Payment { id status method amount { amount currency } nextAction { type redirectUrl clientSecret }
  failure { code message retryable } order { id number paymentState } history { status providerEventId } }"""
REFUND = """mutation ($id: ID!, $amount: MinorUnits!, $key: ID!) {
  refundPayment(paymentId: $id, amount: $amount, idempotencyKey: $key) {
    __typename
    ... on PaymentSuccess { payment { id status refunds { id status amount { amount currency } } } }
    ... on ProviderUnavailableError { retryAfterMs }
    ... on UserError { code message path } } }"""
PAYMENT = "query ($id: ID!) { payment(id: $id) { id status failure { code } history { status providerEventId } } }"
ENTITIES = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Order { id paymentState payments { id } } } }"


async def publish_captured(database: Database, *, order_id: str = "order-1", now: datetime) -> str:
    """Put the event of a captured payment into payment's outbox; its id."""
    event = events.PaymentCaptured(
        payment_id="payment-1",
        payment_version=2,
        order_id=order_id,
        buyer_id="buyer-1",
        status="CAPTURED",
        currency="EUR",
        amount=1490,
    )
    envelope = events.envelope(event, occurred_at=now)
    async with database.transaction() as session:
        outbox.put(session, Outbox, envelope, queue=events.QUEUE, actor_name=events.ACTOR_NAME)
    return envelope.id


def order_schema() -> GraphQLSchema:
    """The order service's schema by its contract, without the federation it says it is made of."""
    _, _, types = CONTRACT.read_text().partition("\nscalar DateTime")
    return build_ast_schema(parse("scalar DateTime" + types), assume_valid=True)


@dataclass(slots=True)
class FakeOrders:
    """An order service with orders in memory, which shows each to its buyer alone."""

    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    is_down: bool = False
    schema: GraphQLSchema = field(default_factory=order_schema)

    def add(
        self, buyer_id: str, *, amount: int = 5_000, status: str = "AWAITING_PAYMENT", currency: str = "EUR"
    ) -> str:
        """A new order; its id."""
        order_id = uuid7()
        self.orders[order_id] = {
            "id": order_id,
            "number": f"Y-{len(self.orders) + 1:06d}",
            "buyer": {"id": buyer_id},
            "total": {"amount": amount, "currency": currency},
        }
        self.set_status(order_id, status)
        return order_id

    def set_status(self, order_id: str, status: str) -> None:
        """Move an order."""
        actions = ["PAY", "CANCEL"] if status == "AWAITING_PAYMENT" else []
        self.orders[order_id].update(status=status, allowedActions=actions)

    @property
    def app(self) -> Starlette:
        """The service over HTTP."""
        return Starlette(routes=[Route("/graphql", self._answer, methods=["POST"])])

    async def _answer(self, request: Request) -> Response:
        if self.is_down:
            return Response(status_code=503)
        identity = service_tokens().verify(request.headers["authorization"].removeprefix("Bearer "))
        asked = await request.json()

        def order(_: object, **arguments: str) -> dict[str, Any] | None:
            found = self.orders.get(arguments["id"])
            return found if found and self._may_see(identity, found) else None

        result = graphql_sync(self.schema, asked["query"], {"order": order}, variable_values=asked["variables"])
        return JSONResponse(result.formatted)

    def _may_see(self, identity: Identity, order: dict[str, Any]) -> bool:
        assert identity.caller == "payment"
        return identity.subject == order["buyer"]["id"]


@dataclass(slots=True)
class Shop:
    """A running payment service and those around it."""

    payment: SubgraphUnderTest
    orders: FakeOrders
    resources: PaymentResources
    redis_url: str
    address: str
    buyer_id: str = field(default_factory=uuid7)

    @property
    def buyer(self) -> Identity:
        """Who buys."""
        return account(self.buyer_id, "BUYER")

    @property
    def support(self) -> Identity:
        """Who may refund."""
        return account(uuid7(), "SUPPORT")

    async def start(
        self,
        order_id: str,
        method: str = "card_ok",
        *,
        key: str | None = None,
        by: Identity | None = None,
        return_url: str | None = None,
    ) -> dict[str, Any]:
        """What `startPayment` answers."""
        asked = {"idempotencyKey": key or uuid7(), "orderId": order_id, "method": method, "returnUrl": return_url}
        data = await self.payment.data(START, {"input": asked}, by=by or self.buyer)
        answer: dict[str, Any] = data["startPayment"]
        return answer

    async def refund(
        self, payment_id: str, amount: int, *, key: str | None = None, by: Identity | None = None
    ) -> dict[str, Any]:
        """What `refundPayment` answers."""
        asked = {"id": payment_id, "amount": amount, "key": key or uuid7()}
        answer: dict[str, Any] = (await self.payment.data(REFUND, asked, by=by or self.support))["refundPayment"]
        return answer

    async def shown(self, payment_id: str) -> dict[str, Any]:
        """The payment as its buyer sees it."""
        answer: dict[str, Any] = (await self.payment.data(PAYMENT, {"id": payment_id}, by=self.buyer))["payment"]
        return answer

    async def order_entity(self, order_id: str, fields: str, *, by: Identity | None = None) -> dict[str, Any]:
        """An order as the gateway asks for it here, with its total."""
        order = self.orders.orders[order_id]
        is_payable = order["status"] in {"PENDING", "AWAITING_PAYMENT"}
        representation = {"__typename": "Order", "id": order_id, "total": order["total"], "payable": is_payable}
        query = f"query ($r: [_Any!]!) {{ _entities(representations: $r) {{ ... on Order {{ {fields} }} }} }}"
        answer: dict[str, Any] = (await self.payment.data(query, {"r": [representation]}, by=by or self.buyer))[
            "_entities"
        ][0]
        return answer

    def dependencies(self, *, later: timedelta = timedelta()) -> PaymentDependencies:
        """What the commands work with, at a later time."""
        return replace(self.resources.dependencies, clock=lambda: utc_now() + later)

    async def rows(self, order_id: str) -> list[Payment]:
        """The order's payments in the database, oldest first."""
        async with self.resources.database.reading() as session:
            return (await payments_by_order(session, [order_id])).get(order_id, [])

    def queued(self) -> int:
        """How many messages wait in the queue `payments`."""
        with redis.Redis.from_url(self.redis_url) as client:
            return int(client.llen("dramatiq:payments"))


@dataclass(frozen=True, slots=True)
class Place:
    """Where a shop's parts are: its database, its queue, its bank, and the port that the bank's webhooks go to."""

    database_url: str
    redis_url: str
    folder: Path
    bank_url: str
    port: int = field(default_factory=free_port)
    lease: timedelta = timedelta(seconds=30)

    def settings(self, order_url: str) -> PaymentSettings:
        """The payment service's settings here."""
        return PaymentSettings(
            database_url=self.database_url,
            data_dir=self.folder,
            redis_url=self.redis_url,
            service_keys=SERVICE_KEYS,
            cursor_keys=CURSOR_KEYS,
            config_url=f"{NOWHERE}/graphql",
            order_url=order_url,
            provider_url=self.bank_url,
            provider_key=API_KEY,
            webhook_secret=WEBHOOK_SECRET,
            port=self.port,
            reconciles=False,  # tests call the rounds themselves
            lease_seconds=self.lease.total_seconds(),
        )


@asynccontextmanager
async def running_shop(place: Place) -> AsyncIterator[Shop]:
    """Migrate, start everything, stop it in the end."""
    await upgrade(place.database_url, MIGRATIONS)
    orders = FakeOrders()
    async with Servers() as servers:
        settings = place.settings(f"{await servers.serve(orders.app)}/graphql")
        resources = PaymentResources.open(settings)
        address = await servers.serve(create_payment_app(settings, resources), port=place.port)
        async with httpx.AsyncClient(base_url=address, trust_env=False, timeout=20) as http:
            yield Shop(SubgraphUnderTest(http), orders, resources, place.redis_url, address)


async def together(*answers: Any) -> list[Any]:
    """The answers of calls that were made at the same time."""
    return list(await asyncio.gather(*answers))
