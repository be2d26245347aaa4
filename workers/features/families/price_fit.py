"""The product's price beside what this buyer usually looks at.

Prices are compared as levels: ln(price / median of the leaf category), so that a dear kettle and a dear sofa are alike. By
hand: a buyer whose clicks were at 2x the median (level 0.69) sees a product at the median with a gap of -0.69.
"""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import FADED, Context

NAMES: tuple[str, ...] = ("price_level", "price_gap", "price_gap_z", "log_price", "discount")

SPREAD_FLOOR = 0.25
"""A buyer of two like-priced things is not that sure: the least standard deviation of a habit, in ln units."""

_MONTH = 3


def compute(context: Context) -> NDArray[np.float32]:
    """float32 (n, 5): ln units, ln minor units for log_price, a share for discount; the gaps are NaN for a stranger."""
    catalogue, rows = context.market.catalogue, context.rows
    level = catalogue.price_levels[rows]
    mean, spread = _habit(context)
    columns = (
        level, level - mean, (level - mean) / spread, np.log(np.maximum(catalogue.prices[rows], 1.0)), catalogue.discounts[rows]
    )  # fmt: skip
    return np.column_stack(columns).astype(np.float32)


def _habit(context: Context) -> tuple[float, float]:
    price = context.profile.price
    weight = price.weight.read(context.now)[_MONTH]
    if weight <= FADED:
        return float("nan"), float("nan")
    mean = price.total.read(context.now)[_MONTH] / weight
    variance = max(price.squares.read(context.now)[_MONTH] / weight - mean * mean, 0.0)
    return mean, max(variance**0.5, SPREAD_FLOOR)
