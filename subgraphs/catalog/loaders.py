"""One loader a key, made anew for each request."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from strawberry.dataloader import DataLoader

from subgraphs.catalog import queries
from subgraphs.catalog.queries import CATEGORY, SELLER, FacetCount, Filter, Lister, Listing
from subgraphs.catalog.tables import AttributeRow, CategoryRow, DefinitionRow, ProductRow
from subgraphs.kit.graph.batching import argued_loader, grouped_loader, keyed_loader
from subgraphs.kit.storage.pagination import Cursors, Page
from subgraphs.kit.storage.session import Database


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
    return CatalogLoaders(
        product_by_id=keyed_loader(database.reads(queries.products_by_id)),
        product_by_slug=keyed_loader(database.reads(queries.products_by_slug)),
        category_by_id=keyed_loader(database.reads(queries.categories_by_id)),
        category_by_slug=keyed_loader(database.reads(queries.categories_by_slug)),
        children=grouped_loader(database.reads(queries.children)),
        ancestors=grouped_loader(database.reads(queries.ancestors)),
        definitions=grouped_loader(database.reads(queries.definitions)),
        attributes=grouped_loader(database.reads(queries.attributes)),
        in_category=_listing_loaders(database, cursors, CATEGORY),
        of_seller=_listing_loaders(database, cursors, SELLER),
    )


def _listing_loaders(database: Database, cursors: Cursors, lister: Lister) -> ListingLoaders:
    return ListingLoaders(
        pages=argued_loader(database.reads(partial(queries.pages_by, lister=lister, cursors=cursors))),
        counts=argued_loader(database.reads(partial(queries.counts_by, lister=lister))),
        facets=argued_loader(database.reads(partial(queries.facets_by, lister=lister))),
    )
