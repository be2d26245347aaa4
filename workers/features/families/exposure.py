"""What already happened between this buyer and this product: shown, clicked, carted, favourited, bought."""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context, days_since

NAMES: tuple[str, ...] = (
    "times_seen", "times_clicked", "times_purchased",
    "days_since_seen", "days_since_engaged", "days_since_carted", "days_since_favourited", "days_since_purchased",
)  # fmt: skip


def compute(context: Context) -> NDArray[np.float32]:
    """float32 (n, 8): ln(1 + times), 0 if never met; ln(1 + days), NaN if it never happened."""
    times = [np.log1p(context.touch_column(name)) for name in ("impressions", "clicks", "purchases")]
    instants = ("seen_at", "engaged_at", "carted_at", "favourited_at", "purchased_at")
    days = [np.log1p(days_since(context.touch_column(name), context.now)) for name in instants]
    return np.column_stack((*times, *days)).astype(np.float32)
