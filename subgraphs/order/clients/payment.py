"""Order's questions to the payment service, which owns the sums: is a payment under way, take none any more, give back the rest."""

import enum
from dataclasses import dataclass
from typing import Any

from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.identity import Identity

_IDENTITY = Identity(caller="order", scopes=frozenset({"support:payments"}))
TIMEOUT_SECONDS = 10.0
ATTEMPTS = 2

_CLOSE = """mutation ClosePayments($order: ID!, $terms: ClosingTerms!) {
  closeOrderPayments(orderId: $order, terms: $terms) { outcome paymentId capturedAmount refundedAmount currency } }"""
_REFUND_REST = "mutation GiveBackTheRest($payment: ID!) { refundRest(paymentId: $payment) }"


class Terms(enum.Enum):
    """What may stand in the way of closing an order; payment's `ClosingTerms`."""

    IF_IDLE = "IF_IDLE"
    IF_UNCONFIRMED = "IF_UNCONFIRMED"
    ALWAYS = "ALWAYS"


class Outcome(enum.Enum):
    """What came of closing an order; payment's `ClosingOutcome`."""

    CLOSED = "CLOSED"
    UNDER_WAY = "UNDER_WAY"
    PAID = "PAID"


@dataclass(frozen=True, slots=True)
class PaymentSums:
    """What payment says of one payment: what it took and gave back in all, in minor units."""

    payment_id: str
    captured_amount: int
    refunded_amount: int
    currency: str


@dataclass(frozen=True, slots=True)
class Closing:
    """Payment's answer to the closing of an order.

    Args:
        standing: the order's one payment that took money or may; None without one.
    """

    outcome: Outcome
    standing: PaymentSums | None


class PaymentService:
    """The payment service, asked on the order service's own behalf. Every call may be made again."""

    def __init__(self, client: GraphQLClient) -> None:
        self._client = client

    async def close_order(self, order_id: str, terms: Terms) -> Closing:
        """Have payment take no money for the order any more, as far as the terms allow.

        Raises:
            ServiceError: when payment gives no answer.
        """
        answer = (await self._ask(_CLOSE, {"order": order_id, "terms": terms.value}))["closeOrderPayments"]
        standing = None
        if answer["paymentId"] is not None:
            standing = PaymentSums(
                answer["paymentId"], answer["capturedAmount"], answer["refundedAmount"], answer["currency"]
            )
        return Closing(Outcome(answer["outcome"]), standing)

    async def refund_rest(self, payment_id: str) -> bool:
        """Have payment give back what is left of a payment; True when nothing is left now.

        Raises:
            ServiceRefused: when payment does not know it, or its provider refuses.
            ServiceUnavailable: when payment gives no answer.
        """
        return bool((await self._ask(_REFUND_REST, {"payment": payment_id}))["refundRest"])

    async def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        return await self._client.execute(
            query, variables, identity=_IDENTITY, attempts=ATTEMPTS, timeout_seconds=TIMEOUT_SECONDS
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
