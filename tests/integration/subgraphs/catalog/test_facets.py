"""Facets and filters agree: a filter by a facet's value finds as many products as the facet says."""

import json
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from subgraphs.catalog.app import create_catalog_app
from subgraphs.catalog.resources import CatalogResources
from subgraphs.catalog.seed import seed
from subgraphs.catalog.settings import MIGRATIONS, CatalogSettings
from subgraphs.kit.storage.migrate import upgrade
from tests.integration.subgraphs.catalog.conftest import definition
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph
from workers.demo_market.files import write
from workers.demo_market.generate import Plan, generate

UNTIL = datetime(2026, 6, 1, tzinfo=UTC).timestamp()

FACETS = """{ %s { totalCount facets { attribute { code } values { value count } } } }"""
CATEGORIES = "{ categoryTree(depth: 6) { id children { id children { id children { id } } } } }"


def same_code_in_sibling_categories(folder: Path) -> Path:
    """A code with two types, one that only some categories filter by, and values that differ by category."""
    leaves: dict[str, list[dict[str, Any]]] = {
        "soups": [definition("vegan", "BOOLEAN"), definition("origin", "TEXT", id="def-origin-1")],
        "cakes": [
            definition("vegan", "TEXT", id="def-vegan-text"),
            definition("origin", "TEXT", id="def-origin-2", filterable=False),
        ],
        "teas": [definition("vegan", "BOOLEAN", id="def-vegan-2"), definition("grade", "TEXT", filterable=False)],
    }
    root: dict[str, Any] = {"id": "food", "slug": "food", "name": "Food", "parent_id": None, "attributes": []}
    below = [
        {"id": name, "slug": name, "name": name, "parent_id": "food", "attributes": attributes}
        for name, attributes in leaves.items()
    ]
    values: dict[str, Callable[[int], list[tuple[str, str | None, bool | None]]]] = {
        "soups": lambda n: [("vegan", None, n % 2 == 0), ("origin", ("here", "there")[n % 2], None)],
        "cakes": lambda n: [("vegan", ("true", "partly")[n % 2], None), ("origin", "here", None)],
        "teas": lambda n: [("vegan", None, n % 3 > 0), ("grade", "fine", None)],
    }
    products = [
        {
            "id": f"{name}-{n}",
            "slug": f"{name}-{n}",
            "title": f"{name} {n}",
            "description": "",
            "status": "PUBLISHED",
            "category_id": name,
            "seller_id": "seller-1",
            "price": {"amount": 100, "currency": "EUR"},
            "compare_at_price": None,
            "stock": 1,
            "attributes": [
                {"code": code, "text": text, "number": None, "boolean": boolean}
                for code, text, boolean in values[name](n)
            ],
            "picture": {"shape": "box", "hue": 1, "seed": n},
            "created_at": "2026-01-01T00:00:00Z",
            "popularity": 1.0,
        }
        for name in leaves
        for n in range(7)
    ]
    for name, lines in (("categories", [root, *below]), ("products", products)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    return folder


def demo_market(folder: Path) -> Path:
    write(generate(Plan(seed=3, until=UNTIL, days=5, product_count=300, buyer_count=20)), folder)
    return folder


@pytest.fixture(params=[same_code_in_sibling_categories, demo_market], ids=["same code", "demo market"])
async def catalog(request: Any, database_url: str, tmp_path: Path) -> AsyncIterator[SubgraphUnderTest]:
    settings = CatalogSettings(
        database_url=database_url,
        data_dir=tmp_path,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        config_url="http://127.0.0.1:9/graphql",
    )
    await upgrade(database_url, MIGRATIONS)
    await seed(settings, request.param(tmp_path))
    resources = CatalogResources.open(settings)
    async with running_subgraph(create_catalog_app(settings, resources)) as subgraph:
        yield subgraph


def ids_of(categories: list[dict[str, Any]]) -> Iterator[str]:
    for category in categories:
        yield category["id"]
        yield from ids_of(category.get("children", []))


async def test_what_a_facet_says_the_filter_gives(catalog: SubgraphUnderTest) -> None:
    category_ids = list(ids_of((await catalog.data(CATEGORIES))["categoryTree"]))
    lists = ["products", *(f'category(id: "{each}") {{ products' for each in category_ids)]
    checked = 0
    for path in lists:
        in_category = path != "products"
        end = " }" if in_category else ""
        found = await catalog.data(FACETS % path + end)
        facets = (found["category"] or {"products": {"facets": []}})["products"] if in_category else found["products"]
        told = [(each["attribute"]["code"], value) for each in facets["facets"] for value in each["values"]]
        pairs = [(code, value["value"]) for code, value in told]
        assert len(set(pairs)) == len(pairs), f"{path} repeats a value"
        for start in range(0, len(told), 20):
            part = told[start : start + 20]
            aliases = " ".join(
                f"a{n}: products(filter: {{attributes: [{{code: {json.dumps(code)}, in: [{json.dumps(value['value'])}]}}]}}) "
                "{ totalCount }"
                for n, (code, value) in enumerate(part)
            )
            root = path.partition("{")[0] if in_category else ""
            counted = await catalog.data(f"{{ {root} {{ {aliases} }} }}" if in_category else f"{{ {aliases} }}")
            totals = counted["category"] if in_category else counted
            assert {f"a{n}": value["count"] for n, (_, value) in enumerate(part)} == {
                alias: each["totalCount"] for alias, each in totals.items()
            }, path
            checked += len(part)
    assert checked > 10


async def test_facets_below_a_filter_agree_with_a_second_filter(catalog: SubgraphUnderTest) -> None:
    query = """query ($filter: ProductFilter) { products(filter: $filter) {
      totalCount facets { attribute { code } values { value count } } } }"""
    first = (await catalog.data(query))["products"]["facets"][0]
    chosen = {"code": first["attribute"]["code"], "in": [first["values"][0]["value"]]}
    narrowed = (await catalog.data(query, {"filter": {"attributes": [chosen]}}))["products"]
    assert narrowed["totalCount"] == first["values"][0]["count"]
    for facet in narrowed["facets"]:
        for value in facet["values"]:
            second = {"code": facet["attribute"]["code"], "in": [value["value"]]}
            both = await catalog.data(query, {"filter": {"attributes": [chosen, second]}})
            assert both["products"]["totalCount"] == value["count"], (chosen, second)
