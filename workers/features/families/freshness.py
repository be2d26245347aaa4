"""How new the product is to the market."""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context

NAMES: tuple[str, ...] = ("age_days", "is_new")

NEW_DAYS = 14.0


def compute(context: Context) -> NDArray[np.float32]:
    """float32 (n, 2): ln(1 + days since it was listed), and 1 for a product listed within NEW_DAYS, else 0."""
    age = np.maximum(context.now - context.market.catalogue.created_at[context.rows], 0.0) / 86_400.0
    return np.column_stack((np.log1p(age), age <= NEW_DAYS)).astype(np.float32)
