"""The rules of payments: which status may follow which, what an order still owes, what a request may say. Pure.

What the provider tells may come twice, late, or in another order than it happened. So a status that is told is compared with the one at hand:

    the same                              nothing to do
    allowed after the one at hand         the payment moves on
    the one at hand comes after it        old news
    neither                               a contradiction: kept out, and made known

Source: design.md, "State machines are tables of allowed transitions in one module, and each transition is idempotent".
"""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import timedelta
from enum import Enum
from typing import Protocol, assert_never
from urllib.parse import urlsplit

from subgraphs.kit.runtime.idempotency import MAX_KEY_CHARACTERS
from subgraphs.kit.runtime.ids import is_uuid
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.runtime.rules import TextRule

MAX_URL_CHARACTERS = 2_000

METHOD = TextRule(100)
RETURN_URL = TextRule(MAX_URL_CHARACTERS)
_METHOD = re.compile(r"[A-Za-z0-9_.:-]{1,100}")


class PaymentStatus(Enum):
    """Where a payment, or one of its refunds, stands."""

    CREATED = "CREATED"
    REQUIRES_ACTION = "REQUIRES_ACTION"
    PROCESSING = "PROCESSING"
    AUTHORIZED = "AUTHORIZED"
    CAPTURED = "CAPTURED"
    FAILED = "FAILED"
    CANCELLED = "CANCELLED"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


class OrderPaymentState(Enum):
    """An order as its payments make it."""

    UNPAID = "UNPAID"
    PENDING = "PENDING"
    PAID = "PAID"
    PARTIALLY_REFUNDED = "PARTIALLY_REFUNDED"
    REFUNDED = "REFUNDED"


_S = PaymentStatus

ALLOWED: dict[PaymentStatus, frozenset[PaymentStatus]] = {
    _S.CREATED: frozenset({_S.REQUIRES_ACTION, _S.PROCESSING, _S.AUTHORIZED, _S.CAPTURED, _S.FAILED, _S.CANCELLED}),
    _S.REQUIRES_ACTION: frozenset({_S.PROCESSING, _S.AUTHORIZED, _S.CAPTURED, _S.FAILED, _S.CANCELLED}),
    _S.PROCESSING: frozenset({_S.AUTHORIZED, _S.CAPTURED, _S.FAILED, _S.CANCELLED}),
    _S.AUTHORIZED: frozenset({_S.CAPTURED, _S.FAILED, _S.CANCELLED}),
    _S.CAPTURED: frozenset({_S.PARTIALLY_REFUNDED, _S.REFUNDED}),
    _S.PARTIALLY_REFUNDED: frozenset({_S.PARTIALLY_REFUNDED, _S.REFUNDED}),
    _S.REFUNDED: frozenset(),
    _S.FAILED: frozenset(),
    _S.CANCELLED: frozenset(),
}

WITHDRAWABLE = frozenset({_S.CREATED, _S.REQUIRES_ACTION})
"""Nobody has agreed to pay yet: another attempt may take its place."""

UNDECIDED = frozenset({_S.CREATED, _S.REQUIRES_ACTION, _S.PROCESSING, _S.AUTHORIZED})

TOOK_MONEY = frozenset({_S.CAPTURED, _S.PARTIALLY_REFUNDED, _S.REFUNDED})

STANDING = UNDECIDED | TOOK_MONEY
"""An order has at most one of these at any time, and so at most one capture."""


class Step(Enum):
    """What a status that the provider tells means for the one at hand."""

    NONE = "none"
    FORWARD = "forward"
    OLD_NEWS = "old_news"
    CONTRADICTION = "contradiction"


def step(current: PaymentStatus, told: PaymentStatus) -> Step:
    """How the told status relates to the current one; see the table at the top of this module."""
    if told is current:
        return Step.NONE
    if told in ALLOWED[current]:
        return Step.FORWARD
    return Step.OLD_NEWS if _comes_after(current, told) else Step.CONTRADICTION


def _comes_after(later: PaymentStatus, earlier: PaymentStatus) -> bool:
    seen: set[PaymentStatus] = set()
    reachable = set(ALLOWED[earlier])
    while reachable - seen:
        status = (reachable - seen).pop()
        seen.add(status)
        reachable |= ALLOWED[status]
    return later in seen


class ClosingTerms(Enum):
    """What may stand in the way when an order is closed for payments.

    IF_IDLE: any payment that is under way, a buyer who is at the bank's page included.
    IF_UNCONFIRMED: only a payment that the provider works on; what waits for the buyer is withdrawn.
    ALWAYS: nothing; what stands is withdrawn, or given back.
    """

    IF_IDLE = "IF_IDLE"
    IF_UNCONFIRMED = "IF_UNCONFIRMED"
    ALWAYS = "ALWAYS"


