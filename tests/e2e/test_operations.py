"""The clients' 17 operations answer with real data."""

import json
import time
import urllib.request
import uuid
from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.market import OPERATIONS, Client, Market

pytestmark = pytest.mark.e2e

ALL_OPERATIONS = {
    "AppBoot", "HomeFeed", "TrackEvents", "ProductPage", "CategoryListing", "SellerStorefront", "Checkout", "PlaceOrder",
    "StartPayment", "OrderDetails", "MyOrders", "CancelOrder", "OrderStatus", "Inbox", "SellerDesk", "SaveProduct",
    "KillFeature",
}  # fmt: skip


@pytest.fixture
def product(buyer: Client) -> dict[str, Any]:
    feed = buyer.run("HomeFeed", first=20)["feed"]
    found: dict[str, Any] = next(
        edge["node"]["product"]
        for edge in feed["edges"]
        if edge["node"]["__typename"] == "ProductCard" and edge["node"]["product"]["availability"] == "IN_STOCK"
    )
    return found


@pytest.fixture
def order(buyer: Client, product: dict[str, Any]) -> dict[str, Any]:
    address = buyer.send("{ viewer { buyer { addresses { id } } } }")["data"]["viewer"]["buyer"]["addresses"][0]["id"]
    placed = buyer.run(
        "PlaceOrder",
        input={
            "idempotencyKey": str(uuid.uuid4()),
            "lines": [{"productId": product["id"], "quantity": 1}],
            "addressId": address,
            "expectedTotal": checkout(buyer, product, address)["total"]["amount"],
            "currency": product["price"]["currency"],
        },
    )["placeOrder"]
    assert placed["__typename"] == "OrderSuccess", placed
    found: dict[str, Any] = placed["order"]
    return found


def checkout(buyer: Client, product: dict[str, Any], address: str) -> dict[str, Any]:
    lines = [{"productId": product["id"], "quantity": 1}]
    preview: dict[str, Any] = buyer.run("Checkout", input={"lines": lines, "addressId": address})["checkoutPreview"]
    assert preview["__typename"] == "CheckoutPreview", preview
    return preview


def test_the_operations_are_the_contracts() -> None:
    assert {path.stem for path in OPERATIONS.glob("*.graphql")} == ALL_OPERATIONS


def test_app_boot(buyer: Client, anonymous: Client) -> None:
    context = {"platform": "web", "appVersion": "1.0.0", "locale": "en"}
    data = buyer.run("AppBoot", ctx=context)
    assert data["clientConfig"]["flags"]
    assert data["viewer"]["account"]["displayName"]
    assert isinstance(data["viewer"]["account"]["unreadNotificationCount"], int)
    unchanged = buyer.run("AppBoot", ctx=context, rev=data["clientConfig"]["revision"])
    assert unchanged["clientConfig"] is None

    nobody = anonymous.ask("AppBoot", ctx=context)
    assert nobody["data"]["clientConfig"]["flags"]
    assert nobody["data"]["viewer"] is None
    assert [error["extensions"]["code"] for error in nobody["errors"]] == ["UNAUTHENTICATED"]


def test_product_page(anonymous: Client, product: dict[str, Any]) -> None:
    page = anonymous.run("ProductPage", slug=product["slug"])["product"]
    assert page["id"] == product["id"]
    assert page["category"]["path"]
    assert page["seller"]["displayName"]
    assert page["similar"]
    assert all(similar["title"] for similar in page["similar"])
    with urllib.request.urlopen(page["images"][0]["url"], timeout=10) as picture:
        assert picture.headers["Content-Type"].startswith("image/svg+xml")
        assert b"<svg" in picture.read()


def test_category_listing(anonymous: Client, product: dict[str, Any]) -> None:
    path = anonymous.run("ProductPage", slug=product["slug"])["product"]["category"]["path"]
    listing = anonymous.run("CategoryListing", slug=path[-1]["slug"], first=5)["category"]
    assert listing["products"]["edges"]
    assert listing["products"]["totalCount"] >= len(listing["products"]["edges"])
    assert listing["products"]["facets"]


def test_seller_storefront(seller: Client, anonymous: Client) -> None:
    slug = seller.send("{ viewer { seller { slug } } }")["data"]["viewer"]["seller"]["slug"]
    store = anonymous.run("SellerStorefront", slug=slug)["seller"]
    assert store["products"]["edges"]


