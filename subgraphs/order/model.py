"""The rules of an order: the table of its transitions, who may do what and when.

    PENDING ----------> AWAITING_PAYMENT --> PAID --> FULFILLING --> SHIPPED --> DELIVERED
       |                      |               |           |             |            |
       +-> CANCELLED, EXPIRED +-> the same    +-> CANCELLED              \\           |
                 |                                  any paid state ------> REFUNDED <-+
                 +---------------------------------------------------------^   (a payment that came too late)

An order is PENDING until the catalog holds its stock. FULFILLING: some of its sellers have shipped; SHIPPED: all have.
What somebody may do is read off the table: an action is open when its target can be reached from the current status.
"""

import enum
from collections.abc import Iterable, Sequence

from subgraphs.kit.runtime import idempotency
from subgraphs.kit.runtime.idempotency import MAX_KEY_CHARACTERS
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.runtime.rules import Stated, TextRule
from subgraphs.order.errors import ForbiddenStep
from subgraphs.order.quote import Line

MAX_LINES = 50
MAX_QUANTITY = 999
MAX_HOLDS_ASKED = 200
"""Orders that catalog asks about at once; it frees the stock of 100 at most in one round."""
MAX_REASON_CHARACTERS = 500
MAX_TRACKING_CHARACTERS = 100

QUANTITY = Stated.between(1, MAX_QUANTITY)
REASON = TextRule(MAX_REASON_CHARACTERS)
TRACKING_NUMBER = TextRule(MAX_TRACKING_CHARACTERS)
NUMBER = TextRule(40)


class OrderStatus(enum.Enum):
    PENDING = "PENDING"
    AWAITING_PAYMENT = "AWAITING_PAYMENT"
    PAID = "PAID"
    FULFILLING = "FULFILLING"
    SHIPPED = "SHIPPED"
    DELIVERED = "DELIVERED"
    CANCELLED = "CANCELLED"
    REFUNDED = "REFUNDED"
    EXPIRED = "EXPIRED"


class OrderAction(enum.Enum):
    PAY = "PAY"
    CANCEL = "CANCEL"
    SHIP = "SHIP"
    CONFIRM_DELIVERY = "CONFIRM_DELIVERY"
    REQUEST_REFUND = "REQUEST_REFUND"


class Party(enum.Enum):
    """Who somebody is to an order."""

    BUYER = "buyer"
    SELLER = "seller"


S = OrderStatus

TRANSITIONS: dict[OrderStatus, frozenset[OrderStatus]] = {
    S.PENDING: frozenset({S.AWAITING_PAYMENT, S.CANCELLED, S.EXPIRED}),
    S.AWAITING_PAYMENT: frozenset({S.PAID, S.CANCELLED, S.EXPIRED}),
    S.PAID: frozenset({S.FULFILLING, S.SHIPPED, S.CANCELLED, S.REFUNDED}),
    S.FULFILLING: frozenset({S.SHIPPED, S.REFUNDED}),
    S.SHIPPED: frozenset({S.DELIVERED, S.REFUNDED}),
    S.DELIVERED: frozenset({S.REFUNDED}),
    S.CANCELLED: frozenset({S.REFUNDED}),
    S.EXPIRED: frozenset({S.REFUNDED}),
    S.REFUNDED: frozenset(),
}
"""From each status to those that may follow it."""

CALLED_OFF = frozenset({S.CANCELLED, S.EXPIRED, S.REFUNDED})
"""Where nobody can do anything any more; only money that came too late still goes back."""

UNPAID = frozenset({S.PENDING, S.AWAITING_PAYMENT})
"""Where stock is held and not sold."""

_ACTIONS: dict[OrderAction, tuple[Party, OrderStatus]] = {
    OrderAction.PAY: (Party.BUYER, S.PAID),
    OrderAction.CANCEL: (Party.BUYER, S.CANCELLED),
    OrderAction.SHIP: (Party.SELLER, S.SHIPPED),
    OrderAction.CONFIRM_DELIVERY: (Party.BUYER, S.DELIVERED),
    OrderAction.REQUEST_REFUND: (Party.BUYER, S.REFUNDED),
}


