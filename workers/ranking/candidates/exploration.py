"""Products drawn by chance, rather those rarely looked at: without them the market would only learn what it believes."""

import numpy as np
from numpy.typing import NDArray

from workers.features.snapshot import COLUMN
from workers.ranking.candidates.question import Question


def rows(question: Question) -> NDArray[np.intp]:
    """Up to an eighth of the slate's size; the odds of a product fall with the root of how often it was looked at."""
    scope = np.flatnonzero(question.scope)
    count = min(max(question.size // 8, 1), len(scope))
    if count == 0:
        return scope
    examined = question.market.masses_at(scope, question.now)[:, COLUMN["examined"], -1]
    odds = 1.0 / np.sqrt(1.0 + examined)
    return question.rng.choice(scope, size=count, replace=False, p=odds / odds.sum())
