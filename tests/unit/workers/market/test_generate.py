"""The generated market is deterministic, whole, and behaves like one."""

from collections import Counter

import numpy as np
import pytest

from tests.support.ranking import UNTIL, demo, small
from workers.demo_market.generate import Plan, generate
from workers.demo_market.log import CATEGORY, CLICK, HOME, IMPRESSION, PURCHASE, VIEW
from workers.demo_market.taxonomy.tree import ROOTS, leaves
from workers.features.decay import DAY


def test_the_tree_has_eight_roots_three_levels_and_forty_leaves() -> None:
    market = demo()
    by_id = {category.id: category for category in market.categories}
    assert len(ROOTS) == 8
    assert 38 <= len(leaves()) <= 44
    used = {product.category_id for product in market.products}
    assert len(used) == len(leaves())
    for category_id in used:
        leaf = by_id[category_id]
        assert leaf.attributes
        assert leaf.parent_id is not None
        middle = by_id[leaf.parent_id]
        assert middle.parent_id is not None
        assert by_id[middle.parent_id].parent_id is None
    places = {category.id: place for place, category in enumerate(market.categories)}
    assert all(places[c.parent_id] < places[c.id] for c in market.categories if c.parent_id is not None)


def test_sizes_are_as_asked() -> None:
    market = demo()
    assert (len(market.sellers), len(market.buyers), len(market.products)) == (40, 600, 2000)
    assert 200_000 < len(market.log.at) < 450_000
    assert 2_000 < len(market.orders) < 6_000


def test_ids_slugs_titles_and_addresses_are_never_used_twice() -> None:
    market = demo()
    ids = [
        row.id
        for rows in (market.sellers, market.buyers, market.categories, market.products, market.orders)
        for row in rows
    ]
    assert len(set(ids)) == len(ids)
    assert len({product.slug for product in market.products}) == 2000
    assert len({product.title for product in market.products}) == 2000
    emails = [person.email for people in (market.sellers, market.buyers, [market.admin]) for person in people]
    assert len(set(emails)) == len(emails)
    assert {"buyer@yarmarka.test", "seller@yarmarka.test", "admin@yarmarka.test"} <= set(emails)
    assert market.buyers[0].email == "buyer@yarmarka.test"
    assert market.sellers[0].email == "seller@yarmarka.test"


def test_every_product_has_the_attributes_of_its_category_within_their_types() -> None:
    market = demo()
    attributes = {category.id: category.attributes for category in market.categories}
    for product in market.products:
        listed = {row.attribute.code: row.attribute for row in attributes[product.category_id]}
        assert set(product.values) == set(listed)
        for code, value in product.values.items():
            attribute = listed[code]
            match attribute.type:
                case "ENUM" | "TEXT":
                    assert value in attribute.options
                case "NUMBER":
                    assert isinstance(value, float)
                    assert attribute.low <= value <= attribute.high
                case "BOOLEAN":
                    assert isinstance(value, bool)


def test_no_placeholder_is_left_in_a_text() -> None:
    for product in demo().products:
        for text in (product.title, product.description):
            assert "{" not in text
            assert "  " not in text
            assert text[0] == text[0].upper()


def test_prices_are_sane_and_a_struck_price_is_higher() -> None:
    for product in demo().products:
        assert 190 <= product.price <= 300_000
        assert product.price % 100 in (0, 90)
        assert product.compare_at_price is None or product.compare_at_price > product.price
        assert product.stock >= 0
    struck = sum(product.compare_at_price is not None for product in demo().products)
    assert 200 < struck < 500
    assert 20 < sum(product.stock == 0 for product in demo().products) < 120


def test_sellers_sell_what_they_say_and_the_demo_seller_has_plenty() -> None:
    market = demo()
    listed = leaves()
    for product in market.products:
        assert listed[product.leaf][1].slug in market.sellers[product.seller].shop.leaves
        assert product.created_at > market.sellers[product.seller].created_at
    counts = Counter(product.seller for product in market.products)
    assert len(counts) == 40
    assert counts[0] >= 60


def test_a_few_products_take_most_clicks_and_many_take_few() -> None:
    log = demo().log
    clicks = np.sort(np.bincount(log.product[log.kind == CLICK], minlength=2000))[::-1]
    assert 0.5 < clicks[:400].sum() / clicks.sum() < 0.85
    assert (clicks <= 2).sum() > 300


def test_what_is_shown_further_down_is_clicked_less() -> None:
    log = demo().log
    home = log.surface == HOME
    shown = np.bincount(log.position[home & (log.kind == IMPRESSION)], minlength=24)
    clicked = np.bincount(log.position[home & (log.kind == CLICK)], minlength=24)
    rates = clicked / shown
    assert 0.05 < clicked.sum() / shown.sum() < 0.12
    assert rates[:4].mean() > 2.0 * rates[12:16].mean() > 2.0 * rates[20:].mean()


