"""What everybody wants this week. Also the filler: it asks for twice the slate, so that filters leave enough."""

import numpy as np
from numpy.typing import NDArray

from workers.ranking.candidates.question import Question, best


def rows(question: Question) -> NDArray[np.intp]:
    """The most popular of the scope, up to twice the slate's size."""
    return best(question.popularity, question.scope, count=2 * question.size)
