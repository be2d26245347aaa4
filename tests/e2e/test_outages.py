"""Each service in turn stopped (SIGSTOP) and killed under each of the 17 operations: what is missing, what stays, how long it takes.

An answer is compared by its paths, e.g. ``feed.edges[].node.product``: what the healthy market answers and the one with the fault
does not is missing, named by the topmost path.
"""

import json
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import pytest

from subgraphs import SERVICES
from tests.support.market import OPERATIONS, Client, Market

pytestmark = pytest.mark.e2e

AT_MOST_MORE_SECONDS = 1.0
TRIES = 3
"""Of a read: the fastest counts. A busy machine only adds to the time, and a missing time-out shows in every one."""

MISSING: dict[str, dict[str, set[str]]] = {
    "user": {
        "AppBoot": {"viewer"},
        "HomeFeed": {"feed.edges[].node.product.seller"},
        "ProductPage": {"product.seller"},
        "CategoryListing": {"category.products.edges[].node.seller"},
        "SellerStorefront": {"seller"},
        "Checkout": {"checkoutPreview"},
        "PlaceOrder": {"placeOrder"},
        "OrderDetails": {"order.items[].seller"},
        "MyOrders": {"viewer"},
        "Inbox": {"viewer"},
        "SellerDesk": {"viewer"},
    },
    "catalog": {
        "HomeFeed": {"feed.edges[].node.product", "feed.edges[].node.category", "feed.edges[].node.products[]"},
        "ProductPage": {"product"},
        "CategoryListing": {"category"},
        "SellerStorefront": {"seller.products"},
        "Checkout": {"checkoutPreview"},
        "PlaceOrder": {"placeOrder"},
        "OrderDetails": {"order.items[].product"},
        "MyOrders": {"viewer.buyer.orders.edges[].node.items[].product"},
        "SellerDesk": {"viewer.seller.products"},
        "SaveProduct": {"updateProduct"},
    },
    "feed": {"HomeFeed": {"feed"}, "TrackEvents": {"trackEvents"}},
    "recommendation": {"ProductPage": {"product.similar"}},
    "order": {
        "Checkout": {"checkoutPreview"},
        "PlaceOrder": {"placeOrder"},
        "StartPayment": {"startPayment"},
        "OrderDetails": {"order"},
        "MyOrders": {"viewer.buyer.orders"},
        "CancelOrder": {"cancelOrder"},
        "OrderStatus": {"orderStatusChanged"},
        "SellerDesk": {"viewer.seller.sales"},
    },
    "payment": {
        "PlaceOrder": {"placeOrder.order.amountDue"},
        "StartPayment": {"startPayment"},
        "OrderDetails": {"order.amountDue", "order.paymentState", "order.payments"},
        "OrderStatus": {"orderStatusChanged.order.amountDue", "orderStatusChanged.order.paymentState"},
    },
    "notification": {
        "AppBoot": {"viewer.account.unreadNotificationCount"},
        "Inbox": {"viewer.account.notifications", "viewer.account.notificationPreferences"},
    },
    "config": {"AppBoot": {"clientConfig"}, "Inbox": {"viewer.account.experiments"}, "KillFeature": {"killFlag"}},
}

PERSONAL_SHELVES = {"feed.edges[].node.category", "feed.edges[].node.products[]", "feed.edges[].node.products"}
"""The popular list of the feed, which is served without recommendation, has no shelves."""

Send = Callable[[], dict[str, Any]]


@dataclass(frozen=True, slots=True)
class Persons:
    """Who sends the operations."""

    buyer: Client
    seller: Client
    admin: Client


@dataclass(frozen=True, slots=True)
class Stock:
    """What the operations name: read from the healthy market."""

    product: dict[str, Any]
    address: str
    category_slug: str
    seller_slug: str
    listed: dict[str, Any]
    total: dict[str, Any]


@pytest.fixture
def persons(buyer: Client, seller: Client, admin: Client) -> Persons:
    return Persons(buyer, seller, admin)


