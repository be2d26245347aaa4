"""What user tells notification: an address is to be verified, an address was verified. Neither carries the address or a token."""

from datetime import datetime
from typing import Any

from pydantic import BaseModel, ConfigDict

from subgraphs.kit.messaging.envelope import Envelope, sealed
from subgraphs.kit.messaging.schemas import event_schema

SOURCE = "user"
QUEUE = "accounts"
ACTOR_NAME = "account_event"
"""The service works off its own outbox; see `outgoing`. The names are those of the rows' wake-ups."""

VERSION = 1


class _AccountEvent(BaseModel):
    """An account that something happened to."""

    model_config = ConfigDict(frozen=True, extra="forbid")

    account_id: str


class VerificationAsked(_AccountEvent):
    """The account's address is to be verified: it signed up, or asked for another message."""


class EmailVerified(_AccountEvent):
    """The account has proved that it reads what is sent to its address."""


AccountEvent = VerificationAsked | EmailVerified

TYPES: dict[type[BaseModel], str] = {
    VerificationAsked: "user.verification_asked",
    EmailVerified: "user.email_verified",
}


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each event, by its type."""
    return {name: event_schema(data, event_type=name, version=VERSION, source=SOURCE) for data, name in TYPES.items()}


def envelope(event: AccountEvent, *, occurred_at: datetime) -> Envelope:
    """The event with its address; its subject is the account."""
    return sealed(
        event,
        type=TYPES[type(event)],
        version=VERSION,
        source=SOURCE,
        subject=event.account_id,
        occurred_at=occurred_at,
    )
