"""Taking behaviour in: events into counters and profiles, once each, and the viewers' slates due to be ranked again.

    claim      entries of the feed's stream, this consumer's own until they are acknowledged
    take in    in one transaction: inbox rows, the log, counters, profiles, ranking jobs
    acknowledge, only after the commit

An event that comes again finds its inbox row and changes nothing. A batch whose process dies is claimed by another one.
"""

import uuid
from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from typing import Any

import structlog
from pydantic import ValidationError
from sqlalchemy import select
from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.runtime.clock import Clock
from subgraphs.kit.storage.inbox import is_first_receipt
from subgraphs.kit.storage.session import Database, Wake, wake_after_commit
from subgraphs.recommendation import commands, repository
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
_MONTH = 3

_log = structlog.get_logger(__name__)


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
        envelopes = list(filter(None, (_envelope(entry.payload) for entry in entries)))
        new += await take_in(learner, [(each.id, _behaviour(each)) for each in envelopes])
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

    Rows are locked in one order by everybody, so that two batches of the same products wait for each other and never deadlock.
    """
    catalogue = await learner.state.catalogue()
    now = learner.clock()
    async with learner.database.transaction() as session:
        fresh = [
            (event_id, event)
            for event_id, event in events
            if await is_first_receipt(session, InboxRow, event_id, consumer=CONSUMER, now=now)
        ]
        if not fresh:
            return 0
        session.add_all(_row(event_id, event) for event_id, event in fresh)
        new = [event for _, event in fresh]
        changed = await _count(session, new)
        await _learn(session, new, catalogue, now=now)
    learner.state.counted(changed)
    _log.info("behaviour.taken_in", events=len(fresh), viewers=len({event.buyer_id for event in new}))
    return len(fresh)


async def _count(session: AsyncSession, events: Iterable[Behaviour]) -> dict[str, ProductCounters]:
    of_product: dict[str, list[Behaviour]] = defaultdict(list)
    for event in events:
        of_product[event.product_id].append(event)
    rows = await session.scalars(
        select(CounterRow)
        .where(CounterRow.product_id.in_(sorted(of_product)))
        .order_by(CounterRow.product_id)
        .with_for_update()
    )
    known = {row.product_id: ProductCounters.from_json(row.counted) for row in rows}
    changed = {
        product_id: counters.apply(known.get(product_id, ProductCounters()), acts)
        for product_id, acts in of_product.items()
    }
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
    rows = await session.scalars(
        select(ProfileRow).where(ProfileRow.viewer.in_(sorted(of_viewer))).order_by(ProfileRow.viewer).with_for_update()
    )
    known = {row.viewer: BuyerProfile.from_json(row.profile) for row in rows}
    for viewer in sorted(of_viewer):
        learned = profile.apply(known.get(viewer, BuyerProfile()), of_viewer[viewer], catalogue)
        await repository.upsert(session, ProfileRow, [profile_row(viewer, learned, catalogue, now=now)])
        question = Question(viewer, None)
        await repository.ask_for_ranking(session, question, now=now, due_at=now)
        wake_after_commit(session, Wake(commands.QUEUE, commands.ACTOR_NAME, question.id))


def profile_row(viewer: str, learned: BuyerProfile, catalogue: Catalogue, *, now: datetime) -> dict[str, Any]:
    """A profile as its table keeps it."""
    return {
        "viewer": viewer,
        "profile": learned.to_json(),
        "interests": interests_of(learned, catalogue, now=now.timestamp()),
        "updated_at": now,
    }


def interests_of(learned: BuyerProfile, catalogue: Catalogue, *, now: float) -> list[list[Any]]:
    """The leaf categories of most interest over the month, each with its share of all interest; at most 10."""
    leaves = {catalogue.category_ids[row] for row in set(catalogue.paths[:, -1].tolist())}
    masses = {
        category_id: mass.read(now)[_MONTH] for category_id, mass in learned.categories.items() if category_id in leaves
    }
    whole = sum(masses.values())
    best = sorted(masses.items(), key=lambda each: (-each[1], each[0]))[:MAX_INTERESTS]
    return [[category_id, round(mass / whole, 4)] for category_id, mass in best if whole > 0]


def _envelope(payload: bytes) -> Envelope | None:
    try:
        return Envelope.model_validate_json(payload)
    except ValidationError:
        _log.exception("behaviour.unreadable", bytes=len(payload))
        return None


def _behaviour(envelope: Envelope) -> Behaviour:
    data: Mapping[str, Any] = envelope.data
    return Behaviour(
        Kind(data["type"]),
        viewer_of(data["account_id"], data["anonymous_id"]),
        data["product_id"],
        envelope.occurred_at.timestamp(),
        data["position"],
        data["slate_id"],
    )


def _row(event_id: str, event: Behaviour) -> BehaviourRow:
    return BehaviourRow(
        event_id=event_id,
        kind=event.kind.value,
        viewer=event.buyer_id,
        product_id=event.product_id,
        slate_id=event.slate_id,
        position=event.position,
        at=datetime.fromtimestamp(event.at, UTC),
    )


def _part(event_id: str, place: int) -> str:
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{event_id}:{place}"))
