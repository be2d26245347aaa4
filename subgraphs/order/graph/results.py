"""The outcomes of checkout and of the order schema's mutations."""

from typing import Annotated

import strawberry

from subgraphs.kit.graph.errors import (
    IdempotencyConflictError,
    NotFoundError,
    UserError,
    ValidationError,
    VersionConflictError,
    shown,
)
from subgraphs.kit.graph.scalars import Money, money
from subgraphs.kit.runtime.refusals import Refusal
from subgraphs.order.errors import ForbiddenStep, OutOfStock, PriceChanged
from subgraphs.order.graph.types import Order, Product
from subgraphs.order.model import OrderAction, OrderStatus
from subgraphs.order.quote import Quote


@strawberry.type
class CheckoutLine:
    product: Product | None
    quantity: int
    unit_price: Money
    line_total: Money


@strawberry.type
class CheckoutPreview:
    lines: list[CheckoutLine]
    subtotal: Money
    shipping: Money
    total: Money

    @classmethod
    def of(cls, quote: Quote) -> "CheckoutPreview":
        """The preview of a quote."""
        return cls(
            lines=[
                CheckoutLine(
                    product=Product(id=strawberry.ID(line.product_id)),
                    quantity=line.quantity,
                    unit_price=money(line.unit_price, quote.currency),
                    line_total=money(line.total, quote.currency),
                )
                for line in quote.lines
            ],
            subtotal=money(quote.subtotal, quote.currency),
            shipping=money(quote.shipping, quote.currency),
            total=money(quote.total, quote.currency),
        )


@strawberry.type
class UnavailableLine:
    product: Product | None
    requested: int
    available: int


@strawberry.type
class OutOfStockError(UserError):
    lines: list[UnavailableLine]


@strawberry.type
class PriceChangedError(UserError):
    preview: CheckoutPreview


@strawberry.type
class OrderStateError(UserError):
    current: OrderStatus
    allowed: list[OrderAction]


@strawberry.type
class OrderSuccess:
    order: Order


CheckoutPreviewResult = Annotated[
    CheckoutPreview | ValidationError | OutOfStockError, strawberry.union("CheckoutPreviewResult")
]
PlaceOrderResult = Annotated[
    OrderSuccess | ValidationError | OutOfStockError | PriceChangedError | IdempotencyConflictError,
    strawberry.union("PlaceOrderResult"),
]
OrderActionResult = Annotated[
    OrderSuccess | NotFoundError | OrderStateError | VersionConflictError, strawberry.union("OrderActionResult")
]


def answer_of(refusal: Refusal) -> UserError | None:
    """Return the error type that answers a refusal of the order service; None for a refusal of the kit."""
    match refusal:
        case OutOfStock(lines=lines):
            unavailable = [
                UnavailableLine(
                    product=Product(id=strawberry.ID(each.product_id)),
                    requested=each.requested,
                    available=each.available,
                )
                for each in lines
            ]
            return OutOfStockError(**shown(refusal), lines=unavailable)
        case PriceChanged(quote=quote):
            return PriceChangedError(**shown(refusal), preview=CheckoutPreview.of(quote))
        case ForbiddenStep(current=current, allowed=allowed):
            return OrderStateError(
                **shown(refusal), current=OrderStatus(current), allowed=[OrderAction(each) for each in allowed]
            )
        case _:
            return None
