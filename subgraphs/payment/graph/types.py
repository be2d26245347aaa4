"""The types of the payment schema."""

from collections.abc import Mapping
from datetime import datetime
from typing import Annotated, Any

import strawberry
from strawberry import federation

from subgraphs.kit.graph.errors import (
    Fault,
    IdempotencyConflictError,
    NotFoundError,
    UserError,
    ValidationError,
)
from subgraphs.kit.graph.scalars import Currency, Id, IdempotencyKey, MinorUnits, Money, Node, money
from subgraphs.kit.runtime.identity import Identity
from subgraphs.payment import closing, model, tables
from subgraphs.payment.graph.context import Info
from subgraphs.payment.model import ClosingOutcome, ClosingTerms, OrderPaymentState, PaymentStatus

strawberry.enum(PaymentStatus)
strawberry.enum(OrderPaymentState)
federation.enum(ClosingTerms, inaccessible=True)
federation.enum(ClosingOutcome, inaccessible=True)

SUPPORT_SCOPE = "support:payments"


def may_see(identity: Identity, buyer_id: str) -> bool:
    """True for the buyer, for support, and for a service that calls for itself."""
    return (
        identity.subject == buyer_id
        or SUPPORT_SCOPE in identity.scopes
        or (identity.is_service and identity.subject is None)
    )


@strawberry.type
class PaymentNextAction:
    type: str
    redirect_url: str | None
    client_secret: str | None


@strawberry.type
class PaymentFailure:
    code: str
    message: str
    retryable: bool


@strawberry.type
class PaymentEvent:
    at: datetime
    status: PaymentStatus
    provider_event_id: str | None


@strawberry.type
class Refund:
    id: strawberry.ID
    amount: Money
    status: PaymentStatus
    created_at: datetime


@federation.type(keys=["id"])
class Payment(Node):
    row: strawberry.Private[tables.Payment]
    amount: Money
    status: PaymentStatus
    method: str
    created_at: datetime

    @federation.field(provides=["number"])
    def order(self) -> "Order | None":
        """The order that is paid; its number is known here."""
        return Order(id=strawberry.ID(self.row.order_id), known_number=self.row.order_number)

    @strawberry.field
    def next_action(self) -> PaymentNextAction | None:
        """What the buyer must do, while that is so."""
        row = self.row
        if row.action_type is None or self.status is not PaymentStatus.REQUIRES_ACTION:
            return None
        return PaymentNextAction(
            type=row.action_type, redirect_url=row.action_redirect_url, client_secret=row.action_client_secret
        )

    @strawberry.field
    def failure(self) -> PaymentFailure | None:
        """Why the payment failed, when it did."""
        row = self.row
        if row.failure_code is None:
            return None
        return PaymentFailure(
            code=row.failure_code, message=row.failure_message or "", retryable=bool(row.failure_is_retryable)
        )

    @federation.field(requires_scopes=[[SUPPORT_SCOPE]])
    def provider_reference(self) -> str | None:
        """The provider's name for the payment."""
        return self.row.provider_reference

    @strawberry.field
    async def history(self, info: Info) -> list[PaymentEvent]:
        """The steps that the payment took, oldest first."""
        return [
            PaymentEvent(at=step.at, status=PaymentStatus(step.status), provider_event_id=step.provider_event_id)
            for step in await info.context.loaders.history.load(self.row.id)
        ]

    @strawberry.field
    async def refunds(self, info: Info) -> list[Refund]:
        """The refunds, oldest first."""
        return [
            Refund(
                id=strawberry.ID(refund.id),
                amount=money(refund.amount, self.row.currency),
                status=PaymentStatus(refund.status),
                created_at=refund.created_at,
            )
            for refund in await info.context.loaders.refunds.load(self.row.id)
        ]

    @classmethod
    def of(cls, row: tables.Payment) -> "Payment":
        """The type of a row."""
        return cls(
            row=row,
            id=strawberry.ID(row.id),
            amount=money(row.amount, row.currency),
            status=PaymentStatus(row.status),
            method=row.method,
            created_at=row.created_at,
        )

    @classmethod
    async def resolve_reference(cls, info: Info, id: strawberry.ID) -> "Payment | None":
        """The payment by id, for those who may see it; others see as if it were not there."""
        row = await info.context.loaders.payment.load(id)
        return cls.of(row) if row is not None and may_see(info.context.identity, row.buyer_id) else None


