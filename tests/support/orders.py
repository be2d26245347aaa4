"""The order service with the services that it asks: the real catalog and the real user service, over HTTP, and a payment service that takes notes."""

import json
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import AsyncExitStack, asynccontextmanager, contextmanager
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
from sqlalchemy import select
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse
from starlette.routing import Route

from subgraphs.catalog.app import create_catalog_app
from subgraphs.catalog.resources import CatalogResources
from subgraphs.catalog.seed import seed as seed_catalog
from subgraphs.catalog.settings import MIGRATIONS as CATALOG_MIGRATIONS
from subgraphs.catalog.settings import CatalogSettings
from subgraphs.catalog.tables import ProductRow
from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.runtime.client import ServiceUnavailable
from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.storage.migrate import upgrade
from subgraphs.kit.storage.session import Database
from subgraphs.order.app import create_order_app
from subgraphs.order.clients.catalog import CatalogService, Offer
from subgraphs.order.event_effects import EffectServices
from subgraphs.order.event_streams import EventStreams
from subgraphs.order.quote import Line
from subgraphs.order.resources import OrderResources
from subgraphs.order.settings import ANALYTICS_MIGRATIONS, MIGRATIONS, OrderSettings
from subgraphs.order.tables import Outbox
from subgraphs.user.app import create_user_app
from subgraphs.user.seed import seed as seed_users
from subgraphs.user.settings import MIGRATIONS as USER_MIGRATIONS
from subgraphs.user.settings import UserSettings
from subgraphs.user.tokens import TokenKeys
from tests.support.bank import Servers
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, account
from tests.support.ports import free_port
from tests.support.subgraphs import SubgraphUnderTest
from workers.actors.orders import deliver_event

NOWHERE = "http://127.0.0.1:9/graphql"
BUYER, OTHER_BUYER = account("buyer-1", "BUYER"), account("buyer-2", "BUYER")
SELLER, SECOND_SELLER, OTHER_SELLER = (account(f"seller-{n}", "SELLER") for n in (1, 2, 3))

PLACE = """mutation ($input: PlaceOrderInput!) { placeOrder(input: $input) { __typename
  ... on OrderSuccess { order { id number status version subtotal { amount } shipping { amount }
    total { amount currency } items { titleSnapshot quantity unitPrice { amount } lineTotal { amount } product { id } seller { id } }
    shippingAddress { line1 city postalCode country } timeline { from to actor reason } allowedActions } }
  ... on PriceChangedError { preview { total { amount currency } } }
  ... on OutOfStockError { lines { product { id } requested available } }
  ... on UserError { code path } } }"""


def _product(number: int, **more: Any) -> dict[str, Any]:
    return {
        "id": f"product-{number}",
        "slug": f"cup-{number}",
        "title": f"Cup {number}",
        "description": "A cup.",
        "status": "PUBLISHED",
        "category_id": "cups",
        "seller_id": "seller-1",
        "price": {"amount": 1000 * number, "currency": "EUR"},
        "compare_at_price": None,
        "stock": 10,
        "attributes": [],
        "picture": {"shape": "box", "hue": 10, "seed": number},
        "created_at": "2026-01-01T00:00:00Z",
        "popularity": 1.0,
        **more,
    }


PRODUCTS = [
    _product(1),
    _product(2, seller_id="seller-2"),
    _product(3, stock=1),
    _product(4, status="DRAFT"),
    _product(5, price={"amount": 700, "currency": "GBP"}),
]


def _buyer(number: int) -> dict[str, Any]:
    return {
        "id": f"buyer-{number}",
        "email": f"buyer{number}@example.test",
        "display_name": f"Buyer {number}",
        "locale": "en",
        "phone": None,
        "created_at": "2026-01-01T00:00:00Z",
        "addresses": [
            {
                "id": f"address-{number}",
                "line1": f"{number} Long Street",
                "line2": None,
                "city": "Lisbon",
                "postal_code": "1000",
                "country": "PT",
            }
        ],
    }


BUYERS = [_buyer(1), _buyer(2)]


def write_lines(folder: Path, **files: list[dict[str, Any]]) -> Path:
    """Write JSON Lines, a file for each keyword."""
    folder.mkdir(parents=True, exist_ok=True)
    for name, lines in files.items():
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


