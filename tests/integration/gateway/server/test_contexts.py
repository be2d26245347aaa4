"""Arguments from contexts through the whole gateway: two Strawberry subgraphs, composed by the command, behind a real process."""

import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import strawberry
import yaml
from strawberry.federation import Schema

from tests.support.gateway import ROOT, RecordingSubgraph, RunningGateway, running_gateway

LINK = (
    'extend schema @link(url: "https://specs.apollo.dev/federation/v2.8",'
    ' import: ["@key", "@context", "@fromContext", "@external"])\n'
)
SHOPS_SDL = """
type Query { shops: [Shop!]! }
type Shop @key(fields: "id") { id: ID! currency: String! items: [Item!]! }
type Item @key(fields: "id") { id: ID! }
"""
PRICES_SDL = """
type Query { version: String! }
type Shop @key(fields: "id") @context(name: "shop") { id: ID! currency: String! @external }
type Item @key(fields: "id") { id: ID! price(currency: String! @fromContext(field: "$shop { currency }"), net: Boolean): String! }
"""
CURRENCIES = {"a": "EUR", "b": "USD", "c": "EUR"}


@strawberry.federation.type(keys=["id"], name="Item")
class PricedItem:
    id: strawberry.ID

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "PricedItem":  # noqa: A002 - the key's name
        return cls(id=id)

    @strawberry.field
    def price(self, currency: str, *, net: bool = False) -> str:
        return f"{self.id} {currency}{' net' if net else ''}"


@strawberry.type(name="Query")
class PriceQuery:
    version: str = "1"


@strawberry.federation.type(keys=["id"])
class Item:
    id: strawberry.ID


@strawberry.federation.type(keys=["id"])
class Shop:
    id: strawberry.ID
    currency: str
    items: list[Item]


@strawberry.type(name="Query")
class ShopQuery:
    @strawberry.field
    def shops(self) -> list[Shop]:
        items = [Item(id=strawberry.ID(id_)) for id_ in ("1", "2")]
        return [Shop(id=strawberry.ID(id_), currency=currency, items=items) for id_, currency in CURRENCIES.items()]


def answering(schema: Schema) -> RecordingSubgraph:
    def answer(body: dict[str, Any]) -> dict[str, Any]:
        result = schema.execute_sync(body["query"], variable_values=body.get("variables"))
        return {"data": result.data, "errors": [error.formatted for error in result.errors or ()]}

    return RecordingSubgraph(answer)


@pytest.fixture(scope="module")
def prices() -> Iterator[RecordingSubgraph]:
    with answering(Schema(query=PriceQuery, types=[PricedItem])) as running:
        yield running


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, prices: RecordingSubgraph) -> Iterator[RunningGateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    with answering(Schema(query=ShopQuery)) as shops:
        told: dict[str, Any] = {}
        for name, sdl, url in (("shops", SHOPS_SDL, shops.url), ("prices", PRICES_SDL, prices.url)):
            (folder / f"{name}.graphql").write_text(LINK + sdl, encoding="utf-8")
            told[name] = {"routing_url": url, "schema": {"file": f"{name}.graphql"}}
        (folder / "supergraph.yaml").write_text(yaml.safe_dump({"subgraphs": told}), encoding="utf-8")
        composed = folder / "supergraph.graphql"
        subprocess.run(
            [sys.executable, "-m", "gateway", "compose", "--config", folder / "supergraph.yaml", "--output", composed],
            cwd=ROOT,
            check=True,
            timeout=60,
        )
        with running_gateway(folder, {"supergraph": {"path": str(composed)}}) as running:
            yield running


def test_each_shop_gives_its_items_the_argument(gateway: RunningGateway, prices: RecordingSubgraph) -> None:
    query = "query($net: Boolean!) { shops { items { price(net: $net) } } }"
    # More than once: the plan is cached, and offered to the fast path.
    for _ in range(4):
        before = len(prices.requests)
        assert gateway.ask(query, variables={"net": True}).json() == {
            "data": {
                "shops": [
                    {"items": [{"price": f"{id_} {currency} net"} for id_ in ("1", "2")]}
                    for currency in CURRENCIES.values()
                ]
            }
        }
        assert len(prices.requests) == before + 1


def test_clients_do_not_know_the_argument(gateway: RunningGateway) -> None:
    answer = gateway.ask('{ shops { items { price(currency: "GBP") } } }').json()
    assert answer["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
