"""The bank's objects as JSON, in its answers and in its events."""

from datetime import datetime
from typing import Any

from subgraphs.payment.sandbox.rules import Intent, IntentStatus, Refund


def intent_json(intent: Intent, refunds: list[Refund], *, origin: str) -> dict[str, Any]:
    """An intent with its refunds, oldest first. The redirect is there while the payer must act, but in no event: it bears a secret."""
    return {
        "id": intent.id,
        "reference": intent.reference,
        "status": intent.status.value,
        "amount": intent.amount,
        "currency": intent.currency,
        "capture": intent.capture_mode.value,
        "method": intent.method,
        "captured": intent.captured,
        "refunded": intent.refunded,
        "failure": _failure_json(intent),
        "next_action": _next_action_json(intent, origin),
        "created_at": time_text(intent.created_at),
        "refunds": [refund_json(refund) for refund in refunds],
    }


def refund_json(refund: Refund) -> dict[str, Any]:
    """A refund; it succeeds at once or is not made."""
    return {
        "id": refund.id,
        "intent_id": refund.intent_id,
        "reference": refund.reference,
        "amount": refund.amount,
        "status": "succeeded",
        "created_at": time_text(refund.created_at),
    }


def time_text(at: datetime) -> str:
    """RFC 3339, UTC, to the microsecond: sorts as text."""
    return at.isoformat(timespec="microseconds").replace("+00:00", "Z")


def _failure_json(intent: Intent) -> dict[str, Any] | None:
    failure = intent.failure
    if failure is None:
        return None
    return {"code": failure.code, "message": failure.message, "retryable": failure.is_retryable}


def _next_action_json(intent: Intent, origin: str) -> dict[str, str] | None:
    if intent.status is not IntentStatus.REQUIRES_ACTION or intent.action_token is None:
        return None
    return {"type": "redirect", "redirect_url": f"{origin}/authorize/{intent.id}?token={intent.action_token}"}
