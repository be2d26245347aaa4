"""What an event looks like on its way, whatever it tells."""

from datetime import datetime
from typing import Any

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.telemetry import traceparent


class Envelope(BaseModel):
    """An event with its address.

    Args:
        id: UUIDv7; the same in every delivery, so that a consumer can tell the second from the first.
        type: named in the past tense, such as "order.placed".
        version: of the data's shape, n >= 1.
        source: the service that says it.
        subject: the id of what it is about.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    id: str
    type: str
    version: int = Field(ge=1)
    source: str
    subject: str
    occurred_at: AwareDatetime
    traceparent: str | None = None
    data: dict[str, Any]


def sealed(event: BaseModel, *, type: str, version: int, source: str, subject: str, occurred_at: datetime) -> Envelope:  # noqa: A002
    """The envelope of an event that happens now, in the current trace."""
    return Envelope(
        id=uuid7(occurred_at),
        type=type,
        version=version,
        source=source,
        subject=subject,
        occurred_at=occurred_at,
        traceparent=traceparent(),
        data=event.model_dump(mode="json"),
    )
