"""What order asks the payment service: to give back money that an order cannot keep."""

from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.identity import Identity

_IDENTITY = Identity(caller="order", scopes=frozenset({"support:payments"}))
TIMEOUT_SECONDS = 10.0

_REFUND = """mutation GiveBack($payment: ID!, $amount: MinorUnits!, $key: ID!) {
  refundPayment(paymentId: $payment, amount: $amount, idempotencyKey: $key) {
    __typename ... on UserError { code message } } }"""


class RefundRefused(Exception):
    """Raised when the payment service did not take a refund: now, or ever; the message says which code it gave."""


class PaymentService:
    """The payment service, asked on the order service's own behalf."""

    def __init__(self, client: GraphQLClient) -> None:
        self._client = client

    async def refund(self, payment_id: str, amount: int, *, key: str) -> None:
        """Give back `amount` minor units of a payment, once for each key.

        Raises:
            RefundRefused: when the payment service refuses.
            ServiceError: when it gives no answer.
        """
        variables = {"payment": payment_id, "amount": amount, "key": key}
        data = await self._client.execute(_REFUND, variables, identity=_IDENTITY, timeout_seconds=TIMEOUT_SECONDS)
        answer = data["refundPayment"]
        if answer["__typename"] != "PaymentSuccess":
            raise RefundRefused(f"{answer['code']}: {answer['message']}")

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
