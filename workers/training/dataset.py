"""Rows to learn from: each slate that was shown, with what was known when it was shown and what came of it."""

from bisect import bisect_left
from collections import defaultdict
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.features.event import Kind
from workers.features.families.popularity import decayed_popularity
from workers.features.position import examination
from workers.features.registry import NAMES, features_of
from workers.training.metrics import GAINS
from workers.training.replay import Replay
from workers.training.source import History

LABELS: dict[Kind, int] = {Kind.CLICK: 1, Kind.FAVOURITE: 2, Kind.ADD_TO_CART: 2, Kind.PURCHASE: 3}
"""The grade of a product in its slate is the best that came of showing it; 0 if nothing did."""


@dataclass(frozen=True, slots=True, eq=False)
class Dataset:
    """n rows in g groups; a group is a slate, its rows are contiguous and in the order shown.

    Attributes:
        features: float32 (n, len(NAMES)).
        labels: int8 (n,), 0..3, see LABELS.
        positions: int32 (n,), as shown, 0 at the top.
        popularity: float64 (n,), decayed popularity then: the baseline's score.
        group_sizes: int32 (g,); shown_at: float64 (g,), Unix seconds; is_home: bool (g,).
    """

    features: NDArray[np.float32]
    labels: NDArray[np.int8]
    positions: NDArray[np.int32]
    popularity: NDArray[np.float64]
    group_sizes: NDArray[np.int32]
    shown_at: NDArray[np.float64]
    is_home: NDArray[np.bool_]

    def select(self, groups: NDArray[np.bool_]) -> "Dataset":
        """The groups where the mask is true."""
        rows = np.repeat(groups, self.group_sizes)
        return Dataset(
            self.features[rows],
            self.labels[rows],
            self.positions[rows],
            self.popularity[rows],
            self.group_sizes[groups],
            self.shown_at[groups],
            self.is_home[groups],
        )

    def gains(self) -> NDArray[np.float64]:
        """float64 (n,): what each row was worth."""
        worth: NDArray[np.float64] = GAINS[self.labels]
        return worth

    def unbiased_gains(self) -> NDArray[np.float64]:
        """float64 (n,): the same over the probability that the position was looked at: a click far down counts for the
        clicks there that nobody could make."""
        looked = np.array([examination(place) for place in self.positions.tolist()], dtype=np.float64)
        corrected: NDArray[np.float64] = self.gains() / looked
        return corrected

    def has_success(self) -> NDArray[np.bool_]:
        """bool (g,): whether anything came of the group; without it a ranking of the group is neither good nor bad."""
        starts = np.concatenate(([0], np.cumsum(self.group_sizes)[:-1]))
        return np.maximum.reduceat(self.labels, starts) > 0 if len(starts) else np.zeros(0, dtype=np.bool_)


@dataclass(slots=True)
class _Shown:
    buyer_id: str
    at: float
    rows: list[int]
    positions: list[int]


def gather(history: History, replay: Replay, *, since: float, until: float) -> Dataset:
    """The slates shown in [since, until), each with the features of its own instant. Moves the replay to `until`."""
    slates, grades = _slates(history, since=since, until=until)
    features, popularity = [np.empty((0, len(NAMES)), dtype=np.float32)], [np.empty(0)]
    for shown in slates.values():
        replay.advance(shown.at)
        market = replay.market()
        rows = np.array(shown.rows, dtype=np.intp)
        features.append(features_of(replay.profile(shown.buyer_id), market, rows=rows, now=shown.at))
        popularity.append(decayed_popularity(market.masses_at(rows, shown.at)))
    replay.advance(until)
    labels = [grades[slate_id, row] for slate_id, shown in slates.items() for row in shown.rows]
    return Dataset(
        features=np.concatenate(features),
        labels=np.array(labels, dtype=np.int8),
        positions=np.array([place for shown in slates.values() for place in shown.positions], dtype=np.int32),
        popularity=np.concatenate(popularity),
        group_sizes=np.array([len(shown.rows) for shown in slates.values()], dtype=np.int32),
        shown_at=np.array([shown.at for shown in slates.values()], dtype=np.float64),
        is_home=np.array([slate_id in history.home_slates for slate_id in slates], dtype=np.bool_),
    )


def _slates(history: History, *, since: float, until: float) -> tuple[dict[str, _Shown], dict[tuple[str, int], int]]:
    slates: dict[str, _Shown] = {}
    grades: dict[tuple[str, int], int] = defaultdict(int)
    first = bisect_left(history.events, since, key=lambda event: event.at)
    for event in history.events[first:]:
        row = history.catalogue.rows.get(event.product_id)
        if event.slate_id is None or row is None:
            continue
        if event.kind is Kind.IMPRESSION:
            shown = slates.setdefault(event.slate_id, _Shown(event.buyer_id, event.at, [], []))
            shown.rows.append(row)
            shown.positions.append(event.position or 0)
        elif event.kind in LABELS:
            grades[event.slate_id, row] = max(grades[event.slate_id, row], LABELS[event.kind])
    inside = {slate_id: shown for slate_id, shown in slates.items() if shown.at < until}
    return dict(sorted(inside.items(), key=lambda item: (item[1].at, item[0]))), grades
