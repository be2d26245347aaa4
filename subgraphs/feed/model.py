"""The feed's rules; pure.

A page is a window on one slate, which never changes: the cursor names the slate and how far the reader has come, so that pages
neither repeat nor skip while the ranking moves on underneath. A shelf stands between cards and takes a place of its own.
"""

import enum
import uuid
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from itertools import islice

from subgraphs.kit.runtime.ids import is_uuid
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.runtime.rules import Stated, TextRule

MAX_PAGE_SIZE = 100
PAGE_SIZE = Stated.between(1, MAX_PAGE_SIZE)
SLATE_SIZE = 200
SLATE_LIFETIME = timedelta(hours=1)
FIRST_SHELF_AT = 6
SHELF_EVERY = 15
MAX_EVENTS = 200
OLDEST_EVENT = timedelta(days=7)
CLOCK_TOLERANCE = timedelta(minutes=5)
MAX_DWELL_MS = 24 * 3600 * 1000
DWELL_MS = Stated.between(0, MAX_DWELL_MS, "milliseconds")
MAX_ECHOED_CHARACTERS = 100
MAX_TOKEN_CHARACTERS = 1_000

SESSION_ID = TextRule(128, least=1)


class FeedSurface(enum.Enum):
    """Where in the app the feed is shown."""

    HOME = "HOME"
    CATEGORY = "CATEGORY"
    SEARCH = "SEARCH"
    PRODUCT = "PRODUCT"
    CART = "CART"


class FeedReason(enum.Enum):
    """Why a product is shown."""

    FOR_YOU = "FOR_YOU"
    TRENDING = "TRENDING"
    SIMILAR_TO_VIEWED = "SIMILAR_TO_VIEWED"
    BUY_AGAIN = "BUY_AGAIN"
    NEW_ARRIVAL = "NEW_ARRIVAL"
    EXPLORATION = "EXPLORATION"


class BehaviourEventType(enum.Enum):
    """What a buyer did with a product."""

    IMPRESSION = "IMPRESSION"
    VIEW = "VIEW"
    CLICK = "CLICK"
    ADD_TO_CART = "ADD_TO_CART"
    FAVOURITE = "FAVOURITE"
    HIDE = "HIDE"


@dataclass(frozen=True, slots=True)
class Viewer:
    """Who reads: an account, or else a device; or neither, and then nothing is remembered."""

    account_id: str | None
    anonymous_id: str | None

    @property
    def key(self) -> str:
        """What tells this viewer from others."""
        if self.account_id is not None:
            return f"account:{self.account_id}"
        return f"device:{self.anonymous_id}" if self.anonymous_id is not None else "nobody"


@dataclass(frozen=True, slots=True)
class RankedCard:
    """A product of a slate.

    Attributes:
        is_on_sale: False once the seller has withdrawn the product: it is not shown, and keeps its place all the same, so
            that the cursors behind it still name the items that they named.
    """

    product_id: str
    reason: FeedReason
    is_on_sale: bool = True


@dataclass(frozen=True, slots=True)
class RankedShelf:
    """Products of one category, shown side by side."""

    category_id: str
    product_ids: tuple[str, ...]


RankedItem = RankedCard | RankedShelf


@dataclass(frozen=True, slots=True)
class RankedSlate:
    """A slate as recommendation keeps it."""

    id: str
    model_version: str
    is_degraded: bool
    cards: tuple[RankedCard, ...]
    shelves: tuple[RankedShelf, ...]

    @property
    def expires_at(self) -> datetime:
        """When its cursors end: a slate's id is a UUIDv7 and so says when it was made."""
        made_at_ms = uuid.UUID(self.id).int >> 80
        return datetime.fromtimestamp(made_at_ms / 1000, UTC) + SLATE_LIFETIME


def items_of(slate: RankedSlate) -> list[RankedItem]:
    """The feed of a slate: its cards, a shelf after the sixth and then after every fifteenth, as far as shelves reach."""
    shelves = iter(slate.shelves)
    items: list[RankedItem] = []
    for place, card in enumerate(slate.cards):
        if place >= FIRST_SHELF_AT and (place - FIRST_SHELF_AT) % SHELF_EVERY == 0:
            items.extend([shelf] if (shelf := next(shelves, None)) is not None else [])
        items.append(card)
    return items


def window(items: Sequence[RankedItem], *, start: int, size: int) -> tuple[list[tuple[int, RankedItem]], bool]:
    """Return the first `size` items from a place on that can be shown, each with its place, and whether more follow."""
    shown = ((place, item) for place, item in enumerate(items[start:], start) if _can_be_shown(item))
    page = list(islice(shown, size))
    return page, next(shown, None) is not None


def _can_be_shown(item: RankedItem) -> bool:
    return item.is_on_sale if isinstance(item, RankedCard) else bool(item.product_ids)


def without_shelves(slate: RankedSlate) -> RankedSlate:
    """The slate's cards alone."""
    return replace(slate, shelves=())


def check_page(first: int) -> int:
    """The page's size.

    Raises:
        InvalidInput: when it is out of 1..100.
    """
    if not 1 <= first <= MAX_PAGE_SIZE:
        raise InvalidInput(f"A page has 1 to {MAX_PAGE_SIZE} items", "first")
    return first


@dataclass(frozen=True, slots=True)
class SentEvent:
    """An event as the app sends it."""

    id: str
    type: BehaviourEventType
    product_id: str
    occurred_at: datetime
    tracking_token: str | None
    dwell_ms: int | None


@dataclass(frozen=True, slots=True)
class Place:
    """Where a product was shown, as its tracking token says."""

    slate_id: str
    position: int
    product_id: str


def check_batch(events: Sequence[SentEvent]) -> None:
    """Return if the batch can be taken at all.

    Raises:
        InvalidInput: when it is empty or has more than 200 events.
    """
    if not 1 <= len(events) <= MAX_EVENTS:
        raise InvalidInput(f"1 to {MAX_EVENTS} events are sent at once", "input", "events")


def refusal_of(event: SentEvent, *, now: datetime) -> str | None:
    """Why an event is not taken; None if it is."""
    if not is_uuid(event.id):
        return "the id is not a UUID"
    if not is_uuid(event.product_id):
        return "the productId is not a UUID"
    if event.occurred_at > now + CLOCK_TOLERANCE:
        return "it lies in the future"
    if event.occurred_at < now - OLDEST_EVENT:
        return "it is older than seven days"
    if event.dwell_ms is not None and not 0 <= event.dwell_ms <= MAX_DWELL_MS:
        return "dwellMs is out of 0..86400000"
    return None


def event_key(viewer: Viewer, event_id: str) -> str:
    """The id under which a viewer's event counts once: others cannot take it away by sending theirs under the same id."""
    return str(uuid.uuid5(uuid.NAMESPACE_OID, f"{viewer.key}:{event_id.lower()}"))


def without_repeats(events: Sequence[SentEvent]) -> Iterator[SentEvent]:
    """The events, each id once, the first of it."""
    seen: set[str] = set()
    for event in events:
        if event.id not in seen:
            seen.add(event.id)
            yield event
