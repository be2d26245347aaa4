"""A whole slate, with the model trained on the small market."""

from collections import Counter

import numpy as np
import pytest

from tests.support.ranking import CATEGORIES, NOW, act, history, model, small, tiny, today, trained
from tests.support.work import calls_of
from workers.features import counters
from workers.features.catalogue import catalogue_of
from workers.features.counters import ProductCounters
from workers.features.event import Behaviour, Kind
from workers.features.neighbours import Neighbours, neighbours_of
from workers.features.profile import BuyerProfile, apply
from workers.features.registry import schema_hash
from workers.features.snapshot import snapshot_of
from workers.ranking.model import RankingModel
from workers.ranking.pipeline import rank
from workers.ranking.slate import Fallback, Reason, Slate, SlateRequest, Source

BUYERS = [buyer.id for buyer in small().buyers]
LATER = small().plan.until + 3600.0


def slate(profile: BuyerProfile, *, seed: int = 1, request: SlateRequest | None = None, now: float = LATER) -> Slate:
    return rank(profile, today().market(), model=model(), now=now, seed=seed, request=request or SlateRequest())


def leaf(product_id: str) -> str:
    facts = history().catalogue.facts_of(product_id)
    assert facts is not None
    return facts.path[-1]


def test_a_slate_is_full_without_repeats_and_says_who_ranked() -> None:
    made = slate(today().profile(BUYERS[0]))
    assert len(made.items) == 200
    assert len({item.product_id for item in made.items}) == 200
    assert made.model_version == trained().manifest["version"]
    assert made.feature_hash == schema_hash()
    assert (made.degraded, made.fallback, made.fallback_cause) == (False, None, None)


def test_the_same_arguments_give_the_same_slate_and_another_seed_explores_otherwise() -> None:
    profile = today().profile(BUYERS[1])
    assert slate(profile) == slate(profile)
    explored = [
        {item.product_id for item in slate(profile, seed=s).items if item.source is Source.EXPLORATION} for s in (1, 2)
    ]
    assert explored[0] != explored[1]


def test_two_buyers_of_different_tastes_are_shown_different_things() -> None:
    odds = small().taste.leaf_odds
    first = 0
    second = int(np.argmin(odds @ odds[first]))
    tops = [{item.product_id for item in slate(today().profile(BUYERS[place])).items[:20]} for place in (first, second)]
    assert len(tops[0] & tops[1]) <= 6


def test_slates_follow_what_buyers_secretly_want() -> None:
    market = small()
    slugs = {category.id: category.slug for category in market.categories}
    from workers.demo_market.taxonomy.tree import leaves

    places = {listed.slug: place for place, (_, listed) in enumerate(leaves())}
    shares = []
    for place in range(0, 120, 3):
        top = slate(today().profile(BUYERS[place])).items[:10]
        odds = market.taste.leaf_odds[place]
        shares.append(sum(odds[places[slugs[leaf(item.product_id)]]] for item in top) / 10 / odds.mean())
    assert np.median(shares) > 4.0


def test_a_fresh_click_lifts_its_category_to_the_top_of_the_next_slate() -> None:
    chance = np.random.default_rng(5)
    for place in range(0, 90, 3):
        profile = today().profile(BUYERS[place])
        before = slate(profile)
        frequent = Counter(leaf(item.product_id) for item in before.items[:20])
        rare = [item.product_id for item in before.items[20:] if frequent[leaf(item.product_id)] <= 1]
        clicked = rare[int(chance.integers(len(rare)))]
        click = Behaviour(Kind.CLICK, BUYERS[place], clicked, LATER - 2.0, 25)
        after = slate(apply(profile, [click], history().catalogue))

        def count(made: Slate, wanted: str = leaf(clicked)) -> int:
            return sum(leaf(item.product_id) == wanted for item in made.items[:10])

        assert count(after) >= count(before) + 2
        assert {item.product_id for item in after.items[:20]} != {item.product_id for item in before.items[:20]}


def test_a_strangers_first_click_lifts_similar_products_by_the_model_alone() -> None:
    stranger = slate(BuyerProfile())
    clicked = stranger.items[60].product_id
    profile = apply(BuyerProfile(), [Behaviour(Kind.CLICK, "anonymous", clicked, LATER - 2.0, 60)], history().catalogue)
    after = slate(profile)
    scores = {item.product_id: item.score for item in after.items}
    same = [score for product_id, score in scores.items() if leaf(product_id) == leaf(clicked)]
    others = [score for product_id, score in scores.items() if leaf(product_id) != leaf(clicked)]
    assert np.mean(same) > np.mean(others) + np.std(others)


