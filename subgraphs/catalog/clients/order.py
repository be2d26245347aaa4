"""Catalog's question to the order service: whose stock is still wanted."""

from collections.abc import Sequence

from subgraphs.kit.runtime.client import GraphQLClient

ATTEMPTS = 2
TIMEOUT_SECONDS = 3.0

_HOLDING = "query OrdersHoldingStock($ids: [ID!]!) { ordersHoldingStock(ids: $ids) }"


class OrderService:
    """The order service, asked on the catalog's own behalf."""

    def __init__(self, client: GraphQLClient) -> None:
        self._client = client

    async def holding(self, order_ids: Sequence[str]) -> set[str]:
        """Return those of the orders that are known and not called off.

        Raises:
            ServiceError: when the order service gives no answer.
        """
        data = await self._client.execute(
            _HOLDING, {"ids": list(order_ids)}, attempts=ATTEMPTS, timeout_seconds=TIMEOUT_SECONDS
        )
        return set(data["ordersHoldingStock"])

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
