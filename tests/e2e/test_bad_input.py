"""What is wrong gets a clear error with a stable code; other fields keep their data, and nothing is written."""

import base64
import json
import urllib.error
import urllib.request
import uuid
from typing import Any

import pytest

from tests.support.market import Client, Market

pytestmark = pytest.mark.e2e

CONTEXT = {"platform": "web", "appVersion": "1.0.0"}


def codes(answer: dict[str, Any]) -> list[str]:
    return [error["extensions"]["code"] for error in answer.get("errors", [])]


def post(market: Market, body: bytes, **headers: str) -> tuple[int, dict[str, Any]]:
    request = urllib.request.Request(market.gateway_url, body, {"Content-Type": "application/json", **headers})
    try:
        with urllib.request.urlopen(request, timeout=10) as response:
            return response.status, json.load(response)
    except urllib.error.HTTPError as refused:
        return refused.code, json.load(refused)


@pytest.mark.parametrize(
    ("query", "code"),
    [
        ("{ feed(", "GRAPHQL_PARSE_FAILED"),
        ("{ nothingLikeThis }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ __typename @skip }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ rankedSlate(surface: HOME) { id } }", "GRAPHQL_VALIDATION_FAILED"),
        ("{ _service { sdl } }", "GRAPHQL_VALIDATION_FAILED"),
    ],
)
def test_a_document_that_is_wrong_is_refused(anonymous: Client, query: str, code: str) -> None:
    answer = anonymous.send(query)
    assert codes(answer) == [code]
    assert answer.get("data") is None


def test_a_variable_that_is_wrong_is_refused(anonymous: Client) -> None:
    for variables in ({"first": "many"}, {}, {"first": 2.5}):
        assert codes(anonymous.ask("HomeFeed", **variables)) == ["BAD_USER_INPUT"], variables


def test_an_anonymous_person_gets_what_is_public_and_the_rest_says_why(anonymous: Client) -> None:
    answer = anonymous.ask("AppBoot", ctx=CONTEXT)
    assert codes(answer) == ["UNAUTHENTICATED"]
    assert answer["data"]["clientConfig"]["flags"]


def test_a_forged_or_expired_token_is_refused_whole(market: Market, buyer: Client) -> None:
    header, payload, signature = buyer.headers["Authorization"].removeprefix("Bearer ").split(".")
    claims = json.loads(base64.urlsafe_b64decode(payload + "=="))
    forged = base64.urlsafe_b64encode(json.dumps({**claims, "roles": ["ADMIN"]}).encode()).decode().rstrip("=")
    unsigned = base64.urlsafe_b64encode(b'{"alg":"none","typ":"JWT"}').decode().rstrip("=")
    for token in (f"{header}.{forged}.{signature}", f"{unsigned}.{payload}.", "nonsense"):
        body = json.dumps({"query": "{ viewer { roles } }"}).encode()
        status, answer = post(market, body, Authorization=f"Bearer {token}")
        assert status == 401, token
        assert codes(answer) == ["UNAUTHENTICATED"]


def test_a_role_that_may_not_is_told_so(buyer: Client) -> None:
    answer = buyer.ask("KillFeature", key="app.favourites", why="because")
    assert codes(answer) == ["FORBIDDEN"]
    assert codes(buyer.send("{ rankingModels { version } }")) == ["FORBIDDEN"]


def test_an_unknown_id_is_nothing(buyer: Client) -> None:
    nobody = str(uuid.uuid4())
    assert buyer.run("OrderDetails", id=nobody)["order"] is None
    assert buyer.run("ProductPage", slug="no-such-thing")["product"] is None
    assert buyer.run("CancelOrder", id=nobody, v=1)["cancelOrder"]["__typename"] == "NotFoundError"


def test_somebody_elses_order_is_as_if_it_were_not_there(buyer: Client, seller: Client) -> None:
    mine = buyer.run("MyOrders", first=1)["viewer"]["buyer"]["orders"]["edges"][0]["node"]["id"]
    stranger = Client(buyer.url)
    email = f"{uuid.uuid4().hex}@example.org"
    signed_up = stranger.send(
        "mutation($input: SignUpInput!) { signUp(input: $input) { ... on SignInSuccess { accessToken } } }",
        {"input": {"email": email, "password": "correct horse", "displayName": "Stranger"}},
    )
    stranger.headers["Authorization"] = f"Bearer {signed_up['data']['signUp']['accessToken']}"
    assert stranger.run("OrderDetails", id=mine)["order"] is None
    assert stranger.run("CancelOrder", id=mine, v=1)["cancelOrder"]["__typename"] == "NotFoundError"


def test_a_negative_price_and_quantity_are_refused_and_nothing_is_written(seller: Client, buyer: Client) -> None:
    listed = seller.run("SellerDesk")["viewer"]["seller"]["products"]["edges"][0]["node"]
    patch = {"price": {"amount": -1, "currency": "EUR"}}
    refused = seller.run("SaveProduct", id=listed["id"], patch=patch, v=listed["version"])["updateProduct"]
    assert (refused["__typename"], refused["code"]) == ("ValidationError", "VALIDATION_FAILED")
    again = seller.run("SellerDesk")["viewer"]["seller"]["products"]["edges"][0]["node"]
    assert again["version"] == listed["version"]
    lines = [{"productId": listed["id"], "quantity": -1}]
    preview = buyer.run("Checkout", input={"lines": lines, "addressId": str(uuid.uuid4())})["checkoutPreview"]
    assert preview["__typename"] == "ValidationError"


def test_a_cursor_with_one_byte_changed_is_refused(buyer: Client) -> None:
    cursor = buyer.run("HomeFeed", first=2)["feed"]["pageInfo"]["endCursor"]
    changed = cursor[:7] + ("A" if cursor[7] != "A" else "B") + cursor[8:]
    assert codes(buyer.ask("HomeFeed", first=2, after=changed)) == ["INVALID_CURSOR"]


def test_an_oversized_body_is_refused_before_it_is_read(market: Market) -> None:
    body = json.dumps({"query": "{ __typename }", "variables": {"x": "y" * 12_000_000}}).encode()
    try:
        status, answer = post(market, body)
    except (ConnectionError, urllib.error.URLError):
        return  # closed while we were still sending
    assert status == 413
    assert codes(answer) == ["BODY_TOO_LARGE"]


def test_a_subgraph_does_not_answer_without_a_service_token(market: Market) -> None:
    for setting in ("USER_PORT", "CATALOG_PORT", "FEED_PORT", "ORDER_PORT", "PAYMENT_PORT", "CONFIG_PORT"):
        request = urllib.request.Request(
            market.url(setting, "/graphql"), b'{"query":"{ __typename }"}', {"Content-Type": "application/json"}
        )
        with pytest.raises(urllib.error.HTTPError) as refused:
            urllib.request.urlopen(request, timeout=5)
        assert refused.value.code == 401
        assert codes(json.load(refused.value)) == ["UNAUTHENTICATED"]
        refused.value.close()
