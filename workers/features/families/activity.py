"""How active the buyer is: the same for every candidate, there so that the model may trust a long history more."""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context

NAMES: tuple[str, ...] = ("buyer_interest_1h", "buyer_interest_1d", "buyer_interest_30d")


def compute(context: Context) -> NDArray[np.float32]:
    """float32 (n, 3): ln(1 + the buyer's decayed interest), 0 for a stranger."""
    hour, day, _, month = context.profile.interest.read(context.now)
    line = np.log1p(np.array((hour, day, month)))
    return np.tile(line, (len(context.rows), 1)).astype(np.float32)
