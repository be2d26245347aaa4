import numpy as np

from tests.support.ranking import CATEGORIES, NOW, act, product, tiny, today
from workers.features import counters
from workers.features.counters import ProductCounters
from workers.features.decay import DAY
from workers.features.event import Behaviour, Kind
from workers.features.neighbours import neighbours_of
from workers.features.profile import BuyerProfile, apply
from workers.features.snapshot import Market, snapshot_of
from workers.ranking.candidates import buy_again, category_affinity, exploration, item_to_item, new_arrivals, popular
from workers.ranking.candidates.question import Question
from workers.ranking.candidates.retrieve import retrieve
from workers.ranking.pipeline import ask
from workers.ranking.slate import SlateRequest, Source


def question(*events: Behaviour, market: Market | None = None, size: int = 4, category: str | None = None) -> Question:
    market = market or snapshot_of(tiny(), {})
    profile = apply(BuyerProfile(), events, market.catalogue)
    request = SlateRequest(size=size, category_id=category)
    return ask(profile, market, now=NOW, rng=np.random.default_rng(1), request=request)


def names(asked: Question, rows: np.ndarray) -> list[str]:
    return [asked.market.catalogue.ids[row] for row in rows.tolist()]


def test_popular_is_what_was_clicked_lately_most_first() -> None:
    clicks = {
        "pan": counters.apply(ProductCounters(), [act(Kind.CLICK, "pan")] * 2),
        "pen-red": counters.apply(ProductCounters(), [act(Kind.CLICK, "pen-red", ago=60 * DAY)] * 9),
        "kettle-10": counters.apply(ProductCounters(), [act(Kind.PURCHASE, "kettle-10")]),
    }
    asked = question(market=snapshot_of(tiny(), clicks), size=1)
    assert names(asked, popular.rows(asked)) == ["kettle-10", "pan"]


def test_affinity_gives_most_places_to_the_category_cared_for_most() -> None:
    asked = question(*[act(Kind.CLICK, "kettle-10")] * 3, act(Kind.CLICK, "pan"))
    found = names(asked, category_affinity.rows(asked))
    assert set(found[:3]) == {"kettle-10", "kettle-20", "kettle-40"}
    assert "pan" in found
    assert not {"pen-blue", "pen-red"} & set(found)


def test_neighbours_come_nearest_to_the_most_recent_first() -> None:
    near = neighbours_of([[0, 1]] * 4 + [[0, 3]] * 2, count=6, k=3)
    asked = question(act(Kind.CLICK, "kettle-10"), market=snapshot_of(tiny(), {}, similar=near))
    assert names(asked, item_to_item.rows(asked)) == ["kettle-20", "pan"]


def test_new_arrivals_are_the_newest_and_never_from_the_future() -> None:
    catalogue_rows = [
        product("old"),
        product("week", age_days=7.0),
        product("day", age_days=1.0),
        product("tomorrow", age_days=-1.0),
    ]
    from workers.features.catalogue import catalogue_of

    asked = question(market=snapshot_of(catalogue_of(catalogue_rows, CATEGORIES), {}), size=12)
    assert names(asked, new_arrivals.rows(asked)) == ["day", "week"]
    assert "tomorrow" not in names(asked, popular.rows(asked))


def test_buy_again_is_what_was_bought_most_often() -> None:
    asked = question(act(Kind.PURCHASE, "pan"), act(Kind.PURCHASE, "pen-red"), act(Kind.PURCHASE, "pen-red"), size=20)
    assert names(asked, buy_again.rows(asked)) == ["pen-red", "pan"]


def test_exploration_prefers_what_few_have_looked_at() -> None:
    seen = counters.apply(ProductCounters(), [act(Kind.IMPRESSION, "pan", position=0)] * 5000)
    market = snapshot_of(tiny(), {"pan": seen})
    drawn = []
    for seed in range(300):
        asked = question(market=market, size=8)
        fresh = Question(
            asked.profile, market, NOW, asked.scope, asked.popularity, np.random.default_rng(seed), asked.size
        )
        drawn += names(fresh, exploration.rows(fresh))
    assert len(drawn) == 300
    assert drawn.count("pan") < 300 / 6 / 4
    assert min(drawn.count(name) for name in tiny().ids if name != "pan") > 30


def test_a_category_bounds_every_source() -> None:
    asked = question(act(Kind.PURCHASE, "pan", ago=50 * DAY), act(Kind.CLICK, "kettle-10"), category="pens")
    retrieved = retrieve(asked)
    assert {asked.market.catalogue.ids[row] for row in retrieved.rows.tolist()} == {"pen-blue", "pen-red"}


def test_each_candidate_is_named_once_by_the_first_source_that_knows_it() -> None:
    asked = question(act(Kind.PURCHASE, "pan"), size=20)
    retrieved = retrieve(asked)
    assert len(set(retrieved.rows.tolist())) == len(retrieved.rows) == len(retrieved.sources)
    of_pan = retrieved.sources[retrieved.rows.tolist().index(asked.market.catalogue.rows["pan"])]
    assert of_pan is Source.BUY_AGAIN


def test_all_sources_take_part_for_a_buyer_with_a_history() -> None:
    replay = today()
    buyer = max(replay.history.events[-4000:], key=lambda event: event.kind is Kind.PURCHASE).buyer_id
    asked = ask(
        replay.profile(buyer),
        replay.market(),
        now=replay.now,
        rng=np.random.default_rng(1),
        request=SlateRequest(size=100),
    )
    assert set(retrieve(asked).sources) == set(Source)


def test_an_empty_market_has_no_candidates() -> None:
    from workers.features.catalogue import catalogue_of

    asked = question(market=snapshot_of(catalogue_of([], CATEGORIES), {}))
    assert len(retrieve(asked).rows) == 0
