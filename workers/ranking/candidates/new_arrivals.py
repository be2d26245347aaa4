"""What was listed lately: it has no clicks yet, so no other source would ever find it."""

import numpy as np
from numpy.typing import NDArray

from workers.features.families.freshness import NEW_DAYS
from workers.ranking.candidates.question import Question, best


def rows(question: Question) -> NDArray[np.intp]:
    """Up to a quarter of the slate's size, listed within the last two weeks, the newest first."""
    created_at = question.market.catalogue.created_at
    recent = (created_at <= question.now) & (question.now - created_at <= NEW_DAYS * 86_400.0)
    return best(created_at, question.scope & recent, count=max(question.size // 4, 1))
