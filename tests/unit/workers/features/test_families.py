"""Every feature on an example small enough for paper."""

import math
from collections.abc import Mapping

import numpy as np
import pytest

from tests.support.ranking import CATEGORIES, NOW, act, product, tiny
from workers.features import counters
from workers.features.catalogue import Catalogue, catalogue_of
from workers.features.counters import ProductCounters
from workers.features.decay import DAY, HOUR
from workers.features.event import Behaviour, Kind
from workers.features.neighbours import neighbours_of
from workers.features.position import examination
from workers.features.profile import BuyerProfile, apply
from workers.features.registry import NAMES, features_of
from workers.features.snapshot import Market, snapshot_of

CATALOGUE = tiny()


def market(*events: Behaviour, catalogue: Catalogue = CATALOGUE) -> Market:
    by_product: dict[str, list[Behaviour]] = {}
    for event in events:
        by_product.setdefault(event.product_id, []).append(event)
    counted = {key: counters.apply(ProductCounters(), listed) for key, listed in by_product.items()}
    similar = neighbours_of([[0, 1]] * 3 + [[0]] + [[1]] * 6, count=len(catalogue), k=3)
    together = neighbours_of([[0, 3]] * 2, count=len(catalogue), k=3)
    return snapshot_of(catalogue, counted, similar=similar, bought_together=together)


def row(product_id: str, profile: BuyerProfile, seen: Market) -> Mapping[str, float]:
    rows = np.array([seen.catalogue.rows[product_id]], dtype=np.intp)
    values = features_of(profile, seen, rows=rows, now=NOW)
    assert values.dtype == np.float32
    return dict(zip(NAMES, values[0].tolist(), strict=True))


def buyer(*events: Behaviour) -> BuyerProfile:
    return apply(BuyerProfile(), events, CATALOGUE)


STRANGER = BuyerProfile()


def test_popularity_is_the_log_of_the_decayed_count() -> None:
    seen = row("pan", STRANGER, market(act(Kind.CLICK, "pan", ago=DAY), act(Kind.PURCHASE, "pan")))
    assert seen["clicks_1d"] == pytest.approx(math.log1p(0.5))
    assert seen["clicks_1h"] == pytest.approx(0.0, abs=1e-6)
    assert seen["purchases_30d"] == pytest.approx(math.log1p(1.0))
    assert seen["carts_7d"] == 0.0


def test_the_trend_is_the_days_pace_against_the_months() -> None:
    seen = row("pan", STRANGER, market(act(Kind.CLICK, "pan")))
    assert seen["trend_1d_30d"] == pytest.approx(math.log1p(1.0) - math.log1p(1.0 / 30.0), rel=1e-5)


def test_click_through_counts_clicks_for_what_was_looked_at() -> None:
    shown = [act(Kind.IMPRESSION, "pan", position=9)] * 10
    seen = row("pan", STRANGER, market(*shown, act(Kind.CLICK, "pan", position=9)))
    looked = 10 * examination(9)
    assert seen["ctr_7d"] == pytest.approx((1 + 0.1 * 5) / (looked + 5), rel=1e-5)
    assert seen["examined_30d"] == pytest.approx(math.log1p(looked), rel=1e-5)


def test_rates_of_an_unwatched_product_are_the_priors() -> None:
    seen = row("pan", STRANGER, market())
    assert seen["ctr_30d"] == pytest.approx(0.10)
    assert seen["cart_rate_30d"] == pytest.approx(0.15)
    assert seen["purchase_rate_30d"] == pytest.approx(0.06)
    assert seen["hide_rate_30d"] == pytest.approx(0.002)


def test_category_affinity_is_the_share_of_all_interest() -> None:
    profile = buyer(act(Kind.ADD_TO_CART, "kettle-10"), act(Kind.CLICK, "pen-red"), act(Kind.HIDE, "pan"))
    kettle, pan, pen = (row(key, profile, market()) for key in ("kettle-20", "pan", "pen-blue"))
    assert kettle["leaf_share_30d"] == pytest.approx(0.75)
    assert kettle["leaf_interest_1h"] == pytest.approx(math.log1p(3.0))
    assert pan["leaf_share_1h"] == 0.0
    assert pan["middle_share_1d"] == pytest.approx(0.75)
    assert pan["root_share_30d"] == pytest.approx(0.75)
    assert pan["leaf_aversion_30d"] == pytest.approx(math.log1p(1.0))
    assert pen["leaf_share_7d"] == pytest.approx(0.25)


def test_a_fresh_click_fills_the_hour_and_hardly_the_month() -> None:
    profile = buyer(*[act(Kind.CLICK, "pen-red", ago=DAY)] * 9, act(Kind.CLICK, "pan"))
    seen = row("pan", profile, market())
    assert seen["leaf_share_1h"] > 0.99
    assert seen["leaf_share_30d"] == pytest.approx(1 / (1 + 9 * 0.5 ** (1 / 30)), rel=1e-4)


def test_hours_since_a_category_count_from_the_latest_interest() -> None:
    profile = buyer(act(Kind.CLICK, "pan", ago=3 * HOUR))
    assert row("pan", profile, market())["hours_since_leaf"] == pytest.approx(math.log(4.0), rel=1e-5)
    assert row("kettle-10", profile, market())["hours_since_root"] == pytest.approx(math.log(4.0), rel=1e-5)
    assert math.isnan(row("kettle-10", profile, market())["hours_since_leaf"])


