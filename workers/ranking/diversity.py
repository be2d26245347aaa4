"""An order in which no category and no seller takes the page, and the last click and chance have their places.

Greedy, from the top: the best score left wins, less a penalty that grows with how many of the last WINDOW products share its
leaf category or its seller; one that would break a cap waits until the window has moved on, or nothing else is left. Scores
are first brought to a standard deviation of 1, so that penalties mean the same whoever scored. One place in every WINDOW,
in its lower half, belongs to a product drawn for exploration. And for half an hour after a buyer was interested in
something, three of the first five places belong to its category: a model that has learned from months believes one click
little, but whoever clicked expects to see that it was noticed.
"""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context
from workers.ranking.scoring import Scored
from workers.ranking.slate import Source

WINDOW = 10
LEAF_CAP = 5
SELLER_CAP = 4
LEAF_PENALTY = 0.12
SELLER_PENALTY = 0.08
FRESH_SECONDS = 1_800.0
FRESH_QUOTA = {1: 1, 3: 2, 4: 3}
"""By this place (from 0), so many products of the category of the latest interest, if the scores have not brought them."""


def diversify(scored: Scored, *, size: int, rng: np.random.Generator) -> list[int]:
    """Positions of the candidates to show, best first, at most `size`, each once."""
    rows = scored.kept.context.rows
    catalogue = scored.kept.context.market.catalogue
    leaves, sellers = catalogue.paths[rows, -1], catalogue.sellers[rows]
    explored = np.array([source is Source.EXPLORATION for source in scored.kept.sources], dtype=np.bool_)
    fresh = _fresh(scored.kept.context)
    worth = _standard(scored.scores)
    is_left = np.ones(len(rows), dtype=np.bool_)
    chosen: list[int] = []
    slot = _exploration_slot(0, rng)
    while len(chosen) < size and is_left.any():
        if len(chosen) % WINDOW == 0:
            slot = _exploration_slot(len(chosen), rng)
        recent = chosen[-(WINDOW - 1) :]
        leaf_counts = np.bincount(leaves[recent], minlength=len(catalogue.category_ids))[leaves]
        seller_counts = np.bincount(sellers[recent], minlength=len(catalogue.seller_ids))[sellers]
        is_owed = fresh[chosen].sum() < FRESH_QUOTA.get(len(chosen), 0)
        wanted = fresh if is_owed and (is_left & fresh).any() else explored == (len(chosen) == slot)
        pool = is_left & wanted if (is_left & wanted).any() else is_left
        fits = pool & (leaf_counts < LEAF_CAP) & (seller_counts < SELLER_CAP)
        gains = worth - LEAF_PENALTY * leaf_counts - SELLER_PENALTY * seller_counts
        best = int(np.argmax(np.where(fits if fits.any() else pool, gains, -np.inf)))
        chosen.append(best)
        is_left[best] = False
    return chosen


def _fresh(context: Context) -> NDArray[np.bool_]:
    """bool (n,): products of the leaf category of the buyer's latest interest, but not that product; none if it is old."""
    none = np.zeros(len(context.rows), dtype=np.bool_)
    if not context.profile.recent:
        return none
    latest = context.profile.recent[0]
    row = context.market.catalogue.rows.get(latest.product_id)
    if row is None or context.now - latest.at > FRESH_SECONDS:
        return none
    leaves = context.market.catalogue.paths[:, -1]
    fresh: NDArray[np.bool_] = (leaves[context.rows] == leaves[row]) & (context.rows != row)
    return fresh


def _exploration_slot(start: int, rng: np.random.Generator) -> int:
    return start + int(rng.integers(WINDOW // 2, WINDOW))


def _standard(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = float(scores.std()) if len(scores) else 0.0
    return (scores - scores.mean()) / spread if spread > 0.0 else np.zeros_like(scores)
