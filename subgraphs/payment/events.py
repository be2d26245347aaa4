"""What payment tells the others: `payment.captured`, `payment.failed`, `payment.refunded`, for the order service."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict, Field

from subgraphs.kit.messaging.envelope import Envelope, sealed
from subgraphs.kit.messaging.schemas import event_schema

SOURCE = "payment"
QUEUE = "payments"
ACTOR_NAME = "payment_result"


class _PaymentEvent(BaseModel):
    """What is true of every result.

    Args:
        payment_version: grows with each change of the payment, n >= 1: of two events the later one has the higher.
        status: of the payment, after the change.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    payment_id: str
    payment_version: int = Field(ge=1)
    order_id: str
    buyer_id: str
    status: str
    currency: str


class PaymentCaptured(_PaymentEvent):
    """The money was taken: `amount` minor units."""

    amount: int = Field(ge=1)


class PaymentFailed(_PaymentEvent):
    """No money was taken, of `amount` minor units, and why."""

    amount: int = Field(ge=1)
    failure_code: str
    is_retryable: bool


class PaymentRefunded(_PaymentEvent):
    """Money went back: `amount` minor units now, `refunded_amount` of `captured_amount` in all."""

    refund_id: str
    amount: int = Field(ge=1)
    captured_amount: int = Field(ge=1)
    refunded_amount: int = Field(ge=1)


PaymentEvent = PaymentCaptured | PaymentFailed | PaymentRefunded

TYPES: dict[type[BaseModel], str] = {
    PaymentCaptured: "payment.captured",
    PaymentFailed: "payment.failed",
    PaymentRefunded: "payment.refunded",
}
VERSION = 1


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each event, by its type."""
    return {name: event_schema(data, event_type=name, version=VERSION, source=SOURCE) for data, name in TYPES.items()}


def envelope(event: PaymentEvent, *, occurred_at: datetime) -> Envelope:
    """The event with its address; its subject is the order."""
    return sealed(
        event, type=TYPES[type(event)], version=VERSION, source=SOURCE, subject=event.order_id, occurred_at=occurred_at
    )
