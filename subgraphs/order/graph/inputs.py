"""The order schema's inputs, turned into what commands take."""

import enum
from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.kit.graph.list_bounds import bounded
from subgraphs.kit.graph.scalars import Currency, Id, IdempotencyKey, MinorUnits
from subgraphs.order import model
from subgraphs.order.payment_results import PaymentResult
from subgraphs.order.placing import PlaceOrder
from subgraphs.order.quote import Line

MAX_LINES = 200


@strawberry.input
class CheckoutLineInput:
    product_id: Id = federation.field(directives=[Cost(weight=1)])
    quantity: Annotated[int, model.QUANTITY]


@strawberry.input
class CheckoutInput:
    lines: list[CheckoutLineInput] = strawberry.field(directives=bounded(MAX_LINES))
    address_id: Id


@strawberry.input
class PlaceOrderInput:
    idempotency_key: IdempotencyKey
    lines: list[CheckoutLineInput] = strawberry.field(directives=bounded(MAX_LINES))
    address_id: Id
    expected_total: MinorUnits = strawberry.field(description="total the buyer saw; guards against silent price change")
    currency: Currency

    def as_request(self) -> PlaceOrder:
        """The request of the commands."""
        return PlaceOrder(
            idempotency_key=self.idempotency_key,
            lines=lines_of(self.lines),
            address_id=self.address_id,
            expected_total=self.expected_total,
            currency=self.currency.value,
        )


def lines_of(inputs: list[CheckoutLineInput]) -> tuple[Line, ...]:
    """The lines of the commands."""
    return tuple(Line(each.product_id, each.quantity) for each in inputs)


@federation.enum(inaccessible=True)
class PaymentOutcome(enum.Enum):
    CAPTURED = "payment.captured"
    FAILED = "payment.failed"
    REFUNDED = "payment.refunded"


@federation.input(inaccessible=True)
class PaymentResultInput:
    event_id: Id
    outcome: PaymentOutcome
    order_id: Id
    payment_id: Id
    amount: MinorUnits = strawberry.field(description="captured now; for a refund, what has gone back in all")
    captured_amount: MinorUnits
    currency: Currency

    def as_result(self) -> PaymentResult:
        """The result of the commands."""
        return PaymentResult(
            event_id=self.event_id,
            type=self.outcome.value,
            order_id=self.order_id,
            payment_id=self.payment_id,
            amount=self.amount,
            captured_amount=self.captured_amount,
            currency=self.currency.value,
        )
