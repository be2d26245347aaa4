"""The bank's rules: from an intent and what is asked to the intent after it. Pure; the clock is an argument.

    created ──confirm──> captured                           automatic capture
                    ├──> authorized ──capture──> captured   manual capture
                    ├──> requires_action ──approve──> captured or authorized, ──reject──> failed
                    ├──> processing ──settle──> captured or authorized
                    └──> failed
    created, requires_action, processing, authorized ──cancel──> cancelled

Money goes back by refunds, each no larger than what is captured and not yet refunded; the intent stays `captured`.
"""

import secrets
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from enum import StrEnum

from subgraphs.payment.sandbox.cards import REJECTED_BY_PAYER, Card, Failure, Outcome


class IntentStatus(StrEnum):
    """Where an intent stands."""

    CREATED = "created"
    REQUIRES_ACTION = "requires_action"
    PROCESSING = "processing"
    AUTHORIZED = "authorized"
    CAPTURED = "captured"
    FAILED = "failed"
    CANCELLED = "cancelled"


class CaptureMode(StrEnum):
    """Whether an approved intent takes the money at once."""

    AUTOMATIC = "automatic"
    MANUAL = "manual"


class NotAllowed(Exception):
    """Raised when the intent's state or amounts do not allow what is asked. `code` is stable."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


@dataclass(frozen=True, slots=True)
class Intent:
    """A merchant's wish to be paid.

    Args:
        reference: the merchant's own name for it.
        amount: minor units, n >= 1.
        captured: minor units taken, 0 or at most `amount`.
        refunded: minor units given back, at most `captured`.
        action_token: what the payer's page must bear; only while an action is required.
        settles_at: when a slow payment goes through.
    """

    id: str
    reference: str
    amount: int
    currency: str
    capture_mode: CaptureMode
    created_at: datetime
    status: IntentStatus = IntentStatus.CREATED
    method: str | None = None
    captured: int = 0
    refunded: int = 0
    failure: Failure | None = None
    return_url: str | None = None
    action_token: str | None = None
    settles_at: datetime | None = None


@dataclass(frozen=True, slots=True)
class Refund:
    """Money that went back, in minor units."""

    id: str
    intent_id: str
    reference: str
    amount: int
    created_at: datetime


_CANCELLABLE = frozenset(
    {IntentStatus.CREATED, IntentStatus.REQUIRES_ACTION, IntentStatus.PROCESSING, IntentStatus.AUTHORIZED}
)


def confirmed(intent: Intent, card: Card, *, return_url: str | None, now: datetime, slow_seconds: float) -> Intent:
    """The intent after the merchant confirmed it with a card that answers.

    Raises:
        NotAllowed: when it was confirmed or cancelled before.
    """
    _require(intent, "confirmed", IntentStatus.CREATED)
    intent = replace(intent, method=card.method, return_url=return_url)
    match card.outcome:
        case Outcome.APPROVED | Outcome.ANSWER_LOST:
            return _approved(intent)
        case Outcome.REFUSED:
            return replace(intent, status=IntentStatus.FAILED, failure=card.failure)
        case Outcome.ASKS_THE_PAYER:
            return replace(intent, status=IntentStatus.REQUIRES_ACTION, action_token=secrets.token_urlsafe(24))
        case Outcome.TAKES_TIME:
            return replace(intent, status=IntentStatus.PROCESSING, settles_at=now + timedelta(seconds=slow_seconds))
        case Outcome.NO_ANSWER:
            raise AssertionError("an outage answers nothing and changes nothing")


def approved_by_payer(intent: Intent) -> Intent:
    """The intent after the payer said yes on the bank's page.

    Raises:
        NotAllowed: when no action is asked for.
    """
    _require(intent, "approved", IntentStatus.REQUIRES_ACTION)
    return _approved(replace(intent, action_token=None))


def rejected_by_payer(intent: Intent) -> Intent:
    """The intent after the payer said no on the bank's page.

    Raises:
        NotAllowed: when no action is asked for.
    """
    _require(intent, "rejected", IntentStatus.REQUIRES_ACTION)
    return replace(intent, status=IntentStatus.FAILED, failure=REJECTED_BY_PAYER, action_token=None)


def settled(intent: Intent) -> Intent:
    """The intent after its slow payment went through.

    Raises:
        NotAllowed: when it is not processing.
    """
    _require(intent, "settled", IntentStatus.PROCESSING)
    return _approved(replace(intent, settles_at=None))


def captured(intent: Intent, amount: int | None) -> Intent:
    """The intent after the merchant took what was authorized, or less of it.

    Raises:
        NotAllowed: when nothing is authorized, or the amount is larger than that.
    """
    _require(intent, "captured", IntentStatus.AUTHORIZED)
    taken = intent.amount if amount is None else amount
    if not 1 <= taken <= intent.amount:
        raise NotAllowed("amount_too_large", f"{taken} is more than the authorized {intent.amount}.")
    return replace(intent, status=IntentStatus.CAPTURED, captured=taken)


def cancelled(intent: Intent) -> Intent:
    """The intent after the merchant withdrew it; no money will move.

    Raises:
        NotAllowed: when money moved or never will.
    """
    if intent.status is IntentStatus.CANCELLED:
        return intent
    _require(intent, "cancelled", *_CANCELLABLE)
    return replace(intent, status=IntentStatus.CANCELLED, action_token=None, settles_at=None)


def refunded(intent: Intent, amount: int) -> Intent:
    """The intent after `amount` minor units went back.

    Raises:
        NotAllowed: when the amount is more than what is captured and not refunded.
    """
    _require(intent, "refunded", IntentStatus.CAPTURED)
    if not 1 <= amount <= intent.captured - intent.refunded:
        raise NotAllowed(
            "amount_too_large", f"{amount} is more than the {intent.captured - intent.refunded} that can go back."
        )
    return replace(intent, refunded=intent.refunded + amount)


def _approved(intent: Intent) -> Intent:
    if intent.capture_mode is CaptureMode.MANUAL:
        return replace(intent, status=IntentStatus.AUTHORIZED)
    return replace(intent, status=IntentStatus.CAPTURED, captured=intent.amount)


def _require(intent: Intent, done: str, *allowed: IntentStatus) -> None:
    if intent.status not in allowed:
        raise NotAllowed("invalid_state", f"An intent that is {intent.status} cannot be {done}.")
