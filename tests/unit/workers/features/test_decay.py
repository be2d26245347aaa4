import pytest
from hypothesis import given
from hypothesis import strategies as st

from workers.features.decay import DAY, EMPTY, HALF_LIVES, Mass, factors

instants = st.floats(min_value=1e9, max_value=1e9 + 60 * DAY)
acts = st.lists(st.tuples(st.floats(min_value=0.5, max_value=4.0), instants), min_size=1, max_size=12)


def fold(listed: list[tuple[float, float]]) -> Mass:
    mass = EMPTY
    for weight, at in listed:
        mass = mass.add(weight, at)
    return mass


def test_a_click_yesterday_and_one_today_are_one_and_a_half_today() -> None:
    monday, tuesday, wednesday = 1e9, 1e9 + DAY, 1e9 + 2 * DAY
    mass = EMPTY.add(1.0, monday).add(1.0, tuesday)
    assert mass.read(tuesday)[1] == pytest.approx(1.5)
    assert mass.read(wednesday)[1] == pytest.approx(0.75)


def test_a_unit_halves_in_each_half_life() -> None:
    for place, half_life in enumerate(HALF_LIVES):
        assert factors(half_life)[place] == pytest.approx(0.5)


def test_a_clock_that_went_back_reads_what_is_there() -> None:
    mass = EMPTY.add(2.0, 1e9)
    assert mass.read(1e9 - 500.0) == mass.values


@given(acts, st.randoms())
def test_the_order_of_arrival_does_not_matter(listed: list[tuple[float, float]], chance: object) -> None:
    shuffled = list(listed)
    chance.shuffle(shuffled)  # type: ignore[attr-defined]
    late, early = fold(shuffled), fold(listed)
    assert late.at == early.at
    assert late.values == pytest.approx(early.values, rel=1e-9)


@given(acts, instants)
def test_a_mass_is_the_sum_of_its_decayed_acts(listed: list[tuple[float, float]], later: float) -> None:
    now = max(later, *(at for _, at in listed))
    expected = [sum(w * 0.5 ** ((now - at) / half_life) for w, at in listed) for half_life in HALF_LIVES]
    assert fold(listed).read(now) == pytest.approx(expected, rel=1e-9, abs=1e-12)


@given(acts, st.floats(min_value=0.0, max_value=90 * DAY))
def test_a_mass_never_grows_by_waiting(listed: list[tuple[float, float]], wait: float) -> None:
    mass = fold(listed)
    assert all(after <= before for after, before in zip(mass.read(mass.at + wait), mass.values, strict=True))
