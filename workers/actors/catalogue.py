"""Keeping the copy of the catalogue: asked of the catalog service, page by page, once a minute; and how popular its products are."""

from datetime import datetime
from typing import Any

import numpy as np
import structlog
from sqlalchemy import select, update
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.identity import Identity
from subgraphs.kit.storage.seed import chunks
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import repository
from subgraphs.recommendation.tables import CategoryRow, ProductRow
from workers.features.families.popularity import decayed_popularity
from workers.features.snapshot import Market

PAGE = 100

_PRODUCTS = """query Catalogue($first: Int!, $after: String) { products(first: $first, after: $after, sort: NEWEST) {
  pageInfo { hasNextPage endCursor }
  edges { node { id category { id } seller { id } price { amount } compareAtPrice { amount } stock createdAt } } } }"""
_CATEGORIES = (
    """query Tree { categoryTree(depth: 6) { id children { id children { id children { id children { id } } } } } }"""
)
_ASKING = Identity(caller="recommendation", scopes=frozenset({"seller:catalog"}))

_log = structlog.get_logger(__name__)


async def refresh_catalogue(database: Database, client: GraphQLClient) -> int:
    """Bring the copy up to date: what is on sale now, and nothing else published; how many products that is.

    Raises:
        ServiceError: when the catalog does not answer; the copy stays as it was.
    """
    nodes: list[dict[str, Any]] = []
    after: str | None = None
    while True:
        variables = {"first": PAGE, "after": after}
        page = (await client.execute(_PRODUCTS, variables, identity=_ASKING, attempts=3))["products"]
        nodes += [edge["node"] for edge in page["edges"]]
        after = page["pageInfo"]["endCursor"]
        if not page["pageInfo"]["hasNextPage"]:
            break
    tree = (await client.execute(_CATEGORIES, identity=_ASKING, attempts=3))["categoryTree"]
    # In the order of ids, as popularity is written: whoever writes all products waits for the other and never deadlocks.
    rows = sorted((_row(node) for node in nodes), key=lambda row: str(row["id"]))
    async with database.transaction() as session:
        await repository.upsert(session, CategoryRow, list(_flat(tree, None)))
        await repository.upsert(session, ProductRow, rows, kept=frozenset({"popularity"}))
        withdrawn = await _withdraw_all_but(session, {row["id"] for row in rows})
    _log.info("catalogue.refreshed", on_sale=len(rows), withdrawn=withdrawn)
    return len(rows)


async def _withdraw_all_but(session: AsyncSession, on_sale: set[str]) -> int:
    published = await session.scalars(select(ProductRow.id).where(ProductRow.is_published.is_(True)))
    gone = sorted(set(published) - on_sale)
    for part in chunks(iter(gone)):
        await session.execute(
            update(ProductRow)
            .where(ProductRow.id.in_(part))
            .values(is_published=False)
            .execution_options(synchronize_session=False)
        )
    return len(gone)


async def refresh_popularity(database: Database, market: Market, *, now: datetime) -> None:
    """Keep the popularity of now, by which products are listed where there is no slate yet."""
    masses = market.masses_at(np.arange(len(market.catalogue)), now.timestamp())
    popularity = decayed_popularity(masses).tolist()
    async with database.transaction() as session:
        await repository.set_popularity(session, dict(zip(market.catalogue.ids, popularity, strict=True)))


def _row(node: dict[str, Any]) -> dict[str, Any]:
    was = node["compareAtPrice"]
    return {
        "id": node["id"],
        "category_id": node["category"]["id"],
        "seller_id": node["seller"]["id"],
        "price_amount": node["price"]["amount"],
        "compare_at_amount": was["amount"] if was else None,
        "stock": node["stock"],
        "created_at": datetime.fromisoformat(node["createdAt"]),
        "is_published": True,
        "popularity": 0.0,
    }


def _flat(tree: list[dict[str, Any]], parent_id: str | None) -> Any:
    for category in tree:
        yield {"id": category["id"], "parent_id": parent_id}
        yield from _flat(category.get("children", []), category["id"])
