"""Taking events in: what is accepted is in the stream before the app is answered, and a worker is woken for it."""

from collections.abc import Sequence
from dataclasses import dataclass

import structlog

from subgraphs.feed import events, model
from subgraphs.feed.dedupe import SeenEvents
from subgraphs.feed.errors import QueueDown
from subgraphs.feed.feed_tokens import FeedTokens
from subgraphs.feed.model import SentEvent, Viewer
from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.messaging.task_queue import QueueUnavailable, TaskQueue
from subgraphs.kit.runtime.clock import Clock

RETRY_AFTER_MS = 2_000

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Intake:
    """What taking events in needs."""

    stream: EventStream
    queue: TaskQueue
    seen: SeenEvents
    tokens: FeedTokens
    clock: Clock


@dataclass(frozen=True, slots=True)
class Tracked:
    """What became of a batch; `rejected` are (id, reason) pairs in the order they were sent."""

    accepted: int
    duplicates: int
    rejected: tuple[tuple[str, str], ...]


async def track(intake: Intake, viewer: Viewer, session_id: str, sent: Sequence[SentEvent]) -> Tracked:
    """Keep the good events of a batch, each once; say which were not good.

    Raises:
        InvalidInput: when the batch is empty or too large.
        QueueDown: when the events cannot be kept; none was.
    """
    model.check_batch(sent)
    now = intake.clock()
    refused = [(event, model.refusal_of(event, now=now)) for event in sent]
    good = [event for event, refusal in refused if refusal is None]
    distinct = list(model.without_repeats(good))
    letters = [
        events.envelope(event, viewer, session_id=session_id, place=_place(intake.tokens, event), now=now)
        for event in distinct
    ]
    try:
        known = await intake.seen.known([letter.id for letter in letters])
        fresh = [letter for letter in letters if letter.id not in known]
        if fresh:
            await intake.stream.append([letter.model_dump_json().encode() for letter in fresh])
            await intake.seen.remember([letter.id for letter in fresh])
    except QueueUnavailable as error:
        raise QueueDown(RETRY_AFTER_MS) from error
    if fresh:
        await _wake(intake.queue)
    rejected = tuple(
        (event.id[: model.MAX_ECHOED_CHARACTERS], refusal) for event, refusal in refused if refusal is not None
    )
    return Tracked(accepted=len(fresh), duplicates=len(good) - len(fresh), rejected=rejected)


def _place(tokens: FeedTokens, event: SentEvent) -> model.Place | None:
    """Where the product was shown; a token of another product, or one that is not ours, says nothing."""
    token = event.tracking_token
    is_readable = token is not None and len(token) <= model.MAX_TOKEN_CHARACTERS
    place = tokens.read_tracking(token) if token is not None and is_readable else None
    return place if place is not None and place.product_id == event.product_id else None


async def _wake(queue: TaskQueue) -> None:
    try:
        await queue.enqueue(events.QUEUE, events.ACTOR_NAME)
    except QueueUnavailable as error:  # the events are in the stream: the sweeper wakes a worker for them
        _log.warning("feed.wake_failed", error=str(error))
