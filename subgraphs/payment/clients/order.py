"""What payment asks the order service: whose order it is, what it costs, and whether it may be paid now."""

from dataclasses import dataclass
from typing import Any

from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.identity import Identity

ATTEMPTS = 2
TIMEOUT_SECONDS = 0.8

_QUERY = """query OrderToPay($id: ID!) {
  order(id: $id) { id number status allowedActions buyer { id } total { amount currency } }
}"""


@dataclass(frozen=True, slots=True)
class OrderToPay:
    """An order, as far as payment needs it. The amount is in minor units."""

    id: str
    number: str
    buyer_id: str
    status: str
    is_payable: bool
    amount: int
    currency: str


class OrderService:
    """The order service, asked on the buyer's behalf."""

    def __init__(self, client: GraphQLClient) -> None:
        self._client = client

    async def order(self, order_id: str, identity: Identity) -> OrderToPay | None:
        """The order, as the identity may see it; None when it is not there, or is somebody else's.

        Raises:
            ServiceError: when the order service gives no answer.
        """
        data = await self._client.execute(
            _QUERY, {"id": order_id}, identity=identity, attempts=ATTEMPTS, timeout_seconds=TIMEOUT_SECONDS
        )
        found: dict[str, Any] | None = data.get("order")
        if found is None:
            return None
        return OrderToPay(
            id=found["id"],
            number=found["number"],
            buyer_id=found["buyer"]["id"],
            status=found["status"],
            is_payable="PAY" in found["allowedActions"],
            amount=found["total"]["amount"],
            currency=found["total"]["currency"],
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
