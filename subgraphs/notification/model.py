"""The rules of telling: topics, channels, preferences, and which event says what; pure."""

import enum
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.runtime.rules import TextRule, TokenRule

TEMPLATE_KEY = TokenRule(60, least=1)
LOCALE = TokenRule(20, least=1)
SUBJECT = TextRule(300, least=1)
TITLE = TextRule(300)
BODY = TextRule(20_000, least=1, has_lines=True)
DATA_JSON = TextRule(20_000, has_lines=True)
DEVICE_TOKEN = TextRule(500, least=1)
PLATFORM = TokenRule(20, least=1)
MAX_RENDERED_CHARACTERS = 50_000


class Channel(enum.Enum):
    """A way to reach somebody outside the app."""

    EMAIL = "EMAIL"
    SMS = "SMS"
    PUSH = "PUSH"


class Topic(enum.Enum):
    """What a notification is about; preferences are by topic."""

    ORDER = "ORDER"
    PAYMENT = "PAYMENT"
    MARKETING = "MARKETING"
    SECURITY = "SECURITY"


class DeliveryStatus(enum.Enum):
    """What became of a delivery."""

    QUEUED = "QUEUED"
    SENT = "SENT"
    DELIVERED = "DELIVERED"
    BOUNCED = "BOUNCED"
    FAILED = "FAILED"
    SUPPRESSED = "SUPPRESSED"
    HELD = "HELD"


VERIFY_EMAIL = "account.verify_email"
"""The template of the message that verifies an address; no other message goes to an address that is not verified."""

HELD_FOR = timedelta(days=7)
"""How old a message may be that is sent when its address is verified at last."""


LOCKED: Mapping[tuple[Topic, Channel], bool] = {(Topic.SECURITY, Channel.EMAIL): True}
"""Preferences that nobody can change."""

_ON_BY_DEFAULT = frozenset({(Topic.ORDER, Channel.EMAIL), (Topic.PAYMENT, Channel.EMAIL), (Topic.ORDER, Channel.PUSH)})


@dataclass(frozen=True, slots=True)
class Preference:
    """Whether an account wants a topic on a channel."""

    topic: Topic
    channel: Channel
    enabled: bool
    locked: bool


def preferences(chosen: Mapping[tuple[Topic, Channel], bool]) -> Iterator[Preference]:
    """Every preference: what is locked, else what was chosen, else the default."""
    for topic in Topic:
        for channel in Channel:
            pair = (topic, channel)
            enabled = LOCKED.get(pair, chosen.get(pair, pair in _ON_BY_DEFAULT))
            yield Preference(topic, channel, enabled, pair in LOCKED)


def check_choice(topic: Topic, channel: Channel, *, enabled: bool) -> None:
    """Return if the choice may be made.

    Raises:
        InvalidInput: when the preference is locked to the other value.
    """
    if LOCKED.get((topic, channel), enabled) != enabled:
        raise InvalidInput(f"{topic.value} by {channel.value} cannot be changed", "preferences")


@dataclass(frozen=True, slots=True)
class Notice:
    """What an event makes us say, and to whom."""

    template: str
    topic: Topic
    account_id: str
    order_id: str | None
    order_number: str | None
    variables: Mapping[str, Any]


def notice_to_verify(account_id: str) -> Notice:
    """What an account is told whose address is to be verified."""
    return Notice(VERIFY_EMAIL, Topic.SECURITY, account_id, None, None, {})


_BY_STATUS: Mapping[str, tuple[str, Topic]] = {
    "AWAITING_PAYMENT": ("order.placed", Topic.ORDER),
    "PAID": ("order.paid", Topic.PAYMENT),
    "SHIPPED": ("order.shipped", Topic.ORDER),
    "DELIVERED": ("order.delivered", Topic.ORDER),
    "CANCELLED": ("order.cancelled", Topic.ORDER),
    "EXPIRED": ("order.expired", Topic.ORDER),
    "REFUNDED": ("order.refunded", Topic.PAYMENT),
}
STATUS_TEMPLATES = frozenset(template for template, _ in _BY_STATUS.values())
"""The templates of `notice_of_status`."""


_CALLED_OFF = frozenset({"CANCELLED", "EXPIRED"})
_UNPAID = frozenset({"PENDING", "AWAITING_PAYMENT"})


def notice_of_status(
    status: str, *, before: str | None, buyer_id: str, order_id: str, order_number: str
) -> Notice | None:
    """What the buyer is told when an order comes to a status; None for those that nobody is told of.

    An order that is called off while it is PENDING was never placed: its buyer was refused, or never had an answer, and is told nothing.
    """
    said = _BY_STATUS.get(status)
    if said is None or (status in _CALLED_OFF and before == "PENDING"):
        return None
    template, topic = said
    variables: dict[str, Any] = {"order_number": order_number}
    if status == "CANCELLED":
        variables["was_paid"] = before not in _UNPAID
    return Notice(template, topic, buyer_id, order_id, order_number, variables)
