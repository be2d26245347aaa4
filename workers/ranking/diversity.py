"""An order in which no category and no seller takes the page, and chance has its place.

Greedy, from the top: the best score left wins, less a penalty that grows with how many of the last WINDOW products share its
leaf category or its seller; one that would break a cap waits until the window has moved on, or nothing else is left. Scores
are first brought to a standard deviation of 1, so that penalties mean the same whoever scored. One place in every WINDOW,
in its lower half, belongs to a product drawn for exploration.
"""

import numpy as np
from numpy.typing import NDArray

from workers.ranking.scoring import Scored
from workers.ranking.slate import Source

WINDOW = 10
LEAF_CAP = 5
SELLER_CAP = 4
LEAF_PENALTY = 0.12
SELLER_PENALTY = 0.08


def diversify(scored: Scored, *, size: int, rng: np.random.Generator) -> list[int]:
    """Positions of the candidates to show, best first, at most `size`, each once."""
    rows = scored.kept.context.rows
    catalogue = scored.kept.context.market.catalogue
    leaves, sellers = catalogue.paths[rows, -1], catalogue.sellers[rows]
    explored = np.array([source is Source.EXPLORATION for source in scored.kept.sources], dtype=np.bool_)
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
        pool = is_left & (explored == (len(chosen) == slot))
        if not pool.any():
            pool = is_left
        fits = pool & (leaf_counts < LEAF_CAP) & (seller_counts < SELLER_CAP)
        gains = worth - LEAF_PENALTY * leaf_counts - SELLER_PENALTY * seller_counts
        best = int(np.argmax(np.where(fits if fits.any() else pool, gains, -np.inf)))
        chosen.append(best)
        is_left[best] = False
    return chosen


def _exploration_slot(start: int, rng: np.random.Generator) -> int:
    return start + int(rng.integers(WINDOW // 2, WINDOW))


def _standard(scores: NDArray[np.float64]) -> NDArray[np.float64]:
    spread = float(scores.std()) if len(scores) else 0.0
    return (scores - scores.mean()) / spread if spread > 0.0 else np.zeros_like(scores)
