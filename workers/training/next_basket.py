"""A log of orders alone: what will this buyer put into the next basket?

There are no slates, so candidates come from the pipeline's own sources, at the instant of each order and knowing only what
came before; a candidate that was bought has label 1. Order by order in time: the older ones train, the last ones test. It
shows whether features, sources and model hold on behaviour that nobody here has written.
"""

from collections import defaultdict
from collections.abc import Iterator
from dataclasses import dataclass

import lightgbm
import numpy as np
from numpy.typing import NDArray

from workers.features.decay import DAY
from workers.features.registry import NAMES
from workers.ranking.candidates.item_to_item import scores_of
from workers.ranking.candidates.question import best
from workers.ranking.candidates.retrieve import retrieve
from workers.ranking.hydrate import Hydrated, hydrate
from workers.ranking.pipeline import ask
from workers.ranking.slate import SlateRequest
from workers.training.fit import PARAMETERS, ROUNDS
from workers.training.metrics import ndcg, recall
from workers.training.replay import Replay
from workers.training.source import History

TEST_DAYS = 30.0
TRAIN_DAYS = 60.0
MAX_ORDERS = 1_200
"""Orders ranked in each part, spread evenly: enough for a standard error under 0.01."""
REQUEST = SlateRequest(size=150)


@dataclass(frozen=True, slots=True)
class Rung:
    """What one way of ranking reached on the test orders; NDCG and recall over the whole catalogue, in 0..1."""

    name: str
    ndcg_at_10: float
    recall_at_50: float


@dataclass(frozen=True, slots=True)
class _Order:
    buyer_id: str
    at: float
    rows: frozenset[int]


@dataclass(frozen=True, slots=True, eq=False)
class _Moment:
    order: _Order
    hydrated: Hydrated
    popular: list[int]
    similar: list[int]


def evaluate(history: History, *, seed: int) -> list[Rung]:
    """Popularity, item-to-item and the model, each on the same test orders of buyers who had ordered before."""
    cut = history.until - TEST_DAYS * DAY
    replay = Replay(history)
    booster = _fit(_moments(history, replay, since=cut - TRAIN_DAYS * DAY, until=cut), seed=seed)
    reached: dict[str, list[tuple[float, float]]] = defaultdict(list)
    for moment in _moments(history, replay, since=cut, until=history.until):
        rows = moment.hydrated.context.rows
        scores = np.asarray(booster.predict(moment.hydrated.features, num_threads=1))
        ranked = rows[np.argsort(-scores, kind="stable")].tolist()
        for name, order in (("popularity", moment.popular), ("item-to-item", moment.similar), ("model", ranked)):
            reached[name].append(_measure(order, moment.order.rows))
    return [Rung(name, *np.mean(np.array(values), axis=0).tolist()) for name, values in reached.items()]


def _moments(history: History, replay: Replay, *, since: float, until: float) -> Iterator[_Moment]:
    orders = _orders(history, since=since, until=until)
    step = max(len(orders) // MAX_ORDERS, 1)
    for number, order in enumerate(orders[::step]):
        replay.advance(order.at)
        profile, market = replay.profile(order.buyer_id), replay.market()
        if not profile.recent:
            continue
        rng = np.random.default_rng(number)
        question = ask(profile, market, now=order.at, rng=rng, request=REQUEST)
        hydrated = hydrate(retrieve(question), profile=profile, market=market, now=order.at)
        popular = best(question.popularity, question.scope, count=50)
        similar = best(scores_of(question) + 1e-9 * question.popularity, question.scope, count=50)
        yield _Moment(order, hydrated, popular.tolist(), similar.tolist())


def _orders(history: History, *, since: float, until: float) -> list[_Order]:
    lines: dict[str, list[tuple[str, float, int]]] = defaultdict(list)
    for event in history.events:
        if since <= event.at < until and event.slate_id is not None:
            lines[event.slate_id].append((event.buyer_id, event.at, history.catalogue.rows[event.product_id]))
    orders = [_Order(listed[0][0], listed[0][1], frozenset(row for _, _, row in listed)) for listed in lines.values()]
    return sorted(orders, key=lambda order: order.at)


def _fit(moments: Iterator[_Moment], *, seed: int) -> lightgbm.Booster:
    features: list[NDArray[np.float32]] = []
    labels: list[NDArray[np.float32]] = []
    for moment in moments:
        bought = np.isin(moment.hydrated.context.rows, list(moment.order.rows))
        if bought.any():
            features.append(moment.hydrated.features)
            labels.append(bought.astype(np.float32))
    groups = [len(part) for part in labels]
    data = lightgbm.Dataset(np.concatenate(features), np.concatenate(labels), group=groups, feature_name=list(NAMES))
    return lightgbm.train({**PARAMETERS, "seed": seed}, data, num_boost_round=ROUNDS)


def _measure(ranked: list[int], wanted: frozenset[int]) -> tuple[float, float]:
    found = [row in wanted for row in ranked]
    missing = len(wanted) - sum(found)
    gains = np.array([*map(float, found), *[1.0] * missing])
    scores = -np.arange(len(gains), dtype=np.float64)
    shown, bought = [str(row) for row in ranked], [str(row) for row in wanted]
    return ndcg(gains, scores, k=10), recall(shown, bought, k=50)
