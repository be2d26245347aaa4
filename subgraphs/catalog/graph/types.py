"""The catalog's types, made from rows."""

from collections.abc import Awaitable, Callable
from datetime import datetime
from typing import Any

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.catalog.graph.context import Info, is_own
from subgraphs.catalog.graph.inputs import ProductFilter, ProductSort
from subgraphs.catalog.model import AttributeType, Availability, ProductStatus, availability_of
from subgraphs.catalog.pictures import SIZE
from subgraphs.catalog.queries import FacetCount, Filter, Listing
from subgraphs.catalog.tables import AttributeRow, CategoryRow, DefinitionRow, ProductRow
from subgraphs.kit.graph.connections import PageSize, edges, page_info, sized_list
from subgraphs.kit.graph.scalars import Cursor, Money, Node, PageInfo, money
from subgraphs.kit.storage.pagination import Page, PageRequest

strawberry.enum(ProductStatus)
strawberry.enum(Availability)
strawberry.enum(AttributeType)


@strawberry.type
class AttributeDefinition:
    id: strawberry.ID
    code: str
    name: str
    type: AttributeType
    unit: str | None
    options: list[str] | None
    required: bool
    filterable: bool

    @classmethod
    def of(cls, row: DefinitionRow) -> "AttributeDefinition":
        """The definition of a row."""
        return cls(
            id=strawberry.ID(row.id),
            code=row.code,
            name=row.name,
            type=AttributeType(row.type),
            unit=row.unit,
            options=row.options,
            required=row.is_required,
            filterable=row.is_filterable,
        )


@strawberry.type
class ProductAttribute:
    definition: AttributeDefinition
    text: str | None
    number: float | None
    boolean: bool | None

    @classmethod
    def of(cls, value: AttributeRow, definition: DefinitionRow) -> "ProductAttribute":
        """The value of a row."""
        return cls(
            definition=AttributeDefinition.of(definition), text=value.text, number=value.number, boolean=value.boolean
        )


@strawberry.type
class Image:
    url: str
    alt: str | None
    width: int
    height: int


@federation.type(keys=["id", "slug"])
class Product(Node):
    row: strawberry.Private[ProductRow]
    is_card: strawberry.Private[bool]
    slug: str
    title: str
    description: str
    status: ProductStatus
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, row: Any, *, card_title: str | None = None) -> "Product":
        """Return the product of a row.

        Args:
            card_title: The title of a card: a product that is no longer on sale, without offer, description and attributes.
        """
        is_card = card_title is not None
        return cls(
            row=row,
            is_card=is_card,
            id=strawberry.ID(row.id),
            slug=row.slug,
            title=card_title if card_title is not None else row.title,
            description="" if is_card else row.description,
            status=ProductStatus(row.status),
            created_at=row.created_at,
            updated_at=row.updated_at,
            version=row.version,
        )

    @strawberry.field(description="The offer; null when the product is not on sale")
    def price(self) -> Money | None:
        return None if self.is_card else money(self.row.price_amount, self.row.currency)

    @strawberry.field
    def compare_at_price(self) -> Money | None:
        amount = self.row.compare_at_amount
        return None if amount is None or self.is_card else money(amount, self.row.currency)

    @strawberry.field
    def availability(self) -> Availability:
        return Availability.OUT_OF_STOCK if self.is_card else availability_of(self.row.stock)

    @federation.field(requires_scopes=[["seller:catalog"]], description="The pieces that can be sold now")
    def stock(self, info: Info) -> int | None:
        return self.row.stock if is_own(info.context.identity, self.row) else None

    @federation.field(
        requires_scopes=[["seller:catalog"]],
        description="The pieces that the seller has, those held for orders included",
    )
    def on_hand(self, info: Info) -> int | None:
        return self.row.stock + self.row.held if is_own(info.context.identity, self.row) else None

    @strawberry.field
    async def category(self, info: Info) -> "Category":
        row = await info.context.loaders.category_by_id.load(self.row.category_id)
        if row is None:
            raise LookupError(f"product {self.id} is in a category that does not exist")
        return Category.of(row)

    @strawberry.field
    def seller(self) -> "Seller | None":
        return Seller(id=strawberry.ID(self.row.seller_id))

    @strawberry.field
    async def attributes(self, info: Info) -> list[ProductAttribute]:
        found = [] if self.is_card else await info.context.loaders.attributes.load(self.row.id)
        return [ProductAttribute.of(value, definition) for value, definition in found]

    @strawberry.field
    def images(self, info: Info) -> list[Image]:
        url = f"{info.context.resources.settings.picture_base}/images/{self.id}.svg"
        return [Image(url=url, alt=self.title, width=SIZE, height=SIZE)]

    @classmethod
    async def resolve_reference(
        cls,
        info: Info,
        id: strawberry.ID | None = None,
        slug: str | None = None,
    ) -> "Product | None":
        """Return the product as the caller may see it.

        Orders, feeds and links refer to products that are no longer on sale: these answer as a card. A product that was never
        on sale is its seller's alone.
        """
        by = info.context.loaders
        row = await (by.product_by_id.load(id) if id is not None else by.product_by_slug.load(slug or ""))
        if row is None:
            return None
        if row.status == ProductStatus.PUBLISHED.value or is_own(info.context.identity, row):
            return cls.of(row)
        return cls.of(row, card_title=row.shown_title) if row.shown_title is not None else None


