"""What order asks the catalog: what products cost, whether they are there, and to hold, sell or free their stock."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from subgraphs.kit.runtime.client import GraphQLClient
from subgraphs.kit.runtime.identity import Identity
from subgraphs.order.errors import OutOfStock, Shortage
from subgraphs.order.quote import Line

# For itself, not for the buyer: how many pieces there are is not the buyer's to see.
_IDENTITY = Identity(caller="order", scopes=frozenset({"seller:catalog"}))
ATTEMPTS = 3
TIMEOUT_SECONDS = 0.8

_PRODUCTS = """query ProductsToOrder($wanted: [_Any!]!) { _entities(representations: $wanted) {
  ... on Product { id title status stock price { amount currency } seller { id } } } }"""
_RESERVE = """mutation HoldStock($order: ID!, $lines: [ReserveLine!]!, $ttl: Int!) {
  reserveStock(orderId: $order, lines: $lines, ttlSeconds: $ttl) { __typename
    ... on StockReservation { expiresAt } ... on StockShortage { lines { productId available } } } }"""
_COMMIT = "mutation SellStock($order: ID!) { done: commitReservation(orderId: $order) }"
_RELEASE = "mutation FreeStock($order: ID!) { done: releaseReservation(orderId: $order) }"


@dataclass(frozen=True, slots=True)
class Offer:
    """A product as it is sold now; the price in minor units, `stock` in pieces that are free."""

    product_id: str
    seller_id: str
    title: str
    unit_price: int
    currency: str
    stock: int


class CatalogService:
    """The catalog, asked on the order service's own behalf."""

    def __init__(self, client: GraphQLClient) -> None:
        self._client = client

    async def offers(self, product_ids: Sequence[str]) -> dict[str, Offer]:
        """The products that are sold now, by id.

        Raises:
            ServiceError: when the catalog gives no answer.
        """
        wanted = [{"__typename": "Product", "id": product_id} for product_id in product_ids]
        data = await self._ask(_PRODUCTS, {"wanted": wanted})
        return {
            found["id"]: Offer(
                product_id=found["id"],
                seller_id=found["seller"]["id"],
                title=found["title"],
                unit_price=found["price"]["amount"],
                currency=found["price"]["currency"],
                stock=found["stock"] or 0,
            )
            for found in data["_entities"]
            if found is not None and found["status"] == "PUBLISHED"
        }

    async def hold(self, order_id: str, lines: Sequence[Line], *, seconds: int) -> datetime:
        """Hold stock for the order; until when. Repeated, it gives the first time's answer.

        Raises:
            OutOfStock: when any line cannot be served; nothing is held then.
            ServiceError: when the catalog gives no answer.
        """
        asked = [{"productId": line.product_id, "quantity": line.quantity} for line in lines]
        answer = (await self._ask(_RESERVE, {"order": order_id, "lines": asked, "ttl": seconds}))["reserveStock"]
        if answer["__typename"] == "StockReservation":
            return datetime.fromisoformat(answer["expiresAt"])
        requested = {line.product_id: line.quantity for line in lines}
        raise OutOfStock(
            [Shortage(each["productId"], requested[each["productId"]], each["available"]) for each in answer["lines"]]
        )

    async def sell(self, order_id: str) -> bool:
        """Sell what is held for the order; False when it was freed or never held.

        Raises:
            ServiceError: when the catalog gives no answer.
        """
        return bool((await self._ask(_COMMIT, {"order": order_id}))["done"])

    async def free(self, order_id: str) -> bool:
        """Put what was held for the order, or sold to it, on sale again; False when nothing ever was.

        Raises:
            ServiceError: when the catalog gives no answer.
        """
        return bool((await self._ask(_RELEASE, {"order": order_id}))["done"])

    async def _ask(self, query: str, variables: dict[str, Any]) -> dict[str, Any]:
        # All of these may be asked again: the catalog knows an order's reservation by the order's id.
        return await self._client.execute(
            query, variables, identity=_IDENTITY, attempts=ATTEMPTS, timeout_seconds=TIMEOUT_SECONDS
        )

    async def close(self) -> None:
        """Close the connections."""
        await self._client.close()
