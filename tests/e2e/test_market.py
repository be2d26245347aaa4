"""One buyer's day, as an app sees it: sign in, look at the feed, click, watch it move, buy, pay, be told."""

import json
import time
import urllib.request
import uuid
from datetime import UTC, datetime
from typing import Any

import pytest

from tests.support.market import Client, Market, eventually

pytestmark = pytest.mark.e2e

FEED_MOVES_WITHIN_SECONDS = 2.0
A_KILL_REACHES_WITHIN_SECONDS = 1.0


def cards(feed: dict[str, Any]) -> list[dict[str, Any]]:
    return [edge for edge in feed["feed"]["edges"] if edge["node"]["__typename"] == "ProductCard"]


def shown_products(feed: dict[str, Any]) -> list[str]:
    return [edge["node"]["product"]["id"] for edge in cards(feed)]


def click(client: Client, product_id: str, tracking_token: str | None = None, times: int = 1) -> dict[str, Any]:
    now = datetime.now(UTC).isoformat()
    events = [
        {
            "id": str(uuid.uuid4()),
            "type": kind,
            "productId": product_id,
            "occurredAt": now,
            "trackingToken": tracking_token,
        }
        for _ in range(times)
        for kind in ("CLICK", "VIEW")
    ]
    tracked = client.run("TrackEvents", input={"sessionId": str(uuid.uuid4()), "events": events})
    result: dict[str, Any] = tracked["trackEvents"]
    return result


def an_address(client: Client) -> str:
    answer = client.send("{ viewer { buyer { addresses { id } } } }")
    address: str = answer["data"]["viewer"]["buyer"]["addresses"][0]["id"]
    return address


def an_order(client: Client, product: dict[str, Any], quantity: int = 1) -> dict[str, Any]:
    """Check out and place an order for a product as the feed showed it; the result of placeOrder."""
    lines = [{"productId": product["id"], "quantity": quantity}]
    address = an_address(client)
    preview = client.run("Checkout", input={"lines": lines, "addressId": address})["checkoutPreview"]
    assert preview["__typename"] == "CheckoutPreview", preview
    placed = client.run(
        "PlaceOrder",
        input={
            "idempotencyKey": str(uuid.uuid4()),
            "lines": lines,
            "addressId": address,
            "expectedTotal": preview["total"]["amount"],
            "currency": preview["total"]["currency"],
        },
    )
    result: dict[str, Any] = placed["placeOrder"]
    return result


def buyable(feed: dict[str, Any]) -> dict[str, Any]:
    return next(e["node"]["product"] for e in cards(feed) if e["node"]["product"]["availability"] == "IN_STOCK")


def test_a_click_moves_the_next_first_page_within_two_seconds(buyer: Client) -> None:
    before = buyer.run("HomeFeed", first=20)
    far_down = buyer.run("HomeFeed", first=100)
    liked = cards(far_down)[-1]
    clicked_at = time.monotonic()
    result = click(buyer, liked["node"]["product"]["id"], liked["trackingToken"], times=3)
    assert result["__typename"] == "TrackEventsSuccess"
    assert result["accepted"] == 6
    eventually(
        lambda: shown_products(buyer.run("HomeFeed", first=20)) != shown_products(before),
        seconds=FEED_MOVES_WITHIN_SECONDS - (time.monotonic() - clicked_at),
        what="another first page",
    )


def test_two_buyers_with_different_tastes_see_different_feeds(market: Market, buyer: Client, seller: Client) -> None:
    own, other = (set(shown_products(client.run("HomeFeed", first=20))) for client in (buyer, seller))
    assert len(own & other) <= 10


def test_pages_of_one_session_never_repeat_or_skip(buyer: Client) -> None:
    first = buyer.run("HomeFeed", first=10)
    click(buyer, shown_products(first)[3], times=3)
    second = buyer.run("HomeFeed", first=10, after=first["feed"]["pageInfo"]["endCursor"])
    assert second["feed"]["session"]["id"] == first["feed"]["session"]["id"]
    assert not set(shown_products(first)) & set(shown_products(second))
    assert second["feed"]["edges"][0]["position"] == first["feed"]["edges"][-1]["position"] + 1


