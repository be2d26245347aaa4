import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from tests.support.ranking import CATEGORIES, NOW, act, product
from workers.features.catalogue import catalogue_of
from workers.features.event import Kind
from workers.features.profile import BuyerProfile, apply
from workers.features.snapshot import snapshot_of
from workers.ranking.candidates.retrieve import Retrieved
from workers.ranking.diversity import LEAF_CAP, SELLER_CAP, WINDOW, diversify
from workers.ranking.hydrate import hydrate
from workers.ranking.scoring import Scored
from workers.ranking.slate import Source

LEAVES = ("kettles", "pans", "pens")
CATALOGUE = catalogue_of([product(f"p{n}", LEAVES[n % 3], f"s{n % 7}") for n in range(60)], CATEGORIES)
MARKET = snapshot_of(CATALOGUE, {})


def scored(scores: list[float], sources: list[Source] | None = None, profile: BuyerProfile | None = None) -> Scored:
    rows = np.arange(len(scores), dtype=np.intp)
    found = Retrieved(rows, tuple(sources or [Source.POPULAR] * len(scores)))
    hydrated = hydrate(found, profile=profile or BuyerProfile(), market=MARKET, now=NOW)
    return Scored(hydrated, np.array(scores), "test")


def order(given_scores: Scored, size: int = 60, seed: int = 1) -> list[int]:
    return diversify(given_scores, size=size, rng=np.random.default_rng(seed))


@given(st.lists(st.floats(-5, 5), min_size=1, max_size=60), st.integers(1, 80), st.integers(0, 9))
def test_an_order_holds_each_candidate_at_most_once_and_no_more_than_asked(
    scores: list[float], size: int, seed: int
) -> None:
    chosen = order(scored(scores), size, seed)
    assert len(chosen) == len(set(chosen)) == min(size, len(scores))


@given(st.lists(st.floats(-5, 5), min_size=60, max_size=60))
def test_no_window_holds_more_of_a_category_or_seller_than_its_cap(scores: list[float]) -> None:
    chosen = order(scored(scores), size=20)
    for start in range(len(chosen) - WINDOW + 1):
        window = chosen[start : start + WINDOW]
        assert np.bincount(CATALOGUE.paths[window, -1]).max() <= LEAF_CAP
        assert np.bincount(CATALOGUE.sellers[window]).max() <= SELLER_CAP


def test_one_category_alone_fills_the_page_all_the_same() -> None:
    kettles = [row for row in range(60) if row % 3 == 0]
    found = Retrieved(np.array(kettles), (Source.POPULAR,) * len(kettles))
    hydrated = hydrate(found, profile=BuyerProfile(), market=MARKET, now=NOW)
    assert len(order(Scored(hydrated, np.arange(20.0), "test"))) == 20


def test_the_best_score_comes_first() -> None:
    scores = [0.0] * 60
    scores[17] = 3.0
    assert order(scored(scores))[0] == 17


def test_chance_has_one_place_in_the_lower_half_of_each_window() -> None:
    sources = [Source.EXPLORATION if n >= 50 else Source.POPULAR for n in range(60)]
    chosen = order(scored([1.0] * 50 + [9.0] * 10, sources), size=40)
    for start in range(0, 40, WINDOW):
        places = [place for place, row in enumerate(chosen[start : start + WINDOW]) if row >= 50]
        assert len(places) == 1
        assert places[0] >= WINDOW // 2


def test_three_of_the_first_five_belong_to_what_was_just_clicked() -> None:
    profile = apply(BuyerProfile(), [act(Kind.CLICK, "p1", ago=5.0)], CATALOGUE)
    unwanted = [-5.0 if n % 3 == 1 else 5.0 for n in range(60)]
    first = order(scored(unwanted, profile=profile))[:5]
    assert sum(row % 3 == 1 for row in first) == 3
    assert 1 not in first


def test_half_an_hour_later_the_click_has_no_places_of_its_own() -> None:
    profile = apply(BuyerProfile(), [act(Kind.CLICK, "p1", ago=1801.0)], CATALOGUE)
    unwanted = [-5.0 if n % 3 == 1 else 5.0 for n in range(60)]
    assert sum(row % 3 == 1 for row in order(scored(unwanted, profile=profile))[:5]) == 0


def test_equal_scores_and_no_candidates_are_no_trouble() -> None:
    assert len(order(scored([1.0, 1.0, 1.0]))) == 3
    assert order(scored([])) == []
