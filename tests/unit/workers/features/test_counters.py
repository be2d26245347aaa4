import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ranking import NOW, act
from workers.features.counters import COUNTED, ProductCounters, apply
from workers.features.event import Behaviour, Kind
from workers.features.position import examination

events = st.lists(
    st.builds(
        Behaviour,
        kind=st.sampled_from(Kind),
        buyer_id=st.just("vera"),
        product_id=st.just("pan"),
        at=st.floats(min_value=NOW - 1e6, max_value=NOW),
        position=st.one_of(st.none(), st.integers(0, 40)),
    ),
    max_size=15,
)


def test_each_kind_has_a_count_of_its_own() -> None:
    counters = apply(ProductCounters(), [act(kind, "pan", position=0) for kind in Kind])
    assert {name: mass.values[0] for name, mass in zip(COUNTED, counters.masses(), strict=True)} == dict.fromkeys(
        COUNTED, 1.0
    )


def test_an_impression_far_down_is_examined_less_than_one_on_top() -> None:
    top = apply(ProductCounters(), [act(Kind.IMPRESSION, "pan", position=0)])
    low = apply(ProductCounters(), [act(Kind.IMPRESSION, "pan", position=9)])
    assert top.examined.values[0] == 1.0
    assert low.examined.values[0] == pytest.approx(10**-0.65)
    assert low.impressions.values == top.impressions.values


def test_a_click_outside_a_slate_does_not_count_for_the_click_through_rate() -> None:
    counters = apply(ProductCounters(), [act(Kind.CLICK, "pan", position=None)])
    assert counters.clicks.values[0] == 1.0
    assert counters.slate_clicks.values[0] == 0.0


@given(events, st.randoms())
def test_late_events_count_the_same(listed: list[Behaviour], chance: object) -> None:
    shuffled = list(listed)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    for late, early in zip(
        apply(ProductCounters(), shuffled).masses(), apply(ProductCounters(), listed).masses(), strict=True
    ):
        assert late.at == early.at
        assert late.values == pytest.approx(early.values, rel=1e-9)


@given(events)
def test_json_gives_the_same_counters_back(listed: list[Behaviour]) -> None:
    counters = apply(ProductCounters(), listed)
    assert ProductCounters.from_json(counters.to_json()) == counters


def test_counters_of_another_shape_are_refused() -> None:
    with pytest.raises(ValueError, match="unknown product counters"):
        ProductCounters.from_json({"likes": [0.0, 0.0, 0.0, 0.0, 0.0]})
    with pytest.raises(ValueError, match="'clicks' has 2 numbers"):
        ProductCounters.from_json({"clicks": [1.0, 2.0]})


def test_attention_falls_with_the_position() -> None:
    curve = [examination(position) for position in range(30)]
    assert curve[0] == 1.0
    assert curve == sorted(curve, reverse=True)
    assert all(0.0 < value <= 1.0 for value in curve)
