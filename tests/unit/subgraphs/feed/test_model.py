from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from subgraphs.feed import model
from subgraphs.feed.events import envelope
from subgraphs.feed.feed_tokens import FeedTokens
from subgraphs.feed.model import (
    BehaviourEventType,
    FeedReason,
    FeedSurface,
    Place,
    RankedCard,
    RankedShelf,
    RankedSlate,
    SentEvent,
    Viewer,
)
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.refusals import InvalidInput
from subgraphs.kit.storage.pagination import Cursors, InvalidCursor
from tests.support.identity import cursor_keys

NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
ANN, BOB = Viewer("ann", None), Viewer(None, "device-1")
TOKENS = FeedTokens(Cursors(cursor_keys()))


def a_slate(cards: int, shelves: int) -> RankedSlate:
    return RankedSlate(
        uuid7(NOW),
        "m1",
        False,
        tuple(RankedCard(f"p{n}", FeedReason.FOR_YOU) for n in range(cards)),
        tuple(RankedShelf(f"c{n}", ("x", "y")) for n in range(shelves)),
    )


def test_a_withdrawn_product_and_an_empty_shelf_keep_their_places_and_are_not_shown() -> None:
    cards = tuple(RankedCard(f"p{n}", FeedReason.FOR_YOU, is_on_sale=n not in {1, 7}) for n in range(10))
    slate = RankedSlate(uuid7(NOW), "m1", False, cards, (RankedShelf("c0", ()),))
    items = model.items_of(slate)
    first, has_more = model.window(items, start=0, size=4)
    assert ([place for place, _ in first], has_more) == ([0, 2, 3, 4], True)
    rest, has_more = model.window(items, start=5, size=4)
    assert ([place for place, _ in rest], has_more) == ([5, 7, 9, 10], False)


def sent(**more: Any) -> SentEvent:
    return SentEvent(
        **{
            "id": "0199a000-0000-7000-8000-000000000001",
            "type": BehaviourEventType.CLICK,
            "product_id": "0199a000-0000-7000-8000-000000000002",
            "occurred_at": NOW,
            "tracking_token": None,
            "dwell_ms": None,
            **more,
        }
    )


def test_a_shelf_stands_after_the_sixth_card_and_after_every_fifteenth_from_there() -> None:
    items = model.items_of(a_slate(cards=40, shelves=2))
    assert [place for place, item in enumerate(items) if isinstance(item, RankedShelf)] == [6, 22]
    assert len(items) == 42


def test_cards_keep_their_order_and_nothing_is_lost_or_doubled() -> None:
    slate = a_slate(cards=40, shelves=9)
    assert [item for item in model.items_of(slate) if isinstance(item, RankedCard)] == list(slate.cards)


def test_a_slate_says_when_it_expires_by_its_own_id() -> None:
    assert a_slate(1, 0).expires_at == NOW + model.SLATE_LIFETIME


@pytest.mark.parametrize(
    ("wrong", "part"),
    [
        ({"id": "1"}, "id"),
        ({"product_id": "p"}, "productId"),
        ({"occurred_at": NOW + timedelta(minutes=6)}, "future"),
        ({"occurred_at": NOW - timedelta(days=8)}, "seven days"),
        ({"dwell_ms": -1}, "dwellMs"),
    ],
)
def test_an_event_that_cannot_be_true_is_refused_with_its_reason(wrong: dict[str, Any], part: str) -> None:
    assert part in (model.refusal_of(sent(**wrong), now=NOW) or "")


def test_a_good_event_is_taken_and_a_little_clock_skew_is_forgiven() -> None:
    assert model.refusal_of(sent(occurred_at=NOW + timedelta(minutes=4)), now=NOW) is None
    late = envelope(sent(occurred_at=NOW + timedelta(minutes=4)), ANN, session_id="s", place=None, now=NOW)
    assert late.occurred_at == NOW


@pytest.mark.parametrize("count", [0, 201])
def test_a_batch_has_its_bounds(count: int) -> None:
    with pytest.raises(InvalidInput):
        model.check_batch([sent()] * count)


def test_an_event_is_its_viewers_own() -> None:
    assert model.event_key(ANN, "A") == model.event_key(ANN, "a")
    assert model.event_key(ANN, "a") != model.event_key(BOB, "a")


def test_a_cursor_is_for_its_viewer_and_surface_alone() -> None:
    cursor = TOKENS.cursor(ANN, FeedSurface.HOME, "slate", 7)
    assert TOKENS.read_cursor(ANN, FeedSurface.HOME, cursor) == ("slate", 7)
    for viewer, surface in ((BOB, FeedSurface.HOME), (ANN, FeedSurface.CART)):
        with pytest.raises(InvalidCursor):
            TOKENS.read_cursor(viewer, surface, cursor)


def test_a_tracking_token_is_read_back_and_a_forged_one_says_nothing() -> None:
    place = Place("slate", 3, "p")
    token = TOKENS.tracking(place)
    assert TOKENS.read_tracking(token) == place
    assert TOKENS.read_tracking(token[:-1] + ("A" if token[-1] != "A" else "B")) is None
    assert TOKENS.read_tracking(TOKENS.cursor(ANN, FeedSurface.HOME, "slate", 3)) is None