@pytest.fixture
def stock(persons: Persons) -> Stock:
    buyer, seller = persons.buyer, persons.seller
    desk = seller.run("SellerDesk")["viewer"]["seller"]["products"]["edges"]
    # Each test orders some pieces, and none of them comes back.
    most = max((edge["node"] for edge in desk if edge["node"]["status"] == "PUBLISHED"), key=lambda node: node["stock"])
    product = buyer.send("query($id: ID!) { product(id: $id) { id slug } }", {"id": most["id"]})["data"]["product"]
    address = buyer.send("{ viewer { buyer { addresses { id } } } }")["data"]["viewer"]["buyer"]["addresses"][0]["id"]
    preview = buyer.run("Checkout", input={"lines": _lines(product), "addressId": address})["checkoutPreview"]
    return Stock(
        product=product,
        address=address,
        category_slug=buyer.run("ProductPage", slug=product["slug"])["product"]["category"]["path"][-1]["slug"],
        seller_slug=seller.send("{ viewer { seller { slug } } }")["data"]["viewer"]["seller"]["slug"],
        listed=seller.run("SellerDesk")["viewer"]["seller"]["products"]["edges"][0]["node"],
        total=preview["total"],
    )


def _lines(product: dict[str, Any]) -> list[dict[str, Any]]:
    return [{"productId": product["id"], "quantity": 1}]


def _order_input(stock: Stock) -> dict[str, Any]:
    return {
        "idempotencyKey": str(uuid.uuid4()),
        "lines": _lines(stock.product),
        "addressId": stock.address,
        "expectedTotal": stock.total["amount"],
        "currency": stock.total["currency"],
    }


def reads(persons: Persons, stock: Stock, order_id: str) -> dict[str, Send]:
    """The operations that change nothing."""
    buyer, seller = persons.buyer, persons.seller
    return {
        "AppBoot": lambda: buyer.ask("AppBoot", ctx={"platform": "web", "appVersion": "1.0.0"}),
        "HomeFeed": lambda: buyer.ask("HomeFeed", first=50),
        "ProductPage": lambda: buyer.ask("ProductPage", slug=stock.product["slug"]),
        "CategoryListing": lambda: buyer.ask("CategoryListing", slug=stock.category_slug, first=5),
        "SellerStorefront": lambda: buyer.ask("SellerStorefront", slug=stock.seller_slug),
        "Checkout": lambda: buyer.ask("Checkout", input={"lines": _lines(stock.product), "addressId": stock.address}),
        "OrderDetails": lambda: buyer.ask("OrderDetails", id=order_id),
        "MyOrders": lambda: buyer.ask("MyOrders", first=5),
        "OrderStatus": lambda: first_event(buyer, order_id),
        "Inbox": lambda: buyer.ask("Inbox", first=5),
        "SellerDesk": lambda: seller.ask("SellerDesk"),
    }


def writes(persons: Persons, stock: Stock) -> dict[str, Send]:
    """The operations that change something, each with inputs of its own that are good once."""
    buyer, seller, admin = persons.buyer, persons.seller, persons.admin
    cancelled, paid = (
        buyer.run("PlaceOrder", input=_order_input(stock))["placeOrder"]["order"]["id"] for _ in range(2)
    )
    version = buyer.send("query($id: ID!) { order(id: $id) { version } }", {"id": cancelled})["data"]["order"][
        "version"
    ]
    listed = seller.run("SellerDesk")["viewer"]["seller"]["products"]["edges"][0]["node"]
    event = {
        "id": str(uuid.uuid4()),
        "type": "VIEW",
        "productId": stock.product["id"],
        "occurredAt": datetime.now(UTC).isoformat(),
    }
    payment = {"idempotencyKey": str(uuid.uuid4()), "orderId": paid, "method": "card"}
    return {
        "TrackEvents": lambda: buyer.ask("TrackEvents", input={"sessionId": str(uuid.uuid4()), "events": [event]}),
        "SaveProduct": lambda: seller.ask(
            "SaveProduct", id=listed["id"], patch={"title": listed["title"]}, v=listed["version"]
        ),
        "PlaceOrder": lambda: buyer.ask("PlaceOrder", input=_order_input(stock)),
        "StartPayment": lambda: buyer.ask("StartPayment", input=payment),
        "CancelOrder": lambda: buyer.ask("CancelOrder", id=cancelled, v=version),
        "KillFeature": lambda: admin.ask("KillFeature", key="app.favourites", why="a test"),
    }


