"""Taking behaviour in: events into counters and profiles, once each, and the viewers' slates due to be ranked again.

    claim      entries of the feed's stream, this consumer's own until they are acknowledged
    take in    in one transaction: inbox rows, the log, counters, profiles, ranking jobs
    acknowledge, only after the commit

An event that comes again finds its inbox row and changes nothing. A batch whose process dies is claimed by another one. What can
never be read is logged and let go: it would come back for ever, and hold up the batch that it is in.

Only products of the domain's copy of the catalogue are counted. Clients write the ids of events: a counter for each would let anybody
grow that table, which every worker reads whole, without end, and no ranking could use it. What happens to a new product in the minute
before it is copied is lost to its counter alone: the log keeps every event, for as long as the settings say, and the viewer's profile, bounded, learns from it.
"""

import asyncio
import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from pydantic import BaseModel, Field, ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.runtime.clock import Clock
from subgraphs.kit.storage.inbox import first_receipts
from subgraphs.kit.storage.session import Database, Wake, wake_after_commit
from subgraphs.recommendation import commands, queries, repository
from subgraphs.recommendation.model import NOBODY, Question, viewer_of
from subgraphs.recommendation.tables import BehaviourRow, CounterRow, InboxRow, ProfileRow
from workers.actors.market_state import MarketState
from workers.features import counters, profile
from workers.features.catalogue import Catalogue
from workers.features.counters import ProductCounters
from workers.features.event import Behaviour, Kind
from workers.features.profile import BuyerProfile

BATCH = 200
CONSUMER = "recommendation"
MAX_INTERESTS = 10

_log = structlog.get_logger(__name__)


class Tracked(BaseModel):
    """What is read of the data of `behaviour.tracked`."""

    type: Kind
    account_id: str | None = Field(max_length=36)
    anonymous_id: str | None = Field(max_length=64)
    product_id: str = Field(max_length=36)
    slate_id: str | None = Field(default=None, max_length=36)
    position: int | None = Field(default=None, ge=0, le=100_000)


@dataclass(frozen=True, slots=True)
class Learner:
    """What taking behaviour in needs."""

    database: Database
    stream: EventStream
    state: MarketState
    clock: Clock
    consumer: str


async def work_off_stream(learner: Learner) -> int:
    """Take in everything that waits in the stream; how many events were new."""
    new = 0
    await learner.stream.ensure_group()
    while entries := await learner.stream.claim(learner.consumer, limit=BATCH):
        new += await take_in(learner, list(filter(None, (_tracked(entry.payload) for entry in entries))))
        await learner.stream.acknowledge([entry.id for entry in entries])
    return new


async def take_in_order(learner: Learner, envelope: Envelope) -> int:
    """Take in the purchases of an order that is paid; how many were new."""
    if envelope.type != "order.status_changed" or envelope.data["after"] != "PAID":
        return 0
    viewer = viewer_of(envelope.data["buyer_id"], None)
    at = envelope.occurred_at.timestamp()
    bought = [Behaviour(Kind.PURCHASE, viewer, item["product_id"], at) for item in envelope.data["items"]]
    return await take_in(learner, [(_part(envelope.id, place), each) for place, each in enumerate(bought)])


async def take_in(learner: Learner, events: Sequence[tuple[str, Behaviour]]) -> int:
    """Take in events, each with its id; how many were new.

    Rows are locked in one order by everybody, so that two batches of the same products wait for each other and never deadlock. A row
    that is not there yet cannot be locked, so it is made first: else two batches would both begin at nothing, and one be lost.
    """
    catalogue = await learner.state.catalogue()
    now = learner.clock()
    by_id = dict(reversed(events))  # the first of each id
    async with learner.database.transaction() as session:
        fresh = await first_receipts(session, InboxRow, by_id, consumer=CONSUMER, now=now)
        if not fresh:
            return 0
        taken = [(event_id, event) for event_id, event in by_id.items() if event_id in fresh]
        await repository.insert_absent(session, BehaviourRow, [_row(event_id, event) for event_id, event in taken])
        new = [event for _, event in taken]
        changed = await _count(session, new)
        await _learn(session, new, catalogue, now=now)
    learner.state.counted(changed)
    _log.info("behaviour.taken_in", events=len(new), viewers=len({event.buyer_id for event in new}))
    return len(new)