@dataclass(slots=True)
class MovedClock:
    """The time, moved forward: it goes on, as the clocks of other processes do."""

    ahead: timedelta = timedelta()

    def __call__(self) -> datetime:
        return utc_now() + self.ahead

    def advance(self, step: timedelta) -> None:
        """Move the clock forward by `step`."""
        self.ahead += step


@dataclass(slots=True)
class NotedPayments:
    """A payment service that notes what it is asked.

    Attributes:
        is_refusing: It refuses whatever it is asked.
        answers: What it says of an order that is to be closed, by the order's id; without one the order is closed.
        closed: The orders that it was to close, with the terms.
        refunded: The payments of which the rest was to go back.
    """

    is_refusing: bool = False
    answers: dict[str, dict[str, Any]] = field(default_factory=dict)
    closed: list[tuple[str, str]] = field(default_factory=list)
    refunded: list[str] = field(default_factory=list)

    def answer(self, order_id: str, outcome: str, **standing: Any) -> None:
        """Say this of the order from now on."""
        self.answers[order_id] = {**_NOTHING_STANDS, "outcome": outcome, **standing}

    @property
    def app(self) -> Starlette:
        """The app to serve."""

        async def answer(request: Request) -> JSONResponse:
            asked = (await request.json())["variables"]
            if self.is_refusing:
                return JSONResponse({"errors": [{"message": "no", "extensions": {"code": "VALIDATION_FAILED"}}]})
            if "payment" in asked:
                self.refunded.append(asked["payment"])
                return JSONResponse({"data": {"refundRest": True}})
            self.closed.append((asked["order"], asked["terms"]))
            closing = self.answers.get(asked["order"], {**_NOTHING_STANDS, "outcome": "CLOSED"})
            return JSONResponse({"data": {"closeOrderPayments": closing}})

        return Starlette(routes=[Route("/graphql", answer, methods=["POST"])])


_NOTHING_STANDS = {"paymentId": None, "capturedAmount": 0, "refundedAmount": 0, "currency": None}


@dataclass(slots=True)
class OrderMarket:
    """The order service, what it works with, and what it asks.

    Attributes:
        neighbours: The addresses of `catalog` and `user`.
    """

    order: SubgraphUnderTest
    url: str
    resources: OrderResources
    catalog: CatalogResources
    services: EffectServices
    payments: NotedPayments
    clock: MovedClock
    neighbours: Mapping[str, str]

    @property
    def database(self) -> Database:
        """The order database."""
        return self.resources.database

    async def place(self, key: str = "key-1", *, total: int = 1490, by: Any = BUYER, **more: Any) -> dict[str, Any]:
        """What placing an order of one cup (or what `more` says) answers."""
        wanted = {
            "idempotencyKey": key,
            "lines": [{"productId": "product-1", "quantity": 1}],
            "addressId": "address-1",
            "expectedTotal": total,
            "currency": "EUR",
            **more,
        }
        return dict((await self.order.data(PLACE, {"input": wanted}, by=by))["placeOrder"])

    async def placed(self, key: str = "key-1", **more: Any) -> dict[str, Any]:
        """An order of one cup that waits for its payment."""
        answer = await self.place(key, **more)
        assert answer["__typename"] == "OrderSuccess", answer
        return dict(answer["order"])

    async def pieces(self, product_id: str) -> tuple[int, int, int]:
        """Of a product: free, held, sold."""
        async with self.catalog.database.reading() as session:
            row = await session.get(ProductRow, product_id)
        assert row is not None
        return row.stock, row.held, row.sold

    async def deliver_all(self, clock: Clock | None = None) -> list[Envelope]:
        """Deliver every event that is due, as the worker does; those delivered, in order.

        Args:
            clock: The worker's; the market's when absent.
        """
        clock = clock or self.clock
        delivered: list[Envelope] = []
        while True:
            async with self.database.reading() as session:
                due = select(Outbox).where(is_due(Outbox, clock())).order_by(Outbox.due_at, Outbox.id)
                rows = list(await session.scalars(due))
            if not rows:
                return delivered
            for row in rows:
                assert await deliver_event(self.services, row.id, clock=clock)
                delivered.append(Envelope.model_validate(row.envelope))