class ClosingOutcome(Enum):
    """What came of closing an order.

    CLOSED: no money of the order is left, and none can come.
    UNDER_WAY: the provider may yet take money, or has to give some back.
    PAID: a payment took the money, and the terms were not ALWAYS.
    """

    CLOSED = "CLOSED"
    UNDER_WAY = "UNDER_WAY"
    PAID = "PAID"


ACTION_GRACE = timedelta(minutes=10)
"""How long a buyer may take at the bank's page before the payment counts as abandoned."""


def may_withdraw(status: PaymentStatus, terms: ClosingTerms, *, age: timedelta) -> bool:
    """Whether an undecided payment of this age gives way to the closing of its order."""
    match terms:
        case ClosingTerms.ALWAYS:
            return status in UNDECIDED
        case ClosingTerms.IF_UNCONFIRMED:
            return status in WITHDRAWABLE
        case ClosingTerms.IF_IDLE:
            return status is _S.CREATED or (status is _S.REQUIRES_ACTION and age >= ACTION_GRACE)
        case _:
            assert_never(terms)


class Amounts(Protocol):
    """What the sums need of a payment, in minor units."""

    @property
    def status(self) -> str: ...
    @property
    def captured_amount(self) -> int: ...
    @property
    def refunded_amount(self) -> int: ...


def status_after_refund(*, captured: int, refunded: int) -> PaymentStatus:
    """The status of a captured payment of which `refunded` minor units, n >= 1, have gone back."""
    return _S.REFUNDED if refunded >= captured else _S.PARTIALLY_REFUNDED


def amount_due(total: int, payments: Sequence[Amounts], *, is_payable: bool) -> int:
    """What the buyer is still expected to pay for an order, n >= 0 minor units.

    Nothing for an order that is not payable: it is paid, or called off. A refund is no reason to pay again.
    """
    return max(0, total - captured_amount(payments)) if is_payable else 0


def captured_amount(payments: Sequence[Amounts]) -> int:
    """What was taken for an order, n >= 0 minor units."""
    return sum(payment.captured_amount for payment in payments)


def refunded_amount(payments: Sequence[Amounts]) -> int:
    """What was given back of it, n >= 0 minor units."""
    return sum(payment.refunded_amount for payment in payments)


def order_payment_state(payments: Sequence[Amounts]) -> OrderPaymentState:
    """What the payments of one order come to."""
    statuses = {PaymentStatus(payment.status) for payment in payments}
    if _S.CAPTURED in statuses:
        return OrderPaymentState.PAID
    if _S.PARTIALLY_REFUNDED in statuses:
        return OrderPaymentState.PARTIALLY_REFUNDED
    if _S.REFUNDED in statuses:
        return OrderPaymentState.REFUNDED
    return OrderPaymentState.PENDING if statuses & UNDECIDED else OrderPaymentState.UNPAID


@dataclass(frozen=True, slots=True)
class PaymentRequest:
    """A buyer's wish to pay an order, checked."""

    idempotency_key: str
    order_id: str
    method: str
    return_url: str | None


def payment_request(*, idempotency_key: str, order_id: str, method: str, return_url: str | None) -> PaymentRequest:
    """The request, when every part may be so.

    Raises:
        InvalidInput: naming the part that may not.
    """
    key_of(idempotency_key, "input", "idempotencyKey")
    if not is_uuid(order_id):
        raise InvalidInput("This is not the id of an order", "input", "orderId")
    if not _METHOD.fullmatch(method):
        raise InvalidInput("A method has 1 to 100 letters, digits and _ . : -", "input", "method")
    if return_url is not None and not _is_web_address(return_url):
        raise InvalidInput("A return address begins with http:// or https:// and has a host", "input", "returnUrl")
    return PaymentRequest(idempotency_key, order_id.lower(), method, return_url)


def key_of(text: str, *path: str) -> str:
    """The idempotency key, when it is one.

    Raises:
        InvalidInput: when it is empty, longer than 128 characters, or not printable ASCII.
    """
    if not (1 <= len(text) <= MAX_KEY_CHARACTERS and text.isascii() and text.isprintable()):
        raise InvalidInput("An idempotency key has 1 to 128 printable characters", *path)
    return text


def _is_web_address(text: str) -> bool:
    if len(text) > MAX_URL_CHARACTERS or not text.isprintable() or any(character.isspace() for character in text):
        return False
    try:
        parts = urlsplit(text)
    except ValueError:
        return False
    return parts.scheme in {"http", "https"} and bool(parts.hostname) and "@" not in parts.netloc
