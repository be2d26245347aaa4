"""Fills the catalog from categories.jsonl and products.jsonl; a second time changes nothing."""

from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from subgraphs.catalog.settings import CatalogSettings
from subgraphs.catalog.tables import AttributeRow, CategoryLinkRow, CategoryRow, DefinitionRow, ProductRow
from subgraphs.kit.storage.seed import chunks, read_lines
from subgraphs.kit.storage.session import Database
from subgraphs.kit.storage.upserts import insert_missing

Line = dict[str, Any]


async def seed(settings: CatalogSettings, folder: Path) -> int:
    """Write what is missing; how many rows were written."""
    database = Database(settings.database)
    categories = list(read_lines(folder / "categories.jsonl"))
    lineages = _lineages(categories)
    definitions = {
        (category["id"], each["code"]): each["id"] for category in categories for each in category["attributes"]
    }
    try:
        async with database.transaction() as session:
            written = await insert_missing(session, CategoryRow, list(_categories(categories, lineages)))
            written += await insert_missing(session, CategoryLinkRow, list(_links(lineages)))
            written += await insert_missing(session, DefinitionRow, list(_definitions(categories)))
            for products in chunks(read_lines(folder / "products.jsonl")):
                written += await insert_missing(session, ProductRow, [_product(line) for line in products])
                values = [value for line in products for value in _values(line, lineages, definitions)]
                written += await insert_missing(session, AttributeRow, values)
    finally:
        await database.close()
    return written


def _lineages(categories: list[Line]) -> dict[str, list[str]]:
    """Each category's way up: itself first, the root last. Parents come before their children in the file."""
    lineages: dict[str, list[str]] = {}
    for category in categories:
        lineages[category["id"]] = [category["id"], *lineages.get(category["parent_id"], [])]
    return lineages


def _categories(categories: list[Line], lineages: Mapping[str, list[str]]) -> Iterator[Line]:
    for position, category in enumerate(categories):
        same = {name: category[name] for name in ("id", "slug", "name", "parent_id")}
        yield {**same, "position": position, "depth": len(lineages[category["id"]]) - 1}


def _links(lineages: Mapping[str, list[str]]) -> Iterator[Line]:
    for descendant_id, lineage in lineages.items():
        for distance, ancestor_id in enumerate(lineage):
            yield {"ancestor_id": ancestor_id, "descendant_id": descendant_id, "distance": distance}


def _definitions(categories: list[Line]) -> Iterator[Line]:
    for category in categories:
        for position, each in enumerate(category["attributes"]):
            same = {name: each[name] for name in ("id", "code", "name", "type", "unit", "options")}
            yield {
                **same,
                "category_id": category["id"],
                "is_required": each["required"],
                "is_filterable": each["filterable"],
                "position": position,
            }


def _product(line: Line) -> Line:
    same = {
        name: line[name]
        for name in ("id", "slug", "title", "description", "status", "category_id", "seller_id", "stock", "picture")
    }
    was = line.get("compare_at_price")
    created_at = datetime.fromisoformat(line["created_at"]).astimezone(UTC)
    return {
        **same,
        "price_amount": line["price"]["amount"],
        "currency": line["price"]["currency"],
        "compare_at_amount": was["amount"] if was else None,
        "held": 0,
        "sold": 0,
        "popularity": line["popularity"],
        "created_at": created_at,
        "updated_at": created_at,
        "version": 1,
        "edited_version": 1,
        "shown_title": line["title"] if line["status"] == "ARCHIVED" else None,
    }


def _values(
    line: Line, lineages: Mapping[str, list[str]], definitions: Mapping[tuple[str, str], str]
) -> Iterator[Line]:
    for value in line["attributes"]:
        known = (definitions.get((category_id, value["code"])) for category_id in lineages[line["category_id"]])
        definition_id = next((each for each in known if each is not None), None)
        if definition_id is None:
            raise ValueError(f"product {line['slug']} has an attribute {value['code']!r} that its category has not")
        yield {
            "product_id": line["id"],
            "definition_id": definition_id,
            "text": value.get("text"),
            "number": value.get("number"),
            "boolean": value.get("boolean"),
        }