class MuteCatalog(CatalogService):
    """A catalog that shows its products and then falls silent."""

    def __init__(self, real: CatalogService) -> None:
        self._real = real

    async def offers(self, product_ids: Sequence[str]) -> dict[str, Offer]:
        return await self._real.offers(product_ids)

    async def hold(self, order_id: str, lines: Sequence[Line], *, seconds: int) -> datetime:
        raise ServiceUnavailable("catalog", "timed out")


@contextmanager
def asking(market: OrderMarket, catalog: CatalogService) -> Iterator[None]:
    """Let the service ask another catalog during the block."""
    dependencies = market.resources.dependencies
    object.__setattr__(market.resources, "dependencies", replace(dependencies, catalog=catalog))
    try:
        yield
    finally:
        object.__setattr__(market.resources, "dependencies", dependencies)


def order_settings(folder: Path, *, database_url: str, redis_url: str, **more: Any) -> OrderSettings:
    """Settings of an order service under test."""
    return OrderSettings(
        database_url=database_url,
        redis_url=redis_url,
        data_dir=folder,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        config_url=NOWHERE,
        **more,
    )


@asynccontextmanager
async def order_market(
    folder: Path,
    *,
    database_url: str,
    analytics_url: str,
    redis_url: str,
    payment_url: str = "",
    catalog_database_url: str = "",
    user_database_url: str = "",
) -> AsyncIterator[OrderMarket]:
    """The order service on its two databases, with its neighbours, which are on SQLite unless they are given a database.

    Args:
        payment_url: of a real payment service; one that takes notes when empty.
    """
    clock = MovedClock()
    common: dict[str, Any] = {
        "data_dir": folder,
        "service_keys": SERVICE_KEYS,
        "cursor_keys": CURSOR_KEYS,
        "config_url": NOWHERE,
        "redis_url": redis_url,
    }
    seed = write_lines(
        folder / "market",
        categories=[{"id": "cups", "slug": "cups", "name": "Cups", "parent_id": None, "attributes": []}],
        products=PRODUCTS,
        buyers=BUYERS,
        sellers=[],
        admins=[],
    )
    payments = NotedPayments()
    async with Servers() as servers, AsyncExitStack() as stack:
        order_port = free_port()
        catalog_settings = CatalogSettings(
            **common, database_url=catalog_database_url, order_url=f"http://127.0.0.1:{order_port}/graphql"
        )
        await upgrade(catalog_settings.database, CATALOG_MIGRATIONS)
        await seed_catalog(catalog_settings, seed)
        catalog = CatalogResources.open(catalog_settings, clock=clock)
        catalog_url = await servers.serve(create_catalog_app(catalog_settings, catalog))

        keys = folder / "keys" / "user-tokens.json"
        TokenKeys.rotate(keys)
        user_settings = UserSettings(**common, database_url=user_database_url, token_keys_file=keys)
        await upgrade(user_settings.database, USER_MIGRATIONS)
        await seed_users(user_settings, seed)
        user_url = await servers.serve(create_user_app(user_settings))
        payment_url = payment_url or f"{await servers.serve(payments.app)}/graphql"

        settings = order_settings(
            folder,
            database_url=database_url,
            redis_url=redis_url,
            analytics_database_url=analytics_url,
            catalog_url=f"{catalog_url}/graphql",
            user_url=f"{user_url}/graphql",
            payment_url=payment_url,
        )
        await upgrade(settings.database, MIGRATIONS)
        await upgrade(settings.analytics_database, ANALYTICS_MIGRATIONS)
        resources = OrderResources.open(settings, clock=clock)
        url = await servers.serve(create_order_app(settings, resources), port=order_port)
        http = await stack.enter_async_context(httpx.AsyncClient(base_url=url, trust_env=False, timeout=20))
        analytics = Database(settings.analytics_database)
        stack.push_async_callback(analytics.close)
        followers = EventStreams(redis_url)
        stack.push_async_callback(followers.close)
        dependencies = resources.dependencies
        services = EffectServices(
            dependencies.database, analytics, dependencies.catalog, dependencies.payments, followers, dependencies.clock
        )
        neighbours = {"catalog": catalog_url, "user": user_url}
        yield OrderMarket(SubgraphUnderTest(http), url, resources, catalog, services, payments, clock, neighbours)
