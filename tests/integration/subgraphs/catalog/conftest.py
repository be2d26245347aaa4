import gzip
import json
from collections.abc import AsyncIterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from subgraphs.catalog.app import create_catalog_app
from subgraphs.catalog.resources import CatalogResources
from subgraphs.catalog.seed import seed
from subgraphs.catalog.settings import MIGRATIONS, CatalogSettings
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.storage.migrate import upgrade
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS
from tests.support.subgraphs import SubgraphUnderTest, running_subgraph


def definition(code: str, kind: str, **more: Any) -> dict[str, Any]:
    return {
        "id": f"def-{code}",
        "code": code,
        "name": code.title(),
        "type": kind,
        "unit": None,
        "options": None,
        "required": False,
        "filterable": True,
        **more,
    }


CATEGORIES = [
    {"id": "home", "slug": "home", "name": "Home", "parent_id": None, "attributes": [definition("colour", "TEXT")]},
    {
        "id": "cups",
        "slug": "cups",
        "name": "Cups",
        "parent_id": "home",
        "attributes": [
            definition("glazed", "BOOLEAN"),
            definition("volume", "NUMBER", unit="ml", required=True),
        ],
    },
    {"id": "plates", "slug": "plates", "name": "Plates", "parent_id": "home", "attributes": []},
]


def product(number: int, **more: Any) -> dict[str, Any]:
    category = more.pop("category_id", "cups")
    attributes: list[dict[str, Any]] = [
        {"code": "colour", "text": ("red", "blue")[number % 2], "number": None, "boolean": None}
    ]
    if category == "cups":
        attributes += [
            {"code": "volume", "text": None, "number": 100.0 + number, "boolean": None},
            {"code": "glazed", "text": None, "number": None, "boolean": number % 3 == 0},
        ]
    return {
        "id": f"product-{number:02}",
        "slug": f"cup-{number:02}",
        "title": f"Cup {number}",
        "description": "A cup.",
        "status": "PUBLISHED",
        "category_id": category,
        "seller_id": "seller-1",
        "price": {"amount": 1000 + number, "currency": "EUR"},
        "compare_at_price": None,
        "stock": 10,
        "attributes": attributes,
        "picture": {"shape": "box", "hue": 10, "seed": number},
        "created_at": f"2026-01-{number + 1:02}T00:00:00Z",
        "popularity": float(number % 7),
        **more,
    }


PRODUCTS = [
    *(product(number) for number in range(12)),
    product(12, category_id="plates", seller_id="seller-2", stock=0),
    product(13, category_id="plates", seller_id="seller-2", status="DRAFT"),
    product(14, category_id="plates", seller_id="seller-2", status="ARCHIVED"),
]


def write_seed(folder: Path) -> Path:
    for name, lines in (("categories", CATEGORIES), ("products", PRODUCTS)):
        (folder / f"{name}.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines))
    (folder / "events.jsonl.gz").write_bytes(gzip.compress(b""))
    return folder


@pytest.fixture
def clock() -> FixedClock:
    return FixedClock(datetime.now(UTC))


@pytest.fixture
async def resources(database_url: str, tmp_path: Path, clock: FixedClock) -> CatalogResources:
    settings = CatalogSettings(
        database_url=database_url,
        data_dir=tmp_path,
        service_keys=SERVICE_KEYS,
        cursor_keys=CURSOR_KEYS,
        config_url="http://127.0.0.1:9/graphql",
    )
    await upgrade(database_url, MIGRATIONS)
    await seed(settings, write_seed(tmp_path))
    return CatalogResources.open(settings, clock=clock)


@pytest.fixture
async def catalog(resources: CatalogResources) -> AsyncIterator[SubgraphUnderTest]:
    async with running_subgraph(create_catalog_app(resources.settings, resources), clock=resources.clock) as subgraph:
        yield subgraph
