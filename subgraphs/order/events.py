"""What order tells the others. All of it is in the analytics log; recommendation and notification get it too."""

from datetime import datetime
from typing import Any, Literal

from pydantic import BaseModel, ConfigDict, Field

from subgraphs.kit.messaging.envelope import Envelope, sealed
from subgraphs.kit.messaging.schemas import event_schema

SOURCE = "order"
QUEUE = "orders"
ACTOR_NAME = "order_event"
VERSION = 1

Status = Literal[
    "PENDING", "AWAITING_PAYMENT", "PAID", "FULFILLING", "SHIPPED", "DELIVERED", "CANCELLED", "REFUNDED", "EXPIRED"
]


class OrderedItem(BaseModel):
    """An item as it was sold; the price is in minor units."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    product_id: str
    seller_id: str
    title: str
    quantity: int = Field(ge=1)
    unit_price: int = Field(ge=0)


class _OrderEvent(BaseModel):
    """What is true of every event.

    Args:
        order_version: of two events of an order the later one has the higher, n >= 1.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    order_id: str
    order_version: int = Field(ge=1)
    number: str
    buyer_id: str
    currency: str


class OrderPlaced(_OrderEvent):
    """A buyer has placed an order; amounts in minor units."""

    status: Status
    items: list[OrderedItem]
    subtotal: int = Field(ge=0)
    shipping: int = Field(ge=0)
    total: int = Field(ge=0)


class OrderStatusChanged(_OrderEvent):
    """The order is in another status now."""

    before: Status
    after: Status
    actor: str
    reason: str | None
    items: list[OrderedItem]
    total: int = Field(ge=0)


class OrderRefundOwed(_OrderEvent):
    """Money was taken that the order cannot keep: what is left of the payment is to go back.

    Args:
        amount: in events from before payment owned the sums; it is not used.
    """

    payment_id: str
    amount: int | None = Field(None, ge=1)
    reason: str


OrderEvent = OrderPlaced | OrderStatusChanged | OrderRefundOwed

TYPES: dict[type[BaseModel], str] = {
    OrderPlaced: "order.placed",
    OrderStatusChanged: "order.status_changed",
    OrderRefundOwed: "order.refund_owed",
}


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each event, by its type."""
    return {name: event_schema(data, event_type=name, version=VERSION, source=SOURCE) for data, name in TYPES.items()}


def envelope(event: OrderEvent, *, occurred_at: datetime) -> Envelope:
    """The event with its address; its subject is the order."""
    return sealed(
        event, type=TYPES[type(event)], version=VERSION, source=SOURCE, subject=event.order_id, occurred_at=occurred_at
    )
