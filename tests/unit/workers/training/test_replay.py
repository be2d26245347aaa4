"""Nothing that came later may be in a feature, and the worker must compute the same numbers."""

from dataclasses import replace

import numpy as np
import orjson
import pytest

from tests.support.ranking import history
from workers.features import counters, profile
from workers.features.counters import ProductCounters
from workers.features.decay import DAY
from workers.features.event import INTEREST, Kind
from workers.features.profile import BuyerProfile
from workers.features.registry import features_of
from workers.features.snapshot import snapshot_of
from workers.training.dataset import Dataset, gather
from workers.training.replay import Replay
from workers.training.source import History

SINCE, UNTIL = history().until - 3 * DAY, history().until - 2.5 * DAY


@pytest.fixture(scope="module")
def gathered() -> Dataset:
    return gather(history(), Replay(history()), since=SINCE, until=UNTIL)


def test_rows_equal_what_the_worker_would_have_computed(gathered: Dataset) -> None:
    """The worker's way: state kept as JSON, one event at a time; a snapshot from stored rows; then the same instant."""
    log = history()
    slates: dict[str, list[tuple[float, str, str]]] = {}
    for event in log.events:
        if event.kind is Kind.IMPRESSION and event.slate_id and SINCE <= event.at < UNTIL:
            slates.setdefault(event.slate_id, []).append((event.at, event.buyer_id, event.product_id))
    order = sorted(slates, key=lambda slate_id: (slates[slate_id][0][0], slate_id))
    chosen = order[len(order) // 2]
    at, buyer_id, _ = slates[chosen][0]

    stored_profile = BuyerProfile().to_json()
    stored_counters: dict[str, object] = {}
    for event in log.events:
        if event.at >= at:
            break
        if event.buyer_id == buyer_id:
            known = BuyerProfile.from_json(orjson.loads(orjson.dumps(stored_profile)))
            stored_profile = profile.apply(known, [event], log.catalogue).to_json()
        counted = ProductCounters.from_json(stored_counters.get(event.product_id, {}))  # type: ignore[arg-type]
        stored_counters[event.product_id] = counters.apply(counted, [event]).to_json()

    replay = Replay(log)
    replay.advance(at)
    nightly = replay.market()
    online = snapshot_of(
        log.catalogue,
        {key: ProductCounters.from_json(value) for key, value in stored_counters.items()},  # type: ignore[arg-type]
        similar=nightly.similar,
        bought_together=nightly.bought_together,
    )
    rows = np.array([log.catalogue.rows[product_id] for _, _, product_id in slates[chosen]])
    served = features_of(BuyerProfile.from_json(stored_profile), online, rows=rows, now=at)

    group = order.index(chosen)
    start = int(gathered.group_sizes[:group].sum())
    trained_on = gathered.features[start : start + len(rows)]
    assert gathered.shown_at[group] == at
    assert np.isfinite(served).sum() > served.size / 2
    np.testing.assert_allclose(served, trained_on, rtol=2e-5, atol=1e-6)


def test_the_future_cannot_be_seen(gathered: Dataset) -> None:
    """Rewriting all that happened after the last slate, and what came of it, changes no feature of it."""
    log = history()
    cut = float(gathered.shown_at[-1])
    others = log.catalogue.ids
    rewritten = tuple(
        event if event.at < cut or event.kind is Kind.IMPRESSION
        else replace(event, kind=Kind.PURCHASE, product_id=others[n % len(others)], slate_id=None)
        for n, event in enumerate(log.events)
    )  # fmt: skip
    changed = History(log.catalogue, rewritten, log.home_slates, log.until)
    again = gather(changed, Replay(changed), since=SINCE, until=UNTIL)
    last = slice(len(gathered.labels) - int(gathered.group_sizes[-1]), None)
    assert np.array_equal(again.features[last], gathered.features[last], equal_nan=True)
    assert again.shown_at[-1] == cut
    assert not np.array_equal(again.labels, gathered.labels)


def test_a_group_is_a_slate_with_the_best_that_came_of_each_product(gathered: Dataset) -> None:
    log = history()
    assert gathered.group_sizes.sum() == len(gathered.labels) == len(gathered.features) == len(gathered.positions)
    assert (np.diff(gathered.shown_at) >= 0).all()
    clicked = {
        (event.slate_id, event.product_id)
        for event in log.events
        if event.slate_id and INTEREST[event.kind] > 0.0 and event.kind is not Kind.VIEW
    }
    shown = {
        (event.slate_id, event.product_id)
        for event in log.events
        if event.kind is Kind.IMPRESSION and event.slate_id and SINCE <= event.at < UNTIL
    }
    inside = len(clicked & shown)
    assert abs(int((gathered.labels > 0).sum()) - inside) <= 5
    assert set(np.unique(gathered.labels)) == {0, 1, 2, 3}


def test_gains_far_down_count_for_what_nobody_looked_at(gathered: Dataset) -> None:
    clicked = gathered.labels == 1
    corrected = gathered.unbiased_gains()
    assert corrected[clicked & (gathered.positions == 0)] == pytest.approx(1.0)
    assert (corrected[clicked & (gathered.positions >= 9)] > 4.0).all()


def test_selecting_groups_keeps_their_rows_together(gathered: Dataset) -> None:
    mask = np.arange(len(gathered.group_sizes)) % 2 == 0
    half = gathered.select(mask)
    assert half.group_sizes.sum() == len(half.labels)
    first = int(gathered.group_sizes[0])
    assert np.array_equal(half.features[:first], gathered.features[:first], equal_nan=True)
