"""What is down costs the fields it served; the rest answers, and what was down comes back."""

import urllib.request
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.market import Client, Market, eventually

pytestmark = pytest.mark.e2e


def test_payment_answers_the_oldest_promise(market: Market) -> None:
    with urllib.request.urlopen(market.url("PAYMENT_PORT", "/health"), timeout=5) as answer:
        assert (answer.status, answer.version) == (200, 11)
        assert answer.headers["Content-Type"] == "application/json"


def test_without_recommendation_the_feed_is_the_popular_list_and_then_the_own_one_again(
    market: Market, buyer: Client, seller: Client
) -> None:
    slug = seller.send("{ viewer { seller { slug } } }")["data"]["viewer"]["seller"]["slug"]
    market.kill("recommendation")
    feed = buyer.run("HomeFeed", first=20)["feed"]
    assert feed["session"]["degraded"] is True
    assert len(feed["edges"]) == 20
    assert buyer.run("SellerStorefront", slug=slug)["seller"]["products"]["edges"]
    assert buyer.run("MyOrders", first=1)["viewer"]["buyer"]["orders"]["edges"]
    market.wait_until_back("recommendation")
    assert buyer.run("HomeFeed", first=1)["feed"]["edges"]


def test_without_notification_an_app_still_boots_and_the_rest_has_its_error(market: Market, buyer: Client) -> None:
    market.kill("notification")
    boot = buyer.ask("AppBoot", ctx={"platform": "web", "appVersion": "1"})
    assert boot["data"]["clientConfig"]["flags"]
    [error] = boot["errors"]
    assert error["path"][0] == "viewer"
    assert error["extensions"]["serviceName"] == "notification"
    market.wait_until_back("notification")
    assert buyer.run("Inbox", first=1)["viewer"]["account"]["notifications"]["edges"]


def test_a_killed_worker_comes_back_and_takes_in_what_was_sent_meanwhile(market: Market, buyer: Client) -> None:
    market.kill("worker")
    before = buyer.run("HomeFeed", first=100)
    liked = [edge for edge in before["feed"]["edges"] if edge["node"]["__typename"] == "ProductCard"][-1]
    event = {
        "id": str(uuid.uuid4()),
        "type": "CLICK",
        "productId": liked["node"]["product"]["id"],
        "occurredAt": datetime.now(UTC).isoformat(),
        "trackingToken": liked["trackingToken"],
    }
    tracked = buyer.run("TrackEvents", input={"sessionId": "s", "events": [event]})["trackEvents"]
    assert tracked["accepted"] == 1
    market.wait_until_back("worker")
    session = before["feed"]["session"]["id"]
    eventually(
        lambda: buyer.run("HomeFeed", first=1)["feed"]["session"]["id"] != session,
        seconds=60,
        what="a slate ranked after the worker came back",
    )


def test_a_withdrawn_product_leaves_the_feed_within_seconds_and_stays_in_the_orders(
    buyer: Client, seller: Client
) -> None:
    seller_id = seller.run("SellerDesk")["viewer"]["seller"]["id"]
    product = next(
        each
        for each in feed_of(buyer).values()
        if each.get("seller", {}).get("id") == seller_id and each["availability"] != "OUT_OF_STOCK"
    )
    order_id = an_order_of(buyer, product["id"])
    status = "mutation($id: ID!, $to: ProductStatus!) { setProductStatus(id: $id, status: $to) { __typename } }"
    seller.send(status, {"id": product["id"], "to": "DRAFT"})
    try:
        card = buyer.send(CARD, {"id": order_id})["data"]["order"]["items"][0]["product"]
        assert card == {"title": product["title"], "status": "DRAFT", "price": None, "availability": "OUT_OF_STOCK"}
        assert buyer.run("MyOrders", first=1)["viewer"]["buyer"]["orders"]["edges"][0]["node"]["items"][0]["product"]
        eventually(
            lambda: product["id"] not in feed_of(buyer), seconds=20, what="the withdrawn product leaving the feed"
        )
    finally:
        seller.send(status, {"id": product["id"], "to": "PUBLISHED"})


CARD = "query($id: ID!) { order(id: $id) { items { product { title status price { amount } availability } } } }"


def an_order_of(buyer: Client, product_id: str) -> str:
    """The id of a new order for one piece."""
    address = buyer.send("{ viewer { buyer { addresses { id } } } }")["data"]["viewer"]["buyer"]["addresses"][0]["id"]
    lines = [{"productId": product_id, "quantity": 1}]
    total = buyer.run("Checkout", input={"lines": lines, "addressId": address})["checkoutPreview"]["total"]
    wanted = {
        "idempotencyKey": str(uuid.uuid4()),
        "lines": lines,
        "addressId": address,
        "expectedTotal": total["amount"],
        "currency": total["currency"],
    }
    order_id: str = buyer.run("PlaceOrder", input=wanted)["placeOrder"]["order"]["id"]
    return order_id


def feed_of(client: Client) -> dict[str, dict[str, Any]]:
    """All products in a client's feed, by id."""
    shown: dict[str, dict[str, Any]] = {}
    after = None
    while True:
        page = client.run("HomeFeed", first=100, after=after)["feed"]
        for edge in page["edges"]:
            node = edge["node"]
            products = [node["product"]] if node["__typename"] == "ProductCard" else node["products"]
            shown |= {product["id"]: product for product in products if product is not None}
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            return shown
