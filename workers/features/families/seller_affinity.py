"""How much of the buyer's interest goes to the product's seller."""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context, share

NAMES: tuple[str, ...] = ("seller_share_1d", "seller_share_30d", "seller_interest_30d")


def compute(context: Context) -> NDArray[np.float32]:
    """float32 (n, 3): shares in 0..1 (NaN while the buyer has no interest of that pace), and ln(1 + mass)."""
    catalogue = context.market.catalogue
    table = context.table(context.profile.sellers, catalogue.seller_rows)
    whole = np.array(context.profile.interest.read(context.now))
    seller = catalogue.sellers[context.rows]
    shares = share(table, whole[None, :])
    return np.column_stack((shares[seller, 1], shares[seller, 3], np.log1p(table[seller, 3]))).astype(np.float32)
