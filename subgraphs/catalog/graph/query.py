"""The catalog's root fields for reading."""

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.catalog import queries
from subgraphs.catalog.graph.context import Info, is_own
from subgraphs.catalog.graph.inputs import ProductFilter, ProductSort
from subgraphs.catalog.graph.types import Category, Product, ProductConnection
from subgraphs.catalog.model import ProductStatus
from subgraphs.catalog.queries import FacetCount, Filter, Listing
from subgraphs.kit.graph.connections import sized_list
from subgraphs.kit.storage.pagination import PageRequest

DEFAULT_TREE_DEPTH = 3
MAX_TREE_DEPTH = 6


@strawberry.type
class Query:
    @strawberry.field
    async def product(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        slug: str | None = None,
    ) -> Product | None:
        by = info.context.loaders
        row = await (by.product_by_id.load(id) if id is not None else by.product_by_slug.load(slug or ""))
        if row is None or (row.status != ProductStatus.PUBLISHED.value and not is_own(info.context.identity, row)):
            return None
        return Product.of(row)

    @federation.field(directives=[sized_list()])
    async def products(
        self,
        info: Info,
        first: int | None = 20,
        after: str | None = None,
        last: int | None = None,
        before: str | None = None,
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

    @strawberry.field
    async def category(
        self,
        info: Info,
        id: strawberry.ID | None = None,
        slug: str | None = None,
    ) -> Category | None:
        return await Category.resolve_reference(info, id=id, slug=slug)

    @federation.field(directives=[Cost(weight=5)])
    async def category_tree(self, info: Info, depth: int | None = 3) -> list[Category] | None:
        """The roots, with `depth` levels in all."""
        levels_below = min(max(depth if depth is not None else DEFAULT_TREE_DEPTH, 1), MAX_TREE_DEPTH) - 1
        async with info.context.resources.database.reading() as session:
            rows = await queries.roots(session)
        return [Category.of(row, levels_below=levels_below) for row in rows]
