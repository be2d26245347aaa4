"""What the buyer bought before, long enough ago to want it once more; the filter of the just purchased decides how long."""

import numpy as np
from numpy.typing import NDArray

from workers.ranking.candidates.question import Question


def rows(question: Question) -> NDArray[np.intp]:
    """Up to a tenth of the slate's size, bought most often first."""
    catalogue = question.market.catalogue
    bought = [
        (-touch.purchases, -touch.purchased_at, catalogue.rows[product_id])
        for product_id, touch in question.profile.touches.items()
        if touch.purchases and product_id in catalogue.rows
    ]
    ordered = [row for *_, row in sorted(bought) if question.scope[row]]
    return np.array(ordered[: max(question.size // 10, 1)], dtype=np.intp)
