"""What is found together with the products that the buyer was interested in last."""

import numpy as np
from numpy.typing import NDArray

from workers.features.decay import DAY
from workers.features.families.similarity import spread
from workers.ranking.candidates.question import Question, best

HALF_LIFE = 7 * DAY


def rows(question: Question) -> NDArray[np.intp]:
    """Up to the slate's size of neighbours, the most similar to the most recent first."""
    scores = scores_of(question)
    return best(scores, question.scope & (scores > 0.0), count=question.size)


def scores_of(question: Question) -> NDArray[np.float64]:
    """Summed similarity to the recent products, float64 (n,); 0 for no neighbour of any."""
    market = question.market
    catalogue = market.catalogue
    known = [item for item in question.profile.recent if item.product_id in catalogue.rows]
    if not known:
        return np.zeros(len(catalogue))
    rows_known = [catalogue.rows[item.product_id] for item in known]
    ages = np.maximum(question.now - np.array([item.at for item in known]), 0.0)
    lent = np.array([item.interest for item in known]) * np.exp2(-ages / HALF_LIFE)
    viewed = spread(market.similar, rows_known, lent, count=len(catalogue))
    bought = spread(market.bought_together, rows_known, lent, count=len(catalogue))
    return viewed + bought