@federation.type(keys=["id"])
class Order:
    id: strawberry.ID
    known_number: strawberry.Private[str | None] = None
    given_total: strawberry.Private[Mapping[str, Any] | None] = None
    given_payable: strawberry.Private[bool | None] = None

    @federation.field(external=True)
    def number(self) -> str:
        """The order's number, where a payment provides it."""
        if self.known_number is None:
            raise Fault("INTERNAL_SERVER_ERROR", "An order's number is the order service's to tell")
        return self.known_number

    @federation.field(external=True)
    def total(self) -> Money:
        """The order's total, where the representation brought it."""
        return _given(self.given_total)

    @federation.field(external=True)
    def payable(self) -> bool:
        """Whether the order waits for its payment, where the representation brought it."""
        return _given_payable(self.given_payable)

    @federation.field(authenticated=True)
    async def payments(self, info: Info) -> list[Payment] | None:
        """The payments of the order that the caller may see, oldest first."""
        rows = await info.context.loaders.payments_of_order.load(str(self.id))
        return [Payment.of(row) for row in rows if may_see(info.context.identity, row.buyer_id)]

    @strawberry.field
    async def payment_state(self, info: Info) -> OrderPaymentState | None:
        """What the order's payments come to."""
        return model.order_payment_state(await info.context.loaders.payments_of_order.load(str(self.id)))

    @federation.field(requires=["total { amount currency } payable"])
    async def amount_due(self, info: Info) -> Money | None:
        """What the buyer is still expected to pay: nothing once the order is paid or called off"""
        total = _given(self.given_total)
        due = model.amount_due(total.amount, await self._paid(info), is_payable=_given_payable(self.given_payable))
        return Money(amount=MinorUnits(due), currency=total.currency)

    @federation.field(requires=["total { amount currency }"])
    async def captured_amount(self, info: Info) -> Money | None:
        """What was taken for the order"""
        currency = _given(self.given_total).currency
        return Money(amount=MinorUnits(model.captured_amount(await self._paid(info))), currency=currency)

    @federation.field(requires=["total { amount currency }"])
    async def refunded_amount(self, info: Info) -> Money | None:
        """What was given back of it"""
        currency = _given(self.given_total).currency
        return Money(amount=MinorUnits(model.refunded_amount(await self._paid(info))), currency=currency)

    async def _paid(self, info: Info) -> list[tables.Payment]:
        return await info.context.loaders.payments_of_order.load(str(self.id))

    @classmethod
    def resolve_reference(
        cls, id: strawberry.ID, total: Mapping[str, Any] | None = None, payable: bool | None = None
    ) -> "Order":
        """Any order; what it has here is its payments."""
        return cls(id=id, given_total=total, given_payable=payable)


def _given(total: Mapping[str, Any] | None) -> Money:
    try:
        assert total is not None
        return money(total["amount"], total["currency"])
    except (AssertionError, KeyError, ValueError) as error:
        raise Fault("BAD_REPRESENTATION", "The representation of an order lacks its total") from error


def _given_payable(is_payable: bool | None) -> bool:
    if is_payable is None:
        raise Fault("BAD_REPRESENTATION", "The representation of an order lacks whether it is payable")
    return is_payable


@federation.type(inaccessible=True)
class OrderClosing:
    """Sums are the standing payment's, in minor units; absent without one."""

    outcome: ClosingOutcome
    payment_id: strawberry.ID | None
    captured_amount: MinorUnits
    refunded_amount: MinorUnits
    currency: Currency | None

    @classmethod
    def of(cls, closing: closing.OrderClosing) -> "OrderClosing":
        """The answer of the command's."""
        payment = closing.payment
        return cls(
            outcome=closing.outcome,
            payment_id=None if payment is None else strawberry.ID(payment.id),
            captured_amount=MinorUnits(0 if payment is None else payment.captured_amount),
            refunded_amount=MinorUnits(0 if payment is None else payment.refunded_amount),
            currency=None if payment is None else Currency(payment.currency),
        )


@strawberry.input
class StartPaymentInput:
    idempotency_key: IdempotencyKey
    order_id: Id
    method: Annotated[str, model.METHOD]
    return_url: Annotated[str, model.RETURN_URL] | None = None


@strawberry.type
class PaymentSuccess:
    payment: Payment


async def _payment_of(root: "PaymentDeclinedError | AlreadyPaidError", info: Info) -> Payment:
    row = await info.context.loaders.payment.load(root.payment_id)
    assert row is not None, "a payment is never deleted"
    return Payment.of(row)


@strawberry.type
class PaymentDeclinedError(UserError):
    payment_id: strawberry.Private[str]
    payment: Payment = strawberry.field(resolver=_payment_of)
    retryable: bool


@strawberry.type
class ProviderUnavailableError(UserError):
    retry_after_ms: int


@strawberry.type
class AlreadyPaidError(UserError):
    payment_id: strawberry.Private[str]
    payment: Payment = strawberry.field(resolver=_payment_of)


StartPaymentResult = Annotated[
    PaymentSuccess
    | ValidationError
    | PaymentDeclinedError
    | ProviderUnavailableError
    | AlreadyPaidError
    | IdempotencyConflictError,
    strawberry.union("StartPaymentResult"),
]
RefundPaymentResult = Annotated[
    PaymentSuccess | NotFoundError | ValidationError | ProviderUnavailableError | IdempotencyConflictError,
    strawberry.union("RefundPaymentResult"),
]
