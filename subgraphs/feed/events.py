"""What the feed tells the others: `behaviour.tracked`, for recommendation."""

from datetime import datetime
from typing import Any, Literal

from pydantic import AwareDatetime, BaseModel, ConfigDict, Field

from subgraphs.feed.model import Place, SentEvent, Viewer, event_key
from subgraphs.kit.messaging.envelope import Envelope, sealed
from subgraphs.kit.messaging.schemas import event_schema

SOURCE = "feed"
STREAM = "behaviour"
GROUP = "recommendation"
QUEUE = "behaviour"
ACTOR_NAME = "behaviour_tracked"
VERSION = 1


class BehaviourTracked(BaseModel):
    """A viewer did something with a product.

    Args:
        slate_id, position: where the product was shown, if the app sent the token of that place; positions count from 0.
    """

    model_config = ConfigDict(frozen=True, extra="forbid")

    type: Literal["IMPRESSION", "VIEW", "CLICK", "ADD_TO_CART", "FAVOURITE", "HIDE"]
    account_id: str | None
    anonymous_id: str | None
    session_id: str
    product_id: str
    at: AwareDatetime
    dwell_ms: int | None = Field(default=None, ge=0)
    slate_id: str | None = None
    position: int | None = Field(default=None, ge=0)


TYPES: dict[type[BaseModel], str] = {BehaviourTracked: "behaviour.tracked"}


def schemas() -> dict[str, dict[str, Any]]:
    """The JSON Schema of each event, by its type."""
    return {name: event_schema(data, event_type=name, version=VERSION, source=SOURCE) for data, name in TYPES.items()}


def envelope(event: SentEvent, viewer: Viewer, *, session_id: str, place: Place | None, now: datetime) -> Envelope:
    """The event with its address. Its id is the viewer's own for the event, so that a second sending is the same event."""
    told = BehaviourTracked(
        type=event.type.value,
        account_id=viewer.account_id,
        anonymous_id=viewer.anonymous_id,
        session_id=session_id,
        product_id=event.product_id,
        at=min(event.occurred_at, now),
        dwell_ms=event.dwell_ms,
        slate_id=place.slate_id if place else None,
        position=place.position if place else None,
    )
    letter = sealed(
        told,
        type=TYPES[BehaviourTracked],
        version=VERSION,
        source=SOURCE,
        subject=viewer.key,
        occurred_at=told.at,
    )
    return letter.model_copy(update={"id": event_key(viewer, event.id)})
