"""How much of the buyer's interest is in the product's category, at each level of the tree and each pace of forgetting.

A share of all the buyer's interest, so that the busy and the occasional are alike: 1 means nothing but this category. The
hour's share is what makes a fresh click move the next slate; the month's is taste. `leaf_interest_1h` is the hour's mass
itself, ln(1 + clicks): one click and five are both a share of 1. `hours_since_leaf` is ln(1 + hours) since the last act.
"""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context, share
from workers.features.decay import HOUR

NAMES: tuple[str, ...] = (
    "leaf_share_1h", "leaf_share_1d", "leaf_share_7d", "leaf_share_30d",
    "middle_share_1d", "middle_share_30d",
    "root_share_1h", "root_share_1d", "root_share_30d",
    "leaf_interest_1h", "leaf_interest_30d", "leaf_aversion_30d",
    "hours_since_leaf", "hours_since_root",
)  # fmt: skip


def compute(context: Context) -> NDArray[np.float32]:
    """float32 (n, 14); shares in 0..1, NaN while the buyer has no interest of that pace; hours NaN if there was none ever."""
    catalogue = context.market.catalogue
    table = context.table(context.profile.categories, catalogue.category_rows)
    aversions = context.table(context.profile.aversions, catalogue.category_rows)
    whole = np.array(context.profile.interest.read(context.now))
    hours = _hours_since(context)
    root, middle, leaf = catalogue.paths[context.rows].T
    shares = share(table, whole[None, :])
    columns = (
        *shares[leaf].T,
        shares[middle, 1], shares[middle, 3],
        shares[root, 0], shares[root, 1], shares[root, 3],
        np.log1p(table[leaf, 0]), np.log1p(table[leaf, 3]), np.log1p(aversions[leaf, 3]),
        hours[leaf], hours[root],
    )  # fmt: skip
    return np.column_stack(columns).astype(np.float32)


def _hours_since(context: Context) -> NDArray[np.float64]:
    """ln(1 + hours) since the buyer's last interest in each category, float64 (categories,); NaN without any."""
    rows = context.market.catalogue.category_rows
    hours = np.full(len(rows), np.nan)
    for category_id, mass in context.profile.categories.items():
        row = rows.get(category_id)
        if row is not None:
            hours[row] = np.log1p(max(context.now - mass.at, 0.0) / HOUR)
    return hours
