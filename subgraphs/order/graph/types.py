"""The order schema's types, made from rows."""

from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Key
from strawberry.federation.types import FieldSet

from subgraphs.kit.graph.connections import PageSize, edges, page_info, sized_list
from subgraphs.kit.graph.list_bounds import bounded
from subgraphs.kit.graph.scalars import Cursor, Money, Node, PageInfo, money
from subgraphs.kit.storage.pagination import Page, PageRequest, empty_page
from subgraphs.order.graph.context import SELLER_SCOPE, Info, is_whole_service, parties_of
from subgraphs.order.model import UNPAID, OrderAction, OrderStatus, Party, allowed_actions
from subgraphs.order.queries import Listing
from subgraphs.order.tables import OrderChange
from subgraphs.order.tables import OrderItem as OrderItemRow

MAX_STATUSES = 20

strawberry.enum(OrderStatus)
strawberry.enum(OrderAction)


@federation.type(keys=[Key(fields=FieldSet("id"), resolvable=False)])
class Product:
    id: strawberry.ID


@strawberry.type
class OrderAddress:
    line1: str
    city: str
    postal_code: str
    country: str


@strawberry.type(description="Price and title are snapshots; product is the live entity")
class OrderItem:
    id: strawberry.ID
    product: Product | None
    seller: "Seller | None"
    title_snapshot: str
    unit_price: Money
    quantity: int
    line_total: Money

    @classmethod
    def of(cls, row: OrderItemRow, *, currency: str) -> "OrderItem":
        """The item of a row."""
        return cls(
            id=strawberry.ID(row.id),
            product=Product(id=strawberry.ID(row.product_id)),
            seller=Seller(id=strawberry.ID(row.seller_id)),
            title_snapshot=row.title,
            unit_price=money(row.unit_price_amount, currency),
            quantity=row.quantity,
            line_total=money(row.unit_price_amount * row.quantity, currency),
        )


@strawberry.type
class OrderEvent:
    id: strawberry.ID
    at: datetime
    from_: OrderStatus | None = strawberry.field(name="from")
    to: OrderStatus
    actor: str
    reason: str | None

    @classmethod
    def of(cls, row: OrderChange) -> "OrderEvent":
        """The event of a step of the history."""
        return cls(
            id=strawberry.ID(row.id),
            at=row.at,
            from_=OrderStatus(row.before) if row.before is not None else None,
            to=OrderStatus(row.after),
            actor=row.actor,
            reason=row.reason,
        )


@federation.type(keys=["id"])
class Order(Node):
    row: strawberry.Private[Any]
    number: str = federation.field(shareable=True)
    status: OrderStatus
    created_at: datetime
    updated_at: datetime
    version: int

    @classmethod
    def of(cls, row: Any) -> "Order":
        """The order of a row that the caller may see."""
        return cls(
            row=row,
            id=strawberry.ID(row.id),
            number=row.number,
            status=OrderStatus(row.status),
            created_at=row.created_at,
            updated_at=row.updated_at,
            version=row.version,
        )

    @strawberry.field
    def buyer(self) -> "Buyer | None":
        return Buyer(id=strawberry.ID(self.row.buyer_id))

    @strawberry.field
    async def items(self, info: Info) -> list[OrderItem]:
        """The items; a seller is shown the own ones alone."""
        rows = await info.context.loaders.items.load(self.row.id)
        if await parties_of(info, self.row) == frozenset({Party.SELLER}):
            rows = [row for row in rows if row.seller_id == info.context.identity.subject]
        return [OrderItem.of(row, currency=self.row.currency) for row in rows]

    @strawberry.field
    def subtotal(self) -> Money:
        return money(self.row.subtotal_amount, self.row.currency)

    @strawberry.field
    def shipping(self) -> Money:
        return money(self.row.shipping_amount, self.row.currency)

    @strawberry.field
    def total(self) -> Money:
        return money(self.row.total_amount, self.row.currency)

    @strawberry.field(description="What was paid for it goes back; false once it has, or when nothing was paid")
    def refund_pending(self) -> bool:
        return self.status in {OrderStatus.CANCELLED, OrderStatus.EXPIRED} and self.row.payment_id is not None

    @federation.field(
        inaccessible=True, description="Whether it waits for its payment: what payment needs to say what is due"
    )
    def payable(self) -> bool:
        return self.status in UNPAID

    @strawberry.field
    def shipping_address(self) -> OrderAddress:
        return OrderAddress(
            line1=self.row.line1, city=self.row.city, postal_code=self.row.postal_code, country=self.row.country
        )

    @strawberry.field
    async def timeline(self, info: Info) -> list[OrderEvent]:
        return [OrderEvent.of(row) for row in await info.context.loaders.changes.load(self.row.id)]

    @strawberry.field
    async def allowed_actions(self, info: Info) -> list[OrderAction]:
        return allowed_actions(self.status, await parties_of(info, self.row))

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Order | None":
        """The order by id, for those who may see it."""
        return await visible(info, await info.context.loaders.order.load(id))


async def visible(info: Info, row: Any) -> Order | None:
    """The order of a row, or nothing when the caller is a stranger to it."""
    return Order.of(row) if row is not None and await parties_of(info, row) else None


@strawberry.type
class OrderEdge:
    cursor: str
    node: Order


@strawberry.type
class OrderConnection:
    page: strawberry.Private[Page[Any]]

    @strawberry.field
    def edges(self) -> list[OrderEdge]:
        return edges(self.page, lambda cursor, row: OrderEdge(cursor=cursor, node=Order.of(row)))

    @strawberry.field
    def page_info(self) -> PageInfo:
        return page_info(self.page)


def _listing(page: PageRequest, statuses: list[OrderStatus] | None) -> Listing:
    return Listing(page, tuple(sorted({each.value for each in statuses})) if statuses is not None else None)


@federation.type(keys=["id"])
class Buyer:
    id: strawberry.ID

    @federation.field(authenticated=True, directives=[sized_list()])
    async def orders(
        self,
        info: Info,
        first: PageSize | None = 20,
        after: Cursor | None = None,
        last: PageSize | None = None,
        before: Cursor | None = None,
        status: Annotated[list[OrderStatus] | None, strawberry.argument(directives=bounded(MAX_STATUSES))] = None,
    ) -> OrderConnection | None:
        """The buyer's orders, newest first; to others there are none."""
        identity = info.context.identity
        if identity.subject != self.id and not is_whole_service(identity):
            return OrderConnection(page=empty_page())
        listing = _listing(PageRequest(first, after, last, before), status)
        return OrderConnection(page=await info.context.loaders.orders_of_buyer.load((str(self.id), listing)))

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Buyer":
        return cls(id=id)


@federation.type(keys=["id"])
class Seller:
    id: strawberry.ID

    @federation.field(requires_scopes=[[SELLER_SCOPE]], directives=[sized_list()])
    async def sales(
        self,
        info: Info,
        first: PageSize | None = 20,
        after: Cursor | None = None,
        last: PageSize | None = None,
        before: Cursor | None = None,
        status: Annotated[list[OrderStatus] | None, strawberry.argument(directives=bounded(MAX_STATUSES))] = None,
    ) -> OrderConnection | None:
        """The orders with items of the seller's, newest first; to others there are none."""
        identity = info.context.identity
        if identity.subject != self.id and not is_whole_service(identity):
            return OrderConnection(page=empty_page())
        listing = _listing(PageRequest(first, after, last, before), status)
        return OrderConnection(page=await info.context.loaders.sales_of_seller.load((str(self.id), listing)))

    @classmethod
    def resolve_reference(cls, id: strawberry.ID) -> "Seller":
        return cls(id=id)