def test_order_details_and_my_orders(buyer: Client, order: dict[str, Any]) -> None:
    details = buyer.run("OrderDetails", id=order["id"])["order"]
    assert details["items"][0]["product"]["images"]
    assert details["amountDue"] == details["total"]
    assert details["paymentState"] == "UNPAID"
    mine = buyer.run("MyOrders", first=50)["viewer"]["buyer"]["orders"]["edges"]
    assert order["id"] in [edge["node"]["id"] for edge in mine]


def test_order_status_streams_a_change(market: Market, buyer: Client, order: dict[str, Any]) -> None:
    request = urllib.request.Request(
        market.gateway_url,
        json.dumps(
            {"query": (OPERATIONS / "OrderStatus.graphql").read_text(), "variables": {"id": order["id"]}}
        ).encode(),
        {"Content-Type": "application/json", "Accept": "text/event-stream", **buyer.headers},
    )
    with urllib.request.urlopen(request, timeout=20) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        version = buyer.send("query($id: ID!) { order(id: $id) { version } }", {"id": order["id"]})
        buyer.run("CancelOrder", id=order["id"], v=version["data"]["order"]["version"])
        changes: list[dict[str, Any]] = []
        while not changes or changes[-1]["event"]["to"] != "CANCELLED":
            changes.append(next_event(stream)["data"]["orderStatusChanged"])
    assert [change["order"]["id"] for change in changes] == [order["id"]] * len(changes)
    assert all(change["order"]["amountDue"]["amount"] >= 0 for change in changes)


def next_event(stream: Iterable[bytes]) -> dict[str, Any]:
    """The next event without errors; a stream that only says that it is alive fails the test."""
    deadline = time.monotonic() + 20
    for line in stream:
        if line.startswith(b"data:") and len(line) > len(b"data: \n"):
            event: dict[str, Any] = json.loads(line[5:])
            assert "errors" not in event, event
            return event
        assert time.monotonic() < deadline, "no event within 20 s"
    raise AssertionError("the stream ended")


def test_inbox(buyer: Client) -> None:
    viewer = buyer.run("Inbox", first=5)["viewer"]
    account = viewer["account"]
    assert account["notifications"]["edges"]
    assert account["notificationPreferences"]
    assert isinstance(account["experiments"], list)


def test_seller_desk_and_save_product(seller: Client) -> None:
    desk = seller.run("SellerDesk")["viewer"]["seller"]
    assert desk["sales"]["edges"]
    assert desk["sales"]["edges"][0]["node"]["buyer"]["displayName"]
    listed = desk["products"]["edges"][0]["node"]
    assert isinstance(listed["stock"], int)
    saved = seller.run("SaveProduct", id=listed["id"], patch={"stock": listed["stock"] + 1}, v=listed["version"])
    assert saved["updateProduct"]["product"]["version"] == listed["version"] + 1
    stale = seller.run("SaveProduct", id=listed["id"], patch={"stock": 1}, v=listed["version"])["updateProduct"]
    assert stale["__typename"] == "VersionConflictError"
    assert stale["currentVersion"] == listed["version"] + 1


def test_kill_feature(admin: Client) -> None:
    key = first_flag(admin)
    killed = admin.run("KillFeature", key=key, why="a test")["killFlag"]
    assert killed["__typename"] == "FlagSuccess", killed
    assert killed["flag"]["state"] == "KILLED"
    revived = admin.send(
        'mutation($key: String!) { reviveFlag(key: $key, reason: "a test") { __typename } }', {"key": key}
    )
    assert revived["data"]["reviveFlag"]["__typename"] == "FlagSuccess"


def first_flag(admin: Client) -> str:
    key: str = admin.send("{ flags { key } }")["data"]["flags"][0]["key"]
    return key


def test_track_events_counts_a_repeated_event_once(buyer: Client, product: dict[str, Any]) -> None:
    event = {
        "id": str(uuid.uuid4()),
        "type": "VIEW",
        "productId": product["id"],
        "occurredAt": datetime.now(UTC).isoformat(),
    }
    tracked = buyer.run("TrackEvents", input={"sessionId": str(uuid.uuid4()), "events": [event, event]})["trackEvents"]
    assert (tracked["accepted"], tracked["duplicates"]) == (1, 1)