def test_a_strangers_affinities_are_unknown_and_not_zero() -> None:
    seen = row("pan", STRANGER, market())
    unknown = (
        "leaf_share_1h",
        "root_share_30d",
        "seller_share_30d",
        "price_gap",
        "price_gap_z",
        "similar_max",
        "days_since_seen",
    )
    assert all(math.isnan(seen[name]) for name in unknown)


def test_seller_affinity_is_the_share_of_the_seller() -> None:
    profile = buyer(act(Kind.CLICK, "pan"), act(Kind.CLICK, "pen-red"))
    seen = row("kettle-20", profile, market())
    assert seen["seller_share_30d"] == pytest.approx(0.5)
    assert seen["seller_share_1d"] == pytest.approx(0.5)
    assert seen["seller_interest_30d"] == pytest.approx(math.log1p(1.0))


def test_the_price_gap_is_the_distance_to_the_buyers_usual_level() -> None:
    profile = buyer(act(Kind.CLICK, "kettle-40"))
    seen = row("kettle-20", profile, market())
    assert seen["price_level"] == pytest.approx(0.0)
    assert seen["price_gap"] == pytest.approx(-math.log(2), rel=1e-5)
    assert seen["price_gap_z"] == pytest.approx(-math.log(2) / 0.25, rel=1e-5)
    assert seen["log_price"] == pytest.approx(math.log(2000), rel=1e-5)


def test_a_discount_is_the_share_taken_off() -> None:
    struck = product("sale", price=750)
    catalogue = catalogue_of(
        [type(struck)(struck.id, struck.category_id, struck.seller_id, 750, 5, struck.created_at, 1000)], CATEGORIES
    )
    assert row("sale", STRANGER, snapshot_of(catalogue, {}))["discount"] == pytest.approx(0.25)


def test_freshness_is_the_age_in_days() -> None:
    catalogue = catalogue_of([product("new", age_days=3.0), product("old", age_days=99.0)], CATEGORIES)
    seen = snapshot_of(catalogue, {})
    assert row("new", STRANGER, seen)["age_days"] == pytest.approx(math.log(4.0), rel=1e-4)
    assert (row("new", STRANGER, seen)["is_new"], row("old", STRANGER, seen)["is_new"]) == (1.0, 0.0)


def test_exposure_is_what_happened_between_the_two() -> None:
    listed = [
        act(Kind.IMPRESSION, "pan", ago=DAY, position=1),
        act(Kind.IMPRESSION, "pan", ago=3 * DAY, position=2),
        act(Kind.CLICK, "pan", ago=DAY),
        act(Kind.ADD_TO_CART, "pan", ago=DAY),
        act(Kind.FAVOURITE, "pan", ago=7 * DAY),
        act(Kind.PURCHASE, "pan", ago=DAY),
    ]
    seen = row("pan", buyer(*listed), market())
    assert (seen["times_seen"], seen["times_clicked"], seen["times_purchased"]) == pytest.approx(
        (math.log(3), math.log(2), math.log(2)), rel=1e-5
    )
    for name in ("days_since_seen", "days_since_engaged", "days_since_carted", "days_since_purchased"):
        assert seen[name] == pytest.approx(math.log(2), rel=1e-5)
    assert seen["days_since_favourited"] == pytest.approx(math.log(8), rel=1e-5)
    assert math.isnan(row("pen-red", buyer(*listed), market())["days_since_purchased"])


def test_similarity_is_lent_by_what_was_clicked_last() -> None:
    seen = row("kettle-20", buyer(act(Kind.CLICK, "kettle-10")), market())
    for name in ("similar_sum_12h", "similar_max", "similar_sum_14d", "similar_to_last"):
        assert seen[name] == pytest.approx(0.3, rel=1e-5)
    assert row("pan", buyer(act(Kind.CLICK, "kettle-10")), market())["bought_with_recent"] == pytest.approx(
        0.5, rel=1e-5
    )


def test_similarity_fades_in_half_a_day_and_grows_with_interest() -> None:
    seen = row("kettle-20", buyer(act(Kind.ADD_TO_CART, "kettle-10", ago=12 * HOUR)), market())
    assert seen["similar_sum_12h"] == pytest.approx(3 * 0.3 / 2, rel=1e-5)
    assert seen["similar_max"] == pytest.approx(0.3, rel=1e-5)


def test_a_short_list_of_neighbours_lends_nothing_to_the_last_product() -> None:
    seen = row("pen-red", buyer(act(Kind.CLICK, "kettle-10")), market())
    assert CATALOGUE.ids[-1] == "pen-red"
    assert (seen["similar_sum_12h"], seen["similar_max"], seen["similar_to_last"]) == (0.0, 0.0, 0.0)


def test_activity_is_the_same_for_every_candidate() -> None:
    profile = buyer(act(Kind.CLICK, "pan"), act(Kind.CLICK, "pen-red"))
    assert row("pan", profile, market())["buyer_interest_1h"] == pytest.approx(math.log(3), rel=1e-5)
    assert row("kettle-10", profile, market())["buyer_interest_30d"] == pytest.approx(math.log(3), rel=1e-5)
