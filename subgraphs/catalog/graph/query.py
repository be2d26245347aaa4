"""The catalog's root fields for reading."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.catalog import model, queries
from subgraphs.catalog.graph.context import Info
from subgraphs.catalog.graph.inputs import ProductFilter, ProductSort
from subgraphs.catalog.graph.types import Category, Product, ProductConnection
from subgraphs.catalog.queries import FacetCount, Filter, Listing
from subgraphs.kit.graph.connections import PageSize, sized_list
from subgraphs.kit.graph.lookup_keys import check_one_key
from subgraphs.kit.graph.scalars import Cursor, Id
from subgraphs.kit.storage.pagination import PageRequest

DEFAULT_TREE_DEPTH = 3


@strawberry.type
class Query:
    @strawberry.field
    async def product(
        self,
        info: Info,
        id: Id | None = None,
        slug: Annotated[str, model.PRODUCT_SLUG] | None = None,
    ) -> Product | None:
        check_one_key(id=id, slug=slug)
        return await Product.resolve_reference(info, id=id, slug=slug)

    @federation.field(directives=[sized_list()])
    async def products(
        self,
        info: Info,
        first: PageSize | None = 20,
        after: Cursor | None = None,
        last: PageSize | None = None,
        before: Cursor | None = None,
        filter: ProductFilter | None = None,
        sort: ProductSort | None = ProductSort.POPULAR,
    ) -> ProductConnection | None:
        wanted = filter.as_filter() if filter else Filter()
        listing = Listing(wanted, (sort or ProductSort.POPULAR).value, PageRequest(first, after, last, before))
        resources = info.context.resources

        async def count() -> int:
            async with resources.database.reading() as session:
                return await queries.count(session, wanted)

        async def facets() -> list[FacetCount]:
            async with resources.database.reading() as session:
                return await queries.facets(session, wanted)

        async with resources.database.reading() as session:
            page = await queries.listed(session, listing, cursors=resources.cursors)
        return ProductConnection(page=page, count=count, facet_counts=facets)

    @federation.field(inaccessible=True, tags=["internal"], description="catalog -> recommendation, service to service")
    async def changed_products(
        self,
        info: Info,
        since: datetime,
        after: Id | None = None,
        first: Annotated[int, model.CHANGES_PAGE] = 100,
    ) -> list[Product]:
        """The products that their sellers changed at or after an instant, of any status, in the order of the changes.

        Args:
            after: the id of the last product of the page before, whose `updatedAt` is then `since`.
        """
        async with info.context.resources.database.reading() as session:
            rows = await queries.changed_products(session, since=since, after=after, size=first)
        return [Product.of(row) for row in rows]

    @strawberry.field
    async def category(
        self,
        info: Info,
        id: Id | None = None,
        slug: Annotated[str, model.CATEGORY_SLUG] | None = None,
    ) -> Category | None:
        check_one_key(id=id, slug=slug)
        return await Category.resolve_reference(info, id=id, slug=slug)

    @federation.field(directives=[Cost(weight=5)])
    async def category_tree(
        self, info: Info, depth: Annotated[int, model.TREE_DEPTH] | None = 3
    ) -> list[Category] | None:
        """The roots, with `depth` levels in all."""
        levels_below = (depth if depth is not None else DEFAULT_TREE_DEPTH) - 1
        async with info.context.resources.database.reading() as session:
            rows = await queries.roots(session)
        return [Category.of(row, levels_below=levels_below) for row in rows]