def test_what_was_hidden_or_just_bought_is_gone_from_the_next_slate() -> None:
    profile = today().profile(BUYERS[2])
    first, second = (item.product_id for item in slate(profile).items[:2])
    acts = [
        Behaviour(Kind.HIDE, BUYERS[2], first, LATER - 5.0),
        Behaviour(Kind.PURCHASE, BUYERS[2], second, LATER - 4.0),
    ]
    shown = {item.product_id for item in slate(apply(profile, acts, history().catalogue)).items}
    assert not {first, second} & shown


def test_a_category_is_ranked_within_itself() -> None:
    wanted = small().products[0].category_id
    made = slate(today().profile(BUYERS[0]), request=SlateRequest(size=30, category_id=wanted))
    assert len(made.items) > 5
    assert {leaf(item.product_id) for item in made.items} == {wanted}


def test_unpublished_products_and_those_out_of_stock_are_never_shown() -> None:
    barred = {product.id for product in small().products if product.status != "PUBLISHED" or product.stock == 0}
    assert barred
    for place in range(5):
        assert not barred & {item.product_id for item in slate(today().profile(BUYERS[place])).items}


def test_every_reason_is_given_to_somebody() -> None:
    given = Counter(item.reason for place in range(40) for item in slate(today().profile(BUYERS[place])).items)
    assert set(given) == set(Reason)


def test_reasons_are_true() -> None:
    for place in range(10):
        profile = today().profile(BUYERS[place])
        for item in slate(profile).items:
            touch = profile.touches.get(item.product_id)
            if item.reason is Reason.BUY_AGAIN:
                assert touch is not None
                assert touch.purchases > 0
            if item.reason is Reason.EXPLORATION:
                assert item.source is Source.EXPLORATION


def test_without_a_model_neighbours_rank_and_the_slate_says_so() -> None:
    near = neighbours_of([[0, 1]] * 4, count=6, k=3)
    market = snapshot_of(tiny(), {}, similar=near)
    profile = apply(BuyerProfile(), [act(Kind.CLICK, "kettle-10", ago=7200.0)], tiny())
    made = rank(profile, market, model=None, now=NOW, seed=1)
    assert made.items[0].product_id == "kettle-20"
    assert (made.degraded, made.fallback, made.model_version) == (True, Fallback.ITEM_TO_ITEM, "none")


def test_without_model_and_history_popularity_ranks_and_the_slate_says_so() -> None:
    sold = counters.apply(ProductCounters(), [act(Kind.PURCHASE, "pen-red")])
    made = rank(BuyerProfile(), snapshot_of(tiny(), {"pen-red": sold}), model=None, now=NOW, seed=1)
    assert made.items[0].product_id == "pen-red"
    assert made.fallback is Fallback.POPULARITY
    assert made.fallback_cause == "no model is loaded"


def test_a_model_that_cannot_score_falls_back_and_the_slate_says_why() -> None:
    import lightgbm

    narrow = lightgbm.train(
        {"verbosity": -1, "num_threads": 1},
        lightgbm.Dataset(np.random.default_rng(1).normal(size=(50, 2)), np.arange(50)),
        1,
    )
    made = rank(BuyerProfile(), snapshot_of(tiny(), {}), model=RankingModel("narrow", narrow), now=NOW, seed=1)
    assert made.degraded
    assert made.fallback_cause is not None
    assert made.fallback_cause.startswith("model narrow cannot score")
    assert len(made.items) == 6


def test_an_empty_market_gives_an_empty_slate() -> None:
    empty = snapshot_of(catalogue_of([], CATEGORIES), {})
    assert rank(BuyerProfile(), empty, model=model(), now=NOW, seed=1).items == ()


def test_neighbours_of_the_artefact_rank_like_those_in_memory() -> None:
    market = today().market()
    rows = dict(market.catalogue.rows)
    again = Neighbours.from_json(trained().similar, rows)
    assert np.array_equal(again.rows[:, :5], market.similar.rows[:, :5])


@pytest.mark.parametrize("size", [1, 20, 200])
def test_the_work_of_a_slate_grows_with_its_size_and_not_with_the_market(size: int) -> None:
    """The market has 900 products; what a slate takes in milliseconds, `python -m tests.bench.market` says."""
    request = SlateRequest(size=size)
    slate(BuyerProfile())  # the model and the market are made by whoever asks first
    for buyer in BUYERS[:40]:
        profile = today().profile(buyer)
        assert calls_of(lambda profile=profile: slate(profile, request=request)) < 2_000 + 100 * size  # type: ignore[misc]
