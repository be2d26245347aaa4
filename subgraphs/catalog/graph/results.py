"""The outcomes of the catalog's mutations."""

from datetime import datetime

import strawberry

from subgraphs.catalog.graph.types import Product
from subgraphs.catalog.model import ProductStatus
from subgraphs.kit.graph.errors import UserError
from subgraphs.kit.graph.scalars import Money


@strawberry.type
class ProductSuccess:
    product: Product


@strawberry.type
class AttributeError(UserError):  # noqa: A001 - the contract's name
    attribute: str = ""


@strawberry.type
class ForbiddenTransitionError(UserError):
    from_: ProductStatus = strawberry.field(name="from", default=ProductStatus.DRAFT)
    to: ProductStatus = ProductStatus.DRAFT


@strawberry.type
class ReservedLine:
    product: Product
    quantity: int
    unit_price: Money


@strawberry.type
class StockReservation:
    id: strawberry.ID
    expires_at: datetime
    lines: list[ReservedLine]


@strawberry.type
class OutOfStockLine:
    product_id: strawberry.ID
    available: int


@strawberry.type
class StockShortage(UserError):
    lines: list[OutOfStockLine] = strawberry.field(default_factory=list)