def first_event(client: Client, order_id: str) -> dict[str, Any]:
    """The first answer of OrderStatus: the newest change, which is sent at once, or the refusal."""
    body = {"query": (OPERATIONS / "OrderStatus.graphql").read_text(), "variables": {"id": order_id}}
    headers = {"Content-Type": "application/json", "Accept": "text/event-stream", **client.headers}
    try:
        with urllib.request.urlopen(
            urllib.request.Request(client.url, json.dumps(body).encode(), headers), timeout=30
        ) as stream:
            for line in stream:
                if line.startswith(b"data:") and len(line) > len(b"data: \n"):
                    answer: dict[str, Any] = json.loads(line[5:])
                    return answer
    except urllib.error.HTTPError as refused:
        refusal: dict[str, Any] = json.load(refused)
        return refusal
    raise AssertionError("the stream ended without an event")


def paths(value: Any, prefix: str = "") -> Iterator[str]:
    """The path of every value that is there, lists by ``[]``."""
    match value:
        case dict():
            for name, item in value.items():
                path = f"{prefix}.{name}" if prefix else name
                if item is not None:
                    yield path
                    yield from paths(item, path)
        case list():
            for item in value:
                if item is not None:
                    yield f"{prefix}[]"
                    yield from paths(item, f"{prefix}[]")


def missing(healthy: dict[str, Any], faulty: dict[str, Any]) -> set[str]:
    """The topmost paths that the healthy answer has and the other has not."""
    gone = set(paths(healthy["data"])) - set(paths(faulty.get("data") or {}))
    return {
        path
        for path in gone
        if not any(path != other and path.startswith((f"{other}.", f"{other}[]")) for other in gone)
    }


def timed(send: Send, tries: int) -> tuple[dict[str, Any], float]:
    """The last answer, and the shortest time."""
    shortest = float("inf")
    for _ in range(tries):
        began = time.monotonic()
        answer = send()
        shortest = min(shortest, time.monotonic() - began)
    return answer, shortest


@pytest.mark.parametrize("service", SERVICES)
@pytest.mark.parametrize("fault", ["stopped", "killed"])
def test_a_service_that_is_away_costs_its_own_fields_and_at_most_a_second(
    market: Market, persons: Persons, stock: Stock, service: str, fault: str
) -> None:
    order_id = persons.buyer.run("PlaceOrder", input=_order_input(stock))["placeOrder"]["order"]["id"]
    asked = reads(persons, stock, order_id)
    healthy = {name: timed(send, TRIES) for name, send in asked.items()}
    healthy |= {name: timed(send, 1) for name, send in writes(persons, stock).items()}
    asked_once = writes(persons, stock)
    try:
        with outage(market, service, fault):
            faulty = {name: timed(send, TRIES) for name, send in asked.items()}
            faulty |= {name: timed(send, 1) for name, send in asked_once.items()}
    finally:
        market.wait_until_back(service)
        persons.admin.send('mutation { reviveFlag(key: "app.favourites", reason: "a test") { __typename } }')

    assert set(healthy) == {path.stem for path in OPERATIONS.glob("*.graphql")}
    lost = {name: missing(healthy[name][0], answer) for name, (answer, _) in faulty.items()}
    if service == "recommendation":
        assert faulty["HomeFeed"][0]["data"]["feed"]["session"]["degraded"] is True
        lost["HomeFeed"] -= PERSONAL_SHELVES
    assert {name: found for name, found in lost.items() if found} == MISSING[service]
    late = {
        name: round(seconds - healthy[name][1], 2)
        for name, (_, seconds) in faulty.items()
        if seconds - healthy[name][1] > AT_MOST_MORE_SECONDS
    }
    assert late == {}


def outage(market: Market, service: str, fault: str) -> AbstractContextManager[None]:
    """The block without the service."""
    return market.stopped(service) if fault == "stopped" else market.killed(service)
