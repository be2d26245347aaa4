"""The mutation of the feed schema."""

from datetime import datetime
from typing import Annotated

import strawberry
from strawberry import federation
from strawberry.federation.schema_directives import Cost

from subgraphs.feed import commands, model
from subgraphs.feed.errors import QueueDown
from subgraphs.feed.graph.context import Info, viewer_of
from subgraphs.feed.graph.types import QueueUnavailableError, RejectedEvent, TrackEventsResult, TrackEventsSuccess
from subgraphs.feed.model import BehaviourEventType, SentEvent
from subgraphs.kit.graph.errors import UserError, shown
from subgraphs.kit.graph.list_bounds import bounded
from subgraphs.kit.runtime.ids import canonical_uuid
from subgraphs.kit.runtime.refusals import Refusal

MAX_EVENTS = 1_000


@strawberry.input
class BehaviourEventInput:
    # No rules: `model.refusal_of` rejects one bad event and keeps the others of its batch.
    id: strawberry.ID = federation.field(directives=[Cost(weight=1)])
    type: BehaviourEventType
    product_id: strawberry.ID
    occurred_at: datetime
    tracking_token: str | None = None
    dwell_ms: Annotated[int, model.DWELL_MS] | None = None

    def as_sent(self) -> SentEvent:
        """Return the event of the model, its ids in canonical form; one that is no id stays as it is, to be rejected by it."""
        return SentEvent(
            id=canonical_uuid(self.id) or self.id,
            type=self.type,
            product_id=canonical_uuid(self.product_id) or self.product_id,
            occurred_at=self.occurred_at,
            tracking_token=self.tracking_token,
            dwell_ms=self.dwell_ms,
        )


@strawberry.input
class TrackEventsInput:
    session_id: Annotated[strawberry.ID, model.SESSION_ID]
    events: list[BehaviourEventInput] = strawberry.field(directives=bounded(MAX_EVENTS))


def answer_of(refusal: Refusal) -> UserError | None:
    """Return the error type that answers a refusal of the feed; None for a refusal of the kit."""
    if isinstance(refusal, QueueDown):
        return QueueUnavailableError(**shown(refusal), retry_after_ms=refusal.retry_after_ms)
    return None


@strawberry.type
class Mutation:
    @federation.mutation(directives=[Cost(weight=2)])
    async def track_events(self, info: Info, input: TrackEventsInput) -> TrackEventsResult | None:
        """Take in what the caller did with what was shown; each event counts once, however often it is sent."""
        tracked = await commands.track(
            info.context.resources.intake,
            viewer_of(info),
            input.session_id,
            [event.as_sent() for event in input.events],
        )
        return TrackEventsSuccess(
            accepted=tracked.accepted,
            duplicates=tracked.duplicates,
            rejected=[
                RejectedEvent(id=strawberry.ID(event_id), reason=reason) for event_id, reason in tracked.rejected
            ],
        )
