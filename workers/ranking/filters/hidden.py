"""The buyer said not to show it."""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context
from workers.ranking.slate import SlateRequest


def allows(context: Context, request: SlateRequest) -> NDArray[np.bool_]:
    """False for a product that this buyer ever hid."""
    return np.equal(context.touch_column("hidden_at"), 0.0)