def test_an_order_is_placed_paid_and_told(market: Market, buyer: Client) -> None:
    product = buyable(buyer.run("HomeFeed", first=20))
    placed = an_order(buyer, product)
    assert placed["__typename"] == "OrderSuccess", placed
    order = placed["order"]
    assert order["status"] == "AWAITING_PAYMENT"
    assert order["amountDue"] == order["total"]

    started = buyer.run(
        "StartPayment", input={"idempotencyKey": str(uuid.uuid4()), "orderId": order["id"], "method": "card_ok"}
    )["startPayment"]
    assert started["__typename"] == "PaymentSuccess", started

    details = eventually(
        lambda: paid_order(buyer, order["id"]), seconds=10, what="the order of a captured payment becoming PAID"
    )
    assert details["amountDue"]["amount"] == 0
    assert details["paymentState"] == "PAID"
    assert [event["to"] for event in details["timeline"]][-1] == "PAID"

    eventually(
        lambda: [n for n in inbox(buyer) if n["order"] and n["order"]["id"] == order["id"]],
        seconds=10,
        what="a notification about the order",
    )
    eventually(
        lambda: [each for each in mail(market, "buyer@yarmarka.test") if order["number"] in each["subject"]],
        seconds=10,
        what="an e-mail about the order",
    )


def test_mail_to_a_new_account_begins_with_the_message_that_verifies_its_address(market: Market) -> None:
    address = f"{uuid.uuid4().hex}@example.org"
    client = Client(market.gateway_url)
    created = client.send(
        "mutation ($input: SignUpInput!) { signUp(input: $input) { ... on SignInSuccess { accessToken } } }",
        {"input": {"email": address, "password": "correct horse", "displayName": "Nina"}},
    )
    client.headers["Authorization"] = f"Bearer {created['data']['signUp']['accessToken']}"
    state = "{ viewer { buyer { emailVerified } } }"
    assert client.send(state)["data"]["viewer"]["buyer"] == {"emailVerified": False}
    (message,) = eventually(lambda: mail(market, address), seconds=60, what="the message that verifies the address")
    token = message["body"].partition("#token=")[2].split()[0]
    verify = "mutation ($token: String!) { verifyEmail(token: $token) { __typename } }"
    stranger = Client(client.url).send(verify, {"token": token})
    assert [error["extensions"]["code"] for error in stranger["errors"]] == ["UNAUTHENTICATED"]
    verified = client.send(verify, {"token": token})
    assert verified["data"]["verifyEmail"] == {"__typename": "VerifyEmailSuccess"}
    assert client.send(state)["data"]["viewer"]["buyer"] == {"emailVerified": True}


def test_after_sign_out_the_access_token_moves_no_account_money_or_address(market: Market) -> None:
    client = Client(market.gateway_url)
    signed_in = client.send(
        "mutation ($input: SignInInput!) { signIn(input: $input) { ... on SignInSuccess { accessToken refreshToken } } }",
        {"input": {"email": "buyer@yarmarka.test", "password": "yarmarka"}},
    )["data"]["signIn"]
    client.headers["Authorization"] = f"Bearer {signed_in['accessToken']}"
    an_id = str(uuid.uuid4())
    payment = {"idempotencyKey": an_id, "orderId": an_id, "method": "card_ok"}
    address = {"line1": "1", "city": "Lisbon", "postalCode": "1000", "country": "PT"}
    add_address = "mutation ($input: AddressInput!) { addAddress(input: $input) { __typename } }"
    choose = "mutation { updateNotificationPreferences(preferences: []) { __typename } }"

    def answers() -> list[dict[str, Any]]:
        return [
            client.ask("CancelOrder", id=an_id, v=1),
            client.ask("StartPayment", input=payment),
            client.send(add_address, {"input": {**address, "country": "x"}}),
            client.send(choose),
        ]

    assert [answer for answer in answers() if "errors" in answer] == []
    signed_out = Client(client.url).send(
        "mutation ($token: String!) { signOut(refreshToken: $token) }", {"token": signed_in["refreshToken"]}
    )
    assert signed_out["data"]["signOut"] is True
    codes = [[error["extensions"]["code"] for error in answer.get("errors", [])] for answer in answers()]
    assert codes == [["UNAUTHENTICATED"]] * 4


