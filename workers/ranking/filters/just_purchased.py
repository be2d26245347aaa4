"""What was bought the other day is not wanted again yet."""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context, days_since
from workers.ranking.slate import SlateRequest

REST_DAYS = 21.0
"""Three weeks: the shortest interval at which the demo market's consumables are bought again in numbers."""


def allows(context: Context, request: SlateRequest) -> NDArray[np.bool_]:
    """False for a product that this buyer bought within REST_DAYS."""
    return ~(days_since(context.touch_column("purchased_at"), context.now) < REST_DAYS)
