"""The market's operations stay within the number and depth of fetches that the market was promised."""

from pathlib import Path

import pytest

from gateway.supergraph.model import Supergraph
from tests.support.planning import planned, read_supergraph_file

ROOT = Path(__file__).parents[4]
PROMISED = {
    "AppBoot": (3, 2), "HomeFeed": (4, 3), "TrackEvents": (1, 1), "ProductPage": (4, 3), "CategoryListing": (2, 2),
    "SellerStorefront": (2, 2), "Checkout": (2, 2), "PlaceOrder": (3, 2), "StartPayment": (2, 2), "OrderDetails": (4, 2),
    "MyOrders": (3, 3), "CancelOrder": (1, 1), "OrderStatus": (2, 2), "Inbox": (3, 2), "SellerDesk": (4, 3),
    "SaveProduct": (1, 1), "KillFeature": (1, 1),
}  # fmt: skip
"""(fetches, depth), at most."""


@pytest.fixture(scope="module")
def market() -> Supergraph:
    return read_supergraph_file(ROOT / "schema" / "supergraph.graphql")


@pytest.mark.parametrize("name", PROMISED)
def test_operation_keeps_its_promise(market: Supergraph, name: str) -> None:
    text = (ROOT / "schema" / "operations" / f"{name}.graphql").read_text(encoding="utf-8")
    made = planned(market, text, name=name)
    fetches, depth = PROMISED[name]
    assert len(made.fetches) <= fetches
    assert made.depth() <= depth
