"""What payment's events become for order."""

from datetime import UTC, datetime

import pytest

from subgraphs.payment import events
from workers.actors.payments import result_of

AT = datetime(2026, 3, 1, tzinfo=UTC)
COMMON = {
    "payment_id": "p1",
    "payment_version": 2,
    "order_id": "o1",
    "buyer_id": "b1",
    "status": "CAPTURED",
    "currency": "EUR",
}


@pytest.mark.parametrize(
    ("event", "outcome", "amount", "captured"),
    [
        (events.PaymentCaptured(**COMMON, amount=700), "CAPTURED", 700, 700),
        (events.PaymentFailed(**COMMON, amount=700, failure_code="x", is_retryable=True), "FAILED", 700, 0),
        (
            events.PaymentRefunded(**COMMON, refund_id="r1", amount=200, captured_amount=700, refunded_amount=500),
            "REFUNDED",
            500,
            700,
        ),
    ],
)
def test_order_is_told_what_was_captured_and_what_has_gone_back_in_all(
    event: events.PaymentEvent, outcome: str, amount: int, captured: int
) -> None:
    envelope = events.envelope(event, occurred_at=AT)
    assert result_of(envelope) == {
        "eventId": envelope.id,
        "outcome": outcome,
        "orderId": "o1",
        "paymentId": "p1",
        "amount": amount,
        "capturedAmount": captured,
        "currency": "EUR",
    }