def test_buyers_click_what_they_secretly_want() -> None:
    market = demo()
    log = market.log
    leaf = np.array([product.leaf for product in market.products])
    clicks = np.zeros_like(market.taste.leaf_odds)
    np.add.at(clicks, (log.buyer[log.kind == CLICK], leaf[log.product[log.kind == CLICK]]), 1.0)
    active = clicks.sum(axis=1) >= 30
    assert active.sum() > 250
    favourite = market.taste.leaf_odds[active].argmax(axis=1)
    ranks = (clicks[active] > clicks[active, favourite][:, None]).sum(axis=1)
    assert (ranks <= 2).mean() > 0.9
    of_others = np.roll(favourite, 1)
    assert (clicks[active] > clicks[active, of_others][:, None]).sum(axis=1).mean() > 3 * ranks.mean()


def test_weekends_and_evenings_are_busier() -> None:
    log = demo().log
    at = log.at[log.kind == IMPRESSION]
    weekday = (at // DAY + 3).astype(int) % 7
    hour = (at % DAY // 3600).astype(int)
    assert (weekday >= 5).mean() > 2 / 7
    assert np.isin(hour, (19, 20, 21)).sum() > 4 * np.isin(hour, (2, 3, 4)).sum()


def test_new_products_arrive_all_the_time_and_are_not_shown_before() -> None:
    market = demo()
    created = np.array([product.created_at for product in market.products])
    age_days = (UNTIL - created) / DAY
    assert 300 < (age_days < 90).sum() < 700
    assert (age_days < 14).sum() > 40
    assert (market.log.at >= created[market.log.product]).all()


def test_the_log_is_in_time_order_within_ninety_days() -> None:
    at = demo().log.at
    assert (np.diff(at) >= 0).all()
    assert at[0] >= UNTIL - 90 * DAY
    assert at[-1] <= UNTIL


def test_every_click_in_a_slate_was_shown_there_before() -> None:
    log = demo().log
    shown = {
        (slate, product): at
        for slate, product, at, kind in zip(
            log.slate.tolist(), log.product.tolist(), log.at.tolist(), log.kind.tolist(), strict=True
        )
        if kind == IMPRESSION
    }
    clicks = np.flatnonzero(log.kind == CLICK)
    assert len(clicks) > 20_000
    for place in clicks.tolist():
        assert shown[int(log.slate[place]), int(log.product[place])] < log.at[place]


def test_a_category_page_shows_one_category() -> None:
    market = demo()
    log = market.log
    leaf = np.array([product.leaf for product in market.products])
    of_pages = (log.surface == CATEGORY) & (log.kind == IMPRESSION)
    pages = {
        (int(slate), int(leaf[product]))
        for slate, product in zip(log.slate[of_pages], log.product[of_pages], strict=True)
    }
    assert len({slate for slate, _ in pages}) == len(pages)


def test_purchases_and_order_items_are_the_same() -> None:
    market = demo()
    log = market.log
    bought = log.kind == PURCHASE
    from_log = Counter(zip(log.buyer[bought].tolist(), log.product[bought].tolist(), strict=True))
    from_orders = Counter((order.buyer, item.product) for order in market.orders for item in order.items)
    assert from_log == from_orders


def test_an_orders_history_is_a_path_in_time() -> None:
    market = demo()
    for order in market.orders:
        assert order.history[0].before is None
        assert order.history[0].after == "PENDING"
        for earlier, later in zip(order.history, order.history[1:], strict=False):
            assert later.before == earlier.after
            assert later.at > earlier.at
        assert order.history[-1].at <= UNTIL
        assert order.address_id in {address.id for address in market.buyers[order.buyer].addresses}
    states = Counter(order.status for order in market.orders)
    assert states["DELIVERED"] > 0.8 * len(market.orders)
    assert states.keys() >= {"DELIVERED", "SHIPPED", "FULFILLING", "PAID", "REFUNDED"}


def test_the_demo_accounts_have_rich_histories() -> None:
    market = demo()
    log = market.log
    mine = log.buyer == 0
    assert (mine & (log.kind == CLICK)).sum() > 100
    assert (mine & (log.kind == VIEW)).sum() > 100
    assert sum(order.buyer == 0 for order in market.orders) >= 10
    sold = sum(market.products[item.product].seller == 0 for order in market.orders for item in order.items)
    assert sold > 100


@pytest.mark.parametrize("seed", [1, 2])
def test_another_seed_is_another_market(seed: int) -> None:
    plan = Plan(seed=seed, until=UNTIL, days=5, product_count=200, buyer_count=40)
    one, same = generate(plan), generate(plan)
    assert [product.id for product in one.products] == [product.id for product in same.products]
    assert np.array_equal(one.log.at, same.log.at)
    other = generate(Plan(seed=seed + 10, until=UNTIL, days=5, product_count=200, buyer_count=40))
    assert [product.title for product in one.products] != [product.title for product in other.products]
    assert small().products[0].title != other.products[0].title
