"""What cannot be bought is not recommended."""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context
from workers.ranking.slate import SlateRequest


def allows(context: Context, request: SlateRequest) -> NDArray[np.bool_]:
    """False for a product with no pieces left, as far as the snapshot knows."""
    allowed: NDArray[np.bool_] = context.market.catalogue.stock[context.rows] > 0
    return allowed
