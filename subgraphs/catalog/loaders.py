"""One loader a key, made anew for each request."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.dataloader import DataLoader

from subgraphs.catalog import queries
from subgraphs.catalog.queries import CATEGORY, SELLER, FacetCount, Filter, Lister, Listing
from subgraphs.catalog.tables import AttributeRow, CategoryRow, DefinitionRow, ProductRow
from subgraphs.kit.graph.batching import argued_loader, grouped_loader, keyed_loader
from subgraphs.kit.storage.pagination import Cursors, Page
from subgraphs.kit.storage.session import Database

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class ListingLoaders:
    """The loaders of one kind of list: its pages, its length, its facets."""

    pages: DataLoader[tuple[str, Listing], Page[Any]]
    counts: DataLoader[tuple[str, Filter], int]
    facets: DataLoader[tuple[str, Filter], list[FacetCount]]


@dataclass(frozen=True, slots=True)
class CatalogLoaders:
    """The loaders of one request."""

    product_by_id: DataLoader[str, ProductRow | None]
    product_by_slug: DataLoader[str, ProductRow | None]
    category_by_id: DataLoader[str, CategoryRow | None]
    category_by_slug: DataLoader[str, CategoryRow | None]
    children: DataLoader[str, list[CategoryRow]]
    ancestors: DataLoader[str, list[CategoryRow]]
    definitions: DataLoader[str, list[DefinitionRow]]
    attributes: DataLoader[str, list[tuple[AttributeRow, DefinitionRow]]]
    in_category: ListingLoaders
    of_seller: ListingLoaders


def make_loaders(database: Database, cursors: Cursors) -> CatalogLoaders:
    """Loaders on the reading side of the database."""

    def reading(
        query: Callable[[AsyncSession, Sequence[str]], Awaitable[Mapping[str, Found]]],
    ) -> Callable[[Sequence[str]], Awaitable[Mapping[str, Found]]]:
        async def fetch(keys: Sequence[str]) -> Mapping[str, Found]:
            async with database.reading() as session:
                return await query(session, keys)

        return fetch

    return CatalogLoaders(
        product_by_id=keyed_loader(reading(queries.products_by_id)),
        product_by_slug=keyed_loader(reading(queries.products_by_slug)),
        category_by_id=keyed_loader(reading(queries.categories_by_id)),
        category_by_slug=keyed_loader(reading(queries.categories_by_slug)),
        children=grouped_loader(reading(queries.children)),
        ancestors=grouped_loader(reading(queries.ancestors)),
        definitions=grouped_loader(reading(queries.definitions)),
        attributes=grouped_loader(reading(queries.attributes)),
        in_category=_listing_loaders(database, cursors, CATEGORY),
        of_seller=_listing_loaders(database, cursors, SELLER),
    )


def _listing_loaders(database: Database, cursors: Cursors, lister: Lister) -> ListingLoaders:
    async def pages(owners: Sequence[str], listing: Listing) -> Mapping[str, Page[Any]]:
        async with database.reading() as session:
            return await queries.pages_by(session, lister, owners, listing, cursors=cursors)

    async def counts(owners: Sequence[str], wanted: Filter) -> Mapping[str, int]:
        async with database.reading() as session:
            return await queries.counts_by(session, lister, owners, wanted)

    async def facets(owners: Sequence[str], wanted: Filter) -> Mapping[str, list[FacetCount]]:
        async with database.reading() as session:
            return await queries.facets_by(session, lister, owners, wanted)

    return ListingLoaders(argued_loader(pages), argued_loader(counts), argued_loader(facets))