@strawberry.type
class FacetValue:
    value: str
    count: int


@strawberry.type
class Facet:
    attribute: AttributeDefinition
    values: list[FacetValue]


@strawberry.type
class ProductEdge:
    cursor: str
    node: Product


@strawberry.type
class ProductConnection:
    page: strawberry.Private[Page[Any]]
    count: strawberry.Private[Callable[[], Awaitable[int]]]
    facet_counts: strawberry.Private[Callable[[], Awaitable[list[FacetCount]]]]

    @strawberry.field
    def edges(self) -> list[ProductEdge]:
        return edges(self.page, lambda cursor, row: ProductEdge(cursor=cursor, node=Product.of(row)))

    @strawberry.field
    def page_info(self) -> PageInfo:
        return page_info(self.page)

    @federation.field(directives=[Cost(weight=5)])
    async def total_count(self) -> int | None:
        return await self.count()

    @federation.field(directives=[Cost(weight=10)])
    async def facets(self, info: Info) -> list[Facet]:
        if not info.context.resources.config.current.get("catalog.facets"):
            return []
        return _grouped(await self.facet_counts())


def _grouped(counts: list[FacetCount]) -> list[Facet]:
    facets: dict[str, Facet] = {}
    for each in counts:
        facet = facets.setdefault(
            each.definition.code, Facet(attribute=AttributeDefinition.of(each.definition), values=[])
        )
        facet.values.append(FacetValue(value=each.value, count=each.count))
    return list(facets.values())


@federation.type(keys=["id", "slug"])
class Category(Node):
    row: strawberry.Private[CategoryRow]
    levels_below: strawberry.Private[int | None]
    slug: str
    name: str

    @classmethod
    def of(cls, row: CategoryRow, *, levels_below: int | None = None) -> "Category":
        """The category of a row.

        Args:
            levels_below: how far down `children` answers; None: to the leaves.
        """
        return cls(row=row, levels_below=levels_below, id=strawberry.ID(row.id), slug=row.slug, name=row.name)

    @strawberry.field
    async def parent(self, info: Info) -> "Category | None":
        if self.row.parent_id is None:
            return None
        row = await info.context.loaders.category_by_id.load(self.row.parent_id)
        return Category.of(row) if row is not None else None

    @strawberry.field
    async def children(self, info: Info) -> "list[Category]":
        if self.levels_below == 0:
            return []
        below = self.levels_below - 1 if self.levels_below is not None else None
        rows = await info.context.loaders.children.load(self.row.id)
        return [Category.of(row, levels_below=below) for row in rows]

    @strawberry.field
    async def path(self, info: Info) -> "list[Category]":
        return [Category.of(row) for row in await info.context.loaders.ancestors.load(self.row.id)]

    @strawberry.field
    async def attributes(self, info: Info) -> list[AttributeDefinition]:
        return [AttributeDefinition.of(row) for row in await info.context.loaders.definitions.load(self.row.id)]

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
    ) -> ProductConnection:
        wanted = filter.as_filter() if filter else Filter()
        listing = Listing(wanted, (sort or ProductSort.POPULAR).value, PageRequest(first, after, last, before))
        loaders, owner = info.context.loaders.in_category, self.row.id
        return ProductConnection(
            page=await loaders.pages.load((owner, listing)),
            count=lambda: loaders.counts.load((owner, wanted)),
            facet_counts=lambda: loaders.facets.load((owner, wanted)),
        )

    @classmethod
    async def resolve_reference(
        cls,
        info: Info,
        id: strawberry.ID | None = None,
        slug: str | None = None,
    ) -> "Category | None":
        by = info.context.loaders
        row = await (by.category_by_id.load(id) if id is not None else by.category_by_slug.load(slug or ""))
        return cls.of(row) if row is not None else None


@federation.type(keys=["id"])
class Seller:
    id: strawberry.ID

    @federation.field(directives=[sized_list()])
    async def products(
        self,
        info: Info,
        first: PageSize | None = 20,
        after: Cursor | None = None,
        last: PageSize | None = None,
        before: Cursor | None = None,
        status: ProductStatus | None = None,
    ) -> ProductConnection | None:
        wanted = Filter(statuses=_visible(is_all=info.context.identity.subject == self.id, wanted=status))
        listing = Listing(wanted, ProductSort.NEWEST.value, PageRequest(first, after, last, before))
        loaders, owner = info.context.loaders.of_seller, str(self.id)
        return ProductConnection(
            page=await loaders.pages.load((owner, listing)),
            count=lambda: loaders.counts.load((owner, wanted)),
            facet_counts=lambda: loaders.facets.load((owner, wanted)),
        )

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Seller":
        return cls(id=id)


def _visible(*, is_all: bool, wanted: ProductStatus | None) -> tuple[str, ...]:
    seen = {status.value for status in ProductStatus} if is_all else {ProductStatus.PUBLISHED.value}
    return tuple(sorted(seen if wanted is None else seen & {wanted.value}))
