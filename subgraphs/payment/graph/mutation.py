"""The mutations of the payment schema: a command each, its refusals answered as members of the result union."""

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.kit.graph.errors import UserError, shown
from subgraphs.kit.graph.scalars import Id, IdempotencyKey, MinorUnits
from subgraphs.kit.runtime.refusals import Refusal
from subgraphs.payment import closing, commands, errors, model, refunds
from subgraphs.payment.graph.context import Info
from subgraphs.payment.graph.types import (
    SUPPORT_SCOPE,
    AlreadyPaidError,
    OrderClosing,
    Payment,
    PaymentDeclinedError,
    PaymentSuccess,
    ProviderUnavailableError,
    RefundPaymentResult,
    StartPaymentInput,
    StartPaymentResult,
)
from subgraphs.payment.model import ClosingTerms
from subgraphs.payment.resources import ACCEPTS_PAYMENTS


def answer_of(refusal: Refusal) -> UserError | None:
    """Return the error type that answers a refusal of the payment service; None for a refusal of the kit."""
    match refusal:
        case errors.PaymentDeclined(payment_id=payment_id, is_retryable=is_retryable):
            return PaymentDeclinedError(**shown(refusal), payment_id=payment_id, retryable=is_retryable)
        case errors.AlreadyPaid(payment_id=payment_id):
            return AlreadyPaidError(**shown(refusal), payment_id=payment_id)
        case errors.ProviderUnavailable(retry_after_ms=retry_after_ms):
            return ProviderUnavailableError(**shown(refusal), retry_after_ms=retry_after_ms)
        case _:
            return None


@strawberry.type
class Mutation:
    @federation.mutation(authenticated=True, directives=[Cost(weight=50)])
    async def start_payment(self, info: Info, input: StartPaymentInput) -> StartPaymentResult | None:
        """Pay one of the caller's orders."""
        resources = info.context.resources
        if not resources.config.current.get(ACCEPTS_PAYMENTS):
            raise errors.PaymentsPaused()
        request = model.payment_request(
            idempotency_key=input.idempotency_key,
            order_id=input.order_id,
            method=input.method,
            return_url=input.return_url,
        )
        payment = await commands.start_payment(
            resources.dependencies, request, buyer_id=info.context.account_id, identity=info.context.identity
        )
        return PaymentSuccess(payment=Payment.of(payment))

    @federation.mutation(requires_scopes=[[SUPPORT_SCOPE]], tags=["admin"])
    async def refund_payment(
        self, info: Info, payment_id: Id, amount: MinorUnits, idempotency_key: IdempotencyKey
    ) -> RefundPaymentResult | None:
        """Give back a part of a payment, or the rest of it."""
        identity = info.context.identity
        payment = await refunds.refund_payment(
            info.context.resources.dependencies,
            payment_id,
            amount,
            idempotency_key=idempotency_key,
            requested_by=identity.subject or f"service:{identity.caller}",
        )
        return PaymentSuccess(payment=Payment.of(payment))

    @federation.mutation(
        inaccessible=True,
        tags=["internal"],
        description="Service-to-service: take no payment for the order any more, as far as the terms allow; idempotent",
    )
    async def close_order_payments(self, info: Info, order_id: Id, terms: ClosingTerms) -> OrderClosing:
        """Close an order for payments."""
        return OrderClosing.of(await closing.close_order(info.context.resources.dependencies, order_id, terms))

    @federation.mutation(
        inaccessible=True,
        tags=["internal"],
        description="Service-to-service: give back what is left of a payment; true when nothing is; idempotent",
    )
    async def refund_rest(self, info: Info, payment_id: Id) -> bool:
        """Give back what is left of a payment."""
        requested_by = f"service:{info.context.identity.caller}"
        payment = await refunds.refund_rest(info.context.resources.dependencies, payment_id, requested_by=requested_by)
        return payment.captured_amount == payment.refunded_amount
