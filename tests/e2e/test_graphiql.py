"""GraphiQL as a stranger meets it: the page of the running market in a real browser."""

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, expect

from gateway.graphiql.build import build
from tests.support.browser import Visit, open_browser
from tests.support.market import OPERATIONS, Market

pytestmark = pytest.mark.e2e

ORDER: list[str] = json.loads((OPERATIONS / "graphiql.json").read_text())["order"]


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    build()
    with open_browser() as opened:
        yield opened


@pytest.fixture
def visit(browser: Browser, market: Market) -> Iterator[Visit]:
    visit = Visit(browser, market.gateway_url)
    yield visit
    visit.close()


def answer(visit: Visit) -> dict[str, Any]:
    """Runs the operation that is open, and gives its data."""
    visit.run()
    response: dict[str, Any] = json.loads(visit.wait_for_text("response", '"data"'))
    assert "errors" not in response, response["errors"]
    data: dict[str, Any] = response["data"]
    return data


def sign_in(visit: Visit, account: str) -> None:
    visit.page.get_by_role("button", name=account, exact=True).click()
    expect(visit.page.get_by_role("button", name="Sign out")).to_be_visible()


def test_all_17_operations_are_tabs(visit: Visit) -> None:
    expect(visit.page).to_have_title("Yarmarka · GraphiQL")
    expect(visit.tabs()).to_have_text(ORDER)
    assert set(ORDER) == {path.stem for path in Path(OPERATIONS).glob("*.graphql")}
    assert len(ORDER) == 17


def test_home_feed_runs_as_it_stands(visit: Visit) -> None:
    visit.open_tab("HomeFeed")

    feed = answer(visit)["feed"]

    assert len(feed["edges"]) == 10


@pytest.mark.parametrize("name", ["ProductPage", "CategoryListing", "SellerStorefront"])
def test_operation_for_everybody_is_filled_and_answers(visit: Visit, name: str) -> None:
    visit.open_tab(name)
    visit.wait_until_filled()

    assert all(answer(visit).values())


@pytest.mark.parametrize("name", ["AppBoot", "TrackEvents", "Checkout", "MyOrders", "Inbox"])
def test_operation_of_a_buyer_is_filled_and_answers(visit: Visit, name: str) -> None:
    sign_in(visit, "buyer")
    visit.open_tab(name)
    visit.wait_until_filled()

    assert all(answer(visit).values())


def test_buyer_places_an_order_pays_and_finds_it(visit: Visit) -> None:
    sign_in(visit, "buyer")
    visit.open_tab("PlaceOrder")
    visit.wait_for_text("variables", '"currency": "EUR"')
    placed = answer(visit)["placeOrder"]["order"]

    visit.open_tab("StartPayment")
    visit.wait_for_text("variables", placed["id"])
    assert answer(visit)["startPayment"]["payment"]["order"]["number"] == placed["number"]

    visit.open_tab("OrderDetails")
    visit.wait_for_text("variables", placed["id"])
    assert answer(visit)["order"]["number"] == placed["number"]


def test_seller_sees_the_desk_and_saves_a_product(visit: Visit) -> None:
    sign_in(visit, "seller")
    visit.open_tab("SellerDesk")
    assert answer(visit)["viewer"]["seller"]["products"]["edges"]

    visit.open_tab("SaveProduct")
    visit.wait_until_filled()
    assert answer(visit)["updateProduct"]["__typename"] == "ProductSuccess"


def test_subscription_opens_and_stops(visit: Visit) -> None:
    sign_in(visit, "buyer")
    visit.open_tab("OrderStatus")
    visit.wait_until_filled()
    visit.run()
    expect(visit.page.get_by_role("button", name="Stop query")).to_be_visible()

    visit.page.get_by_role("button", name="Stop query").click()

    expect(visit.page.get_by_role("button", name="Execute query")).to_be_visible()