async def _count(session: AsyncSession, events: Sequence[Behaviour]) -> dict[str, ProductCounters]:
    copied = await queries.categories(session, sorted({event.product_id for event in events}))
    of_product: dict[str, list[Behaviour]] = defaultdict(list)
    for event in events:
        if event.product_id in copied:
            of_product[event.product_id].append(event)
    await repository.insert_absent(
        session, CounterRow, [{"product_id": each, "counted": {}} for each in sorted(of_product)]
    )
    rows = await session.scalars(
        select(CounterRow)
        .where(CounterRow.product_id.in_(sorted(of_product)))
        .order_by(CounterRow.product_id)
        .with_for_update()
    )
    known = {row.product_id: ProductCounters.from_json(row.counted) for row in rows}
    changed = {product_id: counters.apply(known[product_id], acts) for product_id, acts in of_product.items()}
    await repository.upsert(
        session,
        CounterRow,
        [{"product_id": each, "counted": changed[each].to_json()} for each in sorted(changed)],
    )
    return changed


async def _learn(session: AsyncSession, events: Iterable[Behaviour], catalogue: Catalogue, *, now: datetime) -> None:
    of_viewer: dict[str, list[Behaviour]] = defaultdict(list)
    for event in events:
        if event.buyer_id != NOBODY:
            of_viewer[event.buyer_id].append(event)
    strangers = [profile_row(viewer, BuyerProfile(), catalogue, now=now) for viewer in sorted(of_viewer)]
    await repository.insert_absent(session, ProfileRow, strangers)
    rows = await session.scalars(
        select(ProfileRow).where(ProfileRow.viewer.in_(sorted(of_viewer))).order_by(ProfileRow.viewer).with_for_update()
    )
    known = {row.viewer: row.profile for row in rows}
    # In a thread: a profile takes some milliseconds, and a batch may be of two hundred viewers.
    await repository.upsert(session, ProfileRow, await asyncio.to_thread(_learned, known, of_viewer, catalogue, now))
    questions = [Question(viewer, None) for viewer in of_viewer]
    await repository.ask_for_rankings(session, questions, now=now)
    for question in questions:
        wake_after_commit(session, Wake(commands.QUEUE, commands.ACTOR_NAME, question.id))


def _learned(
    known: Mapping[str, dict[str, Any]], of_viewer: Mapping[str, list[Behaviour]], catalogue: Catalogue, now: datetime
) -> list[dict[str, Any]]:
    return [
        profile_row(
            viewer,
            profile.apply(BuyerProfile.from_json(known[viewer]), of_viewer[viewer], catalogue),
            catalogue,
            now=now,
        )
        for viewer in sorted(of_viewer)
    ]


def profile_row(viewer: str, learned: BuyerProfile, catalogue: Catalogue, *, now: datetime) -> dict[str, Any]:
    """A profile as its table keeps it."""
    return {
        "viewer": viewer,
        "profile": learned.to_json(),
        "interests": [
            [category_id, round(share, 4)]
            for category_id, share in profile.interests(learned, catalogue, now=now.timestamp(), first=MAX_INTERESTS)
        ],
        "updated_at": now,
    }


def _tracked(payload: bytes) -> tuple[str, Behaviour] | None:
    try:
        envelope = Envelope.model_validate_json(payload)
        data = Tracked.model_validate(envelope.data)
    except ValidationError as error:
        places = sorted({".".join(map(str, each["loc"])) for each in error.errors()})
        _log.error("behaviour.unreadable", bytes=len(payload), wrong=places)
        return None
    viewer = viewer_of(data.account_id, data.anonymous_id)
    at = envelope.occurred_at.timestamp()
    return envelope.id, Behaviour(data.type, viewer, data.product_id, at, data.position, data.slate_id)


def _row(event_id: str, event: Behaviour) -> dict[str, Any]:
    return {
        "event_id": event_id,
        "kind": event.kind.value,
        "viewer": event.buyer_id,
        "product_id": event.product_id,
        "slate_id": event.slate_id,
        "position": event.position,
        "at": datetime.fromtimestamp(event.at, UTC),
    }


def _part(event_id: str, place: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{event_id}:{place}"))
