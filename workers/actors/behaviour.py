"""Taking behaviour in: events into counters and profiles, once each, and the viewers' slates due to be ranked again.

    claim      entries of the feed's stream, this consumer's own until they are acknowledged
    take in    in one transaction: inbox rows, the log, counters, profiles, ranking jobs
    acknowledge, only after the commit

An event that comes again finds its inbox row and changes nothing. A batch whose process dies is claimed by another one. A batch that is
refused is halved until the entries that are to blame are alone: they come again a few times, and are then set aside with their errors,
as is at once what cannot be read. A database that is away costs time and no entry.

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
from subgraphs.kit.messaging.jobs import MAX_ATTEMPTS, NO_ATTEMPT_ENDED
from subgraphs.kit.messaging.stream import Entry, EventStream
from subgraphs.kit.runtime.clock import Clock
from subgraphs.kit.storage.answers import is_unanswered
from subgraphs.kit.storage.inbox import first_receipts
from subgraphs.kit.storage.session import Database, Wake, wake_after_commit
from subgraphs.recommendation import commands, queries, repository
from subgraphs.recommendation.model import NOBODY, Question, viewer_of
from subgraphs.recommendation.tables import BehaviourRow, CounterRow, InboxRow, ProfileRow
from workers.actors.entries import give_back, set_aside
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
class BehaviourDependencies:
    """What taking behaviour in needs.

    Attributes:
        idle_ms: how long an entry that failed, or whose worker died, waits before it is handed out again.
    """

    database: Database
    stream: EventStream
    state: MarketState
    clock: Clock
    consumer: str
    idle_ms: int = 10_000


async def work_off_stream(dependencies: BehaviourDependencies) -> int:
    """Take in everything that waits in the stream; how many events were new."""
    new = 0
    await dependencies.stream.ensure_group()
    while entries := await dependencies.stream.claim(dependencies.consumer, limit=BATCH, idle_ms=dependencies.idle_ms):
        tries = await dependencies.stream.begin(entries)
        attempt = _Attempt(dependencies, {entry.id: n for entry, n in zip(entries, tries, strict=True)})
        try:
            new += await attempt.take_in(entries)
        except asyncio.CancelledError:
            open_entries = [entry for entry in entries if entry.id in attempt.tries]
            await asyncio.shield(dependencies.stream.postpone(open_entries))
            raise
    return new


class _Attempt:
    """One try of a batch of entries.

    Args:
        tries: of each entry that is neither settled nor given back, how often it was tried, this time included.
    """

    def __init__(self, dependencies: BehaviourDependencies, tries: dict[str, int]) -> None:
        self.tries = tries
        self._dependencies = dependencies
        self._read: dict[str, tuple[str, Behaviour]] = {}

    async def take_in(self, entries: Sequence[Entry]) -> int:
        """Take in what can be read; how many events were new."""
        together: list[Entry] = []
        alone: list[Entry] = []
        for entry in entries:
            if self.tries[entry.id] > MAX_ATTEMPTS:
                await self._set_aside(entry, NO_ATTEMPT_ENDED)
                continue
            try:
                self._read[entry.id] = _tracked(entry.payload)
            except ValidationError as error:
                places = sorted({".".join(map(str, each["loc"])) for each in error.errors()})
                await self._set_aside(entry, f"unreadable: {', '.join(places)}")
                continue
            # One whose last try did not end may have killed its worker: alone, it takes no other with it.
            (together if self.tries[entry.id] == 1 else alone).append(entry)
        new = await self._take_in_part(together) if together else 0
        for entry in alone:
            new += await self._take_in_part([entry])
        return new

    async def _take_in_part(self, part: Sequence[Entry]) -> int:
        """Take in some entries in one transaction, or if that is refused, each half of them by itself."""
        stream = self._dependencies.stream
        try:
            new = await take_in(self._dependencies, [self._read[entry.id] for entry in part])
        except Exception as error:  # noqa: BLE001 - logged and counted; the entries stay in the stream
            if len(part) > 1 and not is_unanswered(error):
                half = len(part) // 2
                return await self._take_in_part(part[:half]) + await self._take_in_part(part[half:])
            await give_back(stream, part, error, tries=max(self.tries[entry.id] for entry in part))
            new = 0
        else:
            await stream.acknowledge([entry.id for entry in part])
        for entry in part:
            del self.tries[entry.id]
        return new

    async def _set_aside(self, entry: Entry, error: str) -> None:
        await set_aside(self._dependencies.stream, entry, error)
        del self.tries[entry.id]


async def take_in_order(dependencies: BehaviourDependencies, envelope: Envelope) -> int:
    """Take in the purchases of an order that is paid; how many were new."""
    if envelope.type != "order.status_changed" or envelope.data["after"] != "PAID":
        return 0
    viewer = viewer_of(envelope.data["buyer_id"], None)
    at = envelope.occurred_at.timestamp()
    bought = [Behaviour(Kind.PURCHASE, viewer, item["product_id"], at) for item in envelope.data["items"]]
    return await take_in(dependencies, [(_part(envelope.id, place), each) for place, each in enumerate(bought)])


async def take_in(dependencies: BehaviourDependencies, events: Sequence[tuple[str, Behaviour]]) -> int:
    """Take in events, each with its id; how many were new.

    Rows are locked in one order by everybody, so that two batches of the same products wait for each other and never deadlock. A row
    that is not there yet cannot be locked, so it is made first: else two batches would both begin at nothing, and one be lost.
    """
    catalogue = await dependencies.state.catalogue()
    now = dependencies.clock()
    by_id = dict(reversed(events))  # the first of each id
    async with dependencies.database.transaction() as session:
        fresh = await first_receipts(session, InboxRow, by_id, consumer=CONSUMER, now=now)
        if not fresh:
            return 0
        taken = [(event_id, event) for event_id, event in by_id.items() if event_id in fresh]
        await repository.insert_absent(session, BehaviourRow, [_row(event_id, event) for event_id, event in taken])
        new = [event for _, event in taken]
        changed = await _count(session, new)
        await _learn(session, new, catalogue, now=now)
    dependencies.state.counted(changed)
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


def _tracked(payload: bytes) -> tuple[str, Behaviour]:
    envelope = Envelope.model_validate_json(payload)
    data = Tracked.model_validate(envelope.data)
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
