"""How much all buyers did with the product lately, and whether that grows.

Counts are ln(1 + mass). `trend_1d_30d` is the day's clicks against the month's, both per day of their half-life: 0 is
steady, ln 2 doubled.
"""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context
from workers.features.decay import DAY, HALF_LIFE_NAMES, HALF_LIVES
from workers.features.snapshot import COLUMN

COUNTERS = ("clicks", "carts", "purchases")

NAMES: tuple[str, ...] = (
    *(f"{counter}_{half_life}" for counter in COUNTERS for half_life in HALF_LIFE_NAMES),
    "trend_1d_30d",
)


def compute(context: Context) -> NDArray[np.float32]:
    """float32 (n, 13); 0 for a product that nobody touched, never NaN."""
    counted = [np.log1p(context.masses[:, COLUMN[counter], :]) for counter in COUNTERS]
    clicks = context.masses[:, COLUMN["clicks"], :] / (np.array(HALF_LIVES) / DAY)
    trend = np.log1p(clicks[:, 1]) - np.log1p(clicks[:, 3])
    return np.column_stack([*counted, trend]).astype(np.float32)


def decayed_popularity(masses: NDArray[np.float64]) -> NDArray[np.float64]:
    """The score of the fallback and of the baseline: the week's clicks, carts (3) and purchases (4), float64 (n,).

    Args:
        masses: float64 (n, counters, half-lives), from `Market.masses_at`.
    """
    week = masses[:, :, _WEEK]
    score: NDArray[np.float64] = (
        week[:, COLUMN["clicks"]] + 3.0 * week[:, COLUMN["carts"]] + 4.0 * week[:, COLUMN["purchases"]]
    )
    return score


_WEEK = 2
