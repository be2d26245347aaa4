"""Fills the copy of the catalogue from categories.jsonl and products.jsonl; a second time changes nothing.

What is known of buyers and products comes from the log, which the training step relives: `python -m workers train --register`.
"""

from datetime import datetime
from pathlib import Path
from typing import Any

from subgraphs.kit.storage.seed import chunks, read_lines
from subgraphs.kit.storage.session import Database
from subgraphs.kit.storage.upserts import insert_missing
from subgraphs.recommendation.settings import RecommendationSettings
from subgraphs.recommendation.tables import CategoryRow, ProductRow


async def seed(settings: RecommendationSettings, folder: Path) -> int:
    """Write what is missing; how many rows were written."""
    database = Database(settings.database)
    try:
        async with database.transaction() as session:
            categories = [
                {"id": line["id"], "parent_id": line["parent_id"]} for line in read_lines(folder / "categories.jsonl")
            ]
            written = await insert_missing(session, CategoryRow, categories)
            for products in chunks(read_lines(folder / "products.jsonl")):
                written += await insert_missing(session, ProductRow, [_product(line) for line in products])
    finally:
        await database.close()
    return written


def _product(line: dict[str, Any]) -> dict[str, Any]:
    was = line["compare_at_price"]
    return {
        "id": line["id"],
        "category_id": line["category_id"],
        "seller_id": line["seller_id"],
        "price_amount": line["price"]["amount"],
        "compare_at_amount": was["amount"] if was else None,
        "stock": line["stock"],
        "created_at": datetime.fromisoformat(line["created_at"]),
        "is_published": line["status"] == "PUBLISHED",
        "popularity": line["popularity"],
    }
