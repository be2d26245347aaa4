"""Keeping the copy of the catalogue: asked of the catalog service, page by page, once a minute; and how popular its products are."""

from datetime import datetime, timedelta
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
PUBLISHED = "PUBLISHED"
OVERLAP = timedelta(seconds=60)
"""At least the difference of two clocks and the time of a transaction together; `refresh_catalogue` finds what it missed."""

_PRODUCTS = """query Catalogue($first: Int!, $after: String) { products(first: $first, after: $after, sort: NEWEST) {
  pageInfo { hasNextPage endCursor }
  edges { node { id category { id } seller { id } price { amount } compareAtPrice { amount } stock createdAt } } } }"""
_CHANGED = """query CatalogueChanges($since: DateTime!, $after: ID, $first: Int!) {
  changedProducts(since: $since, after: $after, first: $first) {
    id status category { id } seller { id } price { amount } compareAtPrice { amount } stock createdAt updatedAt } }"""
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


class CatalogueChanges:
    """Follows the changes that sellers make, so that a withdrawn product leaves slates within seconds.

    Args:
        since: The instant from which changes are read at first.
    """

    def __init__(self, database: Database, client: GraphQLClient, *, since: datetime) -> None:
        self._database = database
        self._client = client
        self._read_until = since

    async def follow(self) -> int:
        """Write the changes since the last time into the copy; how many there were.

        The last `OVERLAP` is read again each time: the instants are those of several processes, and a transaction commits
        later than the instant that it wrote. To write a change twice changes nothing.

        Raises:
            ServiceError: when the catalog does not answer; the changes are read the next time.
        """
        since, after, read = self._read_until - OVERLAP, None, 0
        while True:
            variables = {"since": since.isoformat(), "after": after, "first": PAGE}
            data = await self._client.execute(_CHANGED, variables, identity=_ASKING, attempts=3)
            nodes: list[dict[str, Any]] = data["changedProducts"]
            await self._write(nodes)
            read += len(nodes)
            if nodes:
                since, after = datetime.fromisoformat(nodes[-1]["updatedAt"]), nodes[-1]["id"]
                self._read_until = max(self._read_until, since)
            if len(nodes) < PAGE:
                return read

    async def _write(self, nodes: list[dict[str, Any]]) -> None:
        if not nodes:
            return
        on_sale = sorted((_row(each) for each in nodes if each["status"] == PUBLISHED), key=lambda row: str(row["id"]))
        withdrawn = [each["id"] for each in nodes if each["status"] != PUBLISHED]
        async with self._database.transaction() as session:
            if on_sale:
                await repository.upsert(session, ProductRow, on_sale, kept=frozenset({"popularity"}))
            await _withdraw(session, withdrawn)


async def _withdraw_all_but(session: AsyncSession, on_sale: set[str]) -> int:
    published = await session.scalars(select(ProductRow.id).where(ProductRow.is_published.is_(True)))
    gone = sorted(set(published) - on_sale)
    await _withdraw(session, gone)
    return len(gone)


async def _withdraw(session: AsyncSession, product_ids: list[str]) -> None:
    for part in chunks(iter(sorted(product_ids))):
        await session.execute(
            update(ProductRow)
            .where(ProductRow.id.in_(part))
            .values(is_published=False)
            .execution_options(synchronize_session=False)
        )


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