def mail(market: Market, recipient: str) -> list[dict[str, str]]:
    """What the mail sink holds for somebody, newest first."""
    with urllib.request.urlopen(market.url("MAIL_HTTP_PORT", f"/messages.json?to={recipient}"), timeout=5) as answer:
        messages: list[dict[str, str]] = json.load(answer)
    return messages


def paid_order(client: Client, order_id: str) -> dict[str, Any] | None:
    order: dict[str, Any] = client.run("OrderDetails", id=order_id)["order"]
    return order if order["status"] == "PAID" else None


def inbox(client: Client) -> list[dict[str, Any]]:
    data = client.run("Inbox", first=20)
    return [edge["node"] for edge in data["viewer"]["account"]["notifications"]["edges"]]


def test_a_declined_card_leaves_the_order_unpaid_and_may_be_tried_again(buyer: Client) -> None:
    order = an_order(buyer, buyable(buyer.run("HomeFeed", first=20)))["order"]
    declined = buyer.run(
        "StartPayment", input={"idempotencyKey": str(uuid.uuid4()), "orderId": order["id"], "method": "card_declined"}
    )["startPayment"]
    assert declined["__typename"] == "PaymentDeclinedError", declined
    details = buyer.run("OrderDetails", id=order["id"])["order"]
    assert details["status"] == "AWAITING_PAYMENT"
    assert details["amountDue"] == details["total"]
    accepted = buyer.run(
        "StartPayment", input={"idempotencyKey": str(uuid.uuid4()), "orderId": order["id"], "method": "card_ok"}
    )["startPayment"]
    assert accepted["__typename"] == "PaymentSuccess", accepted


def test_a_cancelled_order_gives_its_stock_back(buyer: Client) -> None:
    product = buyable(buyer.run("HomeFeed", first=20))
    order = an_order(buyer, product)["order"]
    cancelled = buyer.run("CancelOrder", id=order["id"], v=version_of(buyer, order["id"]))["cancelOrder"]
    assert cancelled["__typename"] == "OrderSuccess", cancelled
    assert cancelled["order"]["status"] == "CANCELLED"
    again = an_order(buyer, product)
    assert again["__typename"] == "OrderSuccess", again


def version_of(client: Client, order_id: str) -> int:
    answer = client.send("query($id: ID!) { order(id: $id) { version } }", {"id": order_id})
    version: int = answer["data"]["order"]["version"]
    return version


def test_a_killed_feature_is_off_for_everybody_within_a_second_and_comes_back(admin: Client, anonymous: Client) -> None:
    assert favourites(anonymous) == ("on", True)
    try:
        killed = admin.run("KillFeature", key="app.favourites", why="it burns")["killFlag"]
        assert killed["__typename"] == "FlagSuccess", killed
        eventually(
            lambda: favourites(anonymous) == ("off", False),
            seconds=A_KILL_REACHES_WITHIN_SECONDS,
            what="the kill reaching an app that boots",
        )
    finally:
        revived = admin.send(
            """mutation { reviveFlag(key: "app.favourites", reason: "it burns no more") { __typename } }"""
        )
    assert revived["data"]["reviveFlag"]["__typename"] == "FlagSuccess", revived
    eventually(
        lambda: favourites(anonymous) == ("on", True),
        seconds=A_KILL_REACHES_WITHIN_SECONDS,
        what="the revival reaching an app that boots",
    )


def favourites(client: Client) -> tuple[str, Any]:
    """The variant and the value of the flag as an app that boots is told."""
    booted = client.ask("AppBoot", ctx={"platform": "web", "appVersion": "1.0.0"})
    flags = {flag["key"]: flag for flag in booted["data"]["clientConfig"]["flags"]}
    return flags["app.favourites"]["variant"], flags["app.favourites"]["value"]
