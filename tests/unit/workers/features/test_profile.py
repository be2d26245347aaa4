import math

import orjson
import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ranking import NOW, act, tiny
from workers.features.decay import DAY
from workers.features.event import Behaviour, Kind
from workers.features.profile import MAX_RECENT, MAX_TOUCHES, BuyerProfile, apply, interests

CATALOGUE = tiny()
STRANGER = BuyerProfile()
events = st.lists(
    st.builds(
        Behaviour,
        kind=st.sampled_from(Kind),
        buyer_id=st.just("vera"),
        product_id=st.sampled_from([*CATALOGUE.ids, "not-in-the-catalogue"]),
        at=st.floats(min_value=NOW - 1e6, max_value=NOW),
        position=st.one_of(st.none(), st.integers(0, 40)),
    ),
    max_size=20,
)


def test_a_click_is_interest_in_the_leaf_and_all_above_it() -> None:
    profile = apply(STRANGER, [act(Kind.CLICK, "pan")], CATALOGUE)
    assert {key: mass.values[0] for key, mass in profile.categories.items()} == {
        "home": 1.0,
        "kitchen": 1.0,
        "pans": 1.0,
    }
    assert profile.sellers["bo"].values[0] == 1.0
    assert profile.interest.values[0] == 1.0


def test_a_root_that_is_its_own_leaf_is_counted_once() -> None:
    profile = apply(STRANGER, [act(Kind.CLICK, "pen-red")], CATALOGUE)
    assert profile.categories["pens"].values[0] == 1.0


def test_a_purchase_says_more_than_a_click_and_an_impression_says_nothing() -> None:
    listed = [act(Kind.PURCHASE, "pan"), act(Kind.CLICK, "pen-red"), act(Kind.IMPRESSION, "kettle-10", position=3)]
    profile = apply(STRANGER, listed, CATALOGUE)
    assert profile.categories["pans"].values[3] == 4 * profile.categories["pens"].values[3]
    assert "kettles" not in profile.categories
    assert profile.touches["kettle-10"].impressions == 1


def test_the_price_habit_is_the_mean_level_of_what_was_clicked() -> None:
    profile = apply(STRANGER, [act(Kind.CLICK, "kettle-40"), act(Kind.CLICK, "kettle-20")], CATALOGUE)
    assert profile.price.total.values[3] / profile.price.weight.values[3] == pytest.approx(math.log(2) / 2)


def test_recent_products_are_latest_first_once_each_with_the_strongest_act() -> None:
    listed = [
        act(Kind.CLICK, "pan", ago=30.0),
        act(Kind.ADD_TO_CART, "pan", ago=20.0),
        act(Kind.VIEW, "pan", ago=10.0),
        act(Kind.CLICK, "pen-red", ago=5.0),
    ]
    recent = apply(STRANGER, listed, CATALOGUE).recent
    assert [(item.product_id, item.at, item.interest) for item in recent] == [
        ("pen-red", NOW - 5, 1.0),
        ("pan", NOW - 10, 3.0),
    ]


def test_a_hidden_product_is_no_longer_recent_and_stays_hidden_when_clicked_late() -> None:
    listed = [act(Kind.CLICK, "pan", ago=30.0), act(Kind.HIDE, "pan", ago=20.0), act(Kind.CLICK, "pan", ago=40.0)]
    profile = apply(STRANGER, listed, CATALOGUE)
    assert profile.recent == ()
    assert profile.touches["pan"].hidden_at == NOW - 20
    assert profile.aversions["pans"].values[0] == 1.0


def test_a_product_that_the_snapshot_lacks_is_remembered_and_says_nothing_of_taste() -> None:
    profile = apply(STRANGER, [act(Kind.CLICK, "listed-a-minute-ago")], CATALOGUE)
    assert profile.touches["listed-a-minute-ago"].clicks == 1
    assert profile.interest == STRANGER.interest


def test_apply_leaves_the_old_profile_as_it_was() -> None:
    before = apply(STRANGER, [act(Kind.CLICK, "pan")], CATALOGUE)
    stored = orjson.dumps(before.to_json())
    apply(before, [act(Kind.CLICK, "pan"), act(Kind.HIDE, "pen-red")], CATALOGUE)
    assert orjson.dumps(before.to_json()) == stored


def test_a_profile_is_bounded_and_forgets_purchases_and_hides_last() -> None:
    shown = [act(Kind.IMPRESSION, f"p{n}", ago=10.0 + n, position=0) for n in range(2 * MAX_TOUCHES)]
    kept = [act(Kind.PURCHASE, "pan", ago=80 * DAY), act(Kind.HIDE, "pen-red", ago=80 * DAY)]
    clicked = [act(Kind.CLICK, f"p{n}", ago=float(n)) for n in range(3 * MAX_RECENT)]
    profile = apply(STRANGER, [*kept, *shown, *clicked], CATALOGUE)
    assert len(profile.touches) == MAX_TOUCHES
    assert profile.touches["pan"].purchases == 1
    assert profile.touches["pen-red"].hidden_at > 0
    assert [item.product_id for item in profile.recent] == [f"p{n}" for n in range(MAX_RECENT)]


@given(events, st.randoms())
def test_late_events_give_the_same_profile(listed: list[Behaviour], chance: object) -> None:
    shuffled = list(listed)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    late, early = apply(STRANGER, shuffled, CATALOGUE), apply(STRANGER, listed, CATALOGUE)
    assert late.touches == early.touches
    assert late.categories.keys() == early.categories.keys()
    for key, mass in late.categories.items():
        assert mass.values == pytest.approx(early.categories[key].values, rel=1e-9)
    hidden = {key for key, touch in early.touches.items() if touch.hidden_at}
    assert [item for item in late.recent if item.product_id not in hidden] == [
        item for item in early.recent if item.product_id not in hidden
    ]


@given(events)
def test_one_by_one_and_all_at_once_are_the_same(listed: list[Behaviour]) -> None:
    singly = STRANGER
    for event in listed:
        singly = apply(singly, [event], CATALOGUE)
    assert singly == apply(STRANGER, listed, CATALOGUE)


@given(events)
def test_json_gives_the_same_profile_back(listed: list[Behaviour]) -> None:
    profile = apply(STRANGER, listed, CATALOGUE)
    assert BuyerProfile.from_json(orjson.loads(orjson.dumps(profile.to_json()))) == profile


def test_a_profile_of_another_version_is_refused() -> None:
    with pytest.raises(ValueError, match="version 0"):
        BuyerProfile.from_json({**STRANGER.to_json(), "version": 0})


def test_interests_are_shares_of_leaves_largest_first() -> None:
    listed = [act(Kind.ADD_TO_CART, "pan"), act(Kind.CLICK, "pen-red")]
    found = interests(apply(STRANGER, listed, CATALOGUE), CATALOGUE, now=NOW, first=5)
    assert [category for category, _ in found] == ["pans", "pens"]
    assert [share for _, share in found] == pytest.approx([0.75, 0.25])
    assert interests(STRANGER, CATALOGUE, now=NOW, first=5) == []