def allowed_actions(status: OrderStatus, parties: Iterable[Party]) -> list[OrderAction]:
    """What these parties may do with an order in this status, in the order of the enum."""
    if status in CALLED_OFF:
        return []
    mine = set(parties)
    return [action for action, (who, to) in _ACTIONS.items() if who in mine and to in TRANSITIONS[status]]


def is_step(current: OrderStatus, wanted: OrderStatus, parties: Iterable[Party] = tuple(Party)) -> bool:
    """True when the order moves, False when it is there already.

    Args:
        parties: who asks; the refusal says what they may do instead.

    Raises:
        ForbiddenStep: when the table has no such transition.
    """
    if wanted is current:
        return False
    if wanted not in TRANSITIONS[current]:
        raise ForbiddenStep(current.value, [each.value for each in allowed_actions(current, parties)])
    return True


def check_lines(lines: Sequence[Line]) -> tuple[Line, ...]:
    """The lines, those of one product made one, in the order in which products first appear.

    Raises:
        InvalidInput: when there are none, too many, or a quantity is out of its bounds.
    """
    if not lines:
        raise InvalidInput("An order needs at least one line", "input", "lines")
    quantities: dict[str, int] = {}
    for position, line in enumerate(lines):
        quantities[line.product_id] = quantities.get(line.product_id, 0) + line.quantity
        if line.quantity < 1 or quantities[line.product_id] > MAX_QUANTITY:
            raise InvalidInput(f"A quantity is from 1 to {MAX_QUANTITY}", "input", "lines", str(position), "quantity")
    if len(quantities) > MAX_LINES:
        raise InvalidInput(f"An order has at most {MAX_LINES} products", "input", "lines")
    return tuple(Line(product_id, quantity) for product_id, quantity in quantities.items())


def check_text(text: str | None, *, most: int, path: str) -> str | None:
    """The text without blanks around it; None when nothing is left.

    Raises:
        InvalidInput: when it is longer than `most` characters.
    """
    kept = (text or "").strip() or None
    if kept is not None and len(kept) > most:
        raise InvalidInput(f"This has more than {most} characters", path)
    return kept


def check_key(key: str) -> str:
    """The idempotency key.

    Raises:
        InvalidInput: when it is empty or too long.
    """
    if not key.strip() or len(key) > MAX_KEY_CHARACTERS:
        raise InvalidInput(f"An idempotency key has 1 to {MAX_KEY_CHARACTERS} characters", "input", "idempotencyKey")
    return key


def fingerprint(lines: Sequence[Line], address_id: str, *, expected_total: int, currency: str) -> str:
    """The digest of what was asked for, 64 hex digits; the same basket in another order has the same."""
    wanted = sorted((line.product_id, line.quantity) for line in lines)
    return idempotency.fingerprint(wanted, address_id, expected_total, currency)


_READABLE = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's: no I, L, O, U


def number_of(order_id: str) -> str:
    """The number that people read out, such as YM-7K3QF-0D9XA: 50 of the id's random bits.

    Among a million orders two have the same with a chance of 1 in 2,000; the database then refuses the second, and it is placed again.
    """
    bits = int(order_id.replace("-", ""), 16) & (1 << 50) - 1
    digits = "".join(_READABLE[bits >> shift & 31] for shift in range(45, -1, -5))
    return f"YM-{digits[:5]}-{digits[5:]}"


def folded(steps: Iterable[tuple[OrderStatus | None, OrderStatus]]) -> OrderStatus | None:
    """The status that a history leads to; None for an empty one.

    Raises:
        ForbiddenStep: when a step does not begin where the one before it ended, or is not in the table.
    """
    current: OrderStatus | None = None
    for before, after in steps:
        if before is not current or (before is not None and after not in TRANSITIONS[before]):
            raise ForbiddenStep(current.value if current else "nothing", [])
        current = after
    return current
