"""What is found together with the products that the buyer was interested in last."""

import numpy as np
from numpy.typing import NDArray

from workers.features.decay import DAY
from workers.ranking.candidates.question import Question, best

HALF_LIFE = 7 * DAY


def rows(question: Question) -> NDArray[np.intp]:
    """Up to the slate's size of neighbours, the most similar to the most recent first."""
    scores = scores_of(question)
    return best(scores, question.scope & (scores > 0.0), count=question.size)


def scores_of(question: Question) -> NDArray[np.float64]:
    """Summed similarity to the recent products, float64 (n,); 0 for no neighbour of any."""
    market = question.market
    scores = np.zeros(len(market.catalogue) + 1)  # the last place takes what the fill value -1 points to
    for item in question.profile.recent:
        row = market.catalogue.rows.get(item.product_id)
        if row is None:
            continue
        fresh = item.interest * 0.5 ** (max(question.now - item.at, 0.0) / HALF_LIFE)
        for neighbours in (market.similar, market.bought_together):
            scores[neighbours.rows[row]] += fresh * neighbours.weights[row]
    return scores[:-1]
