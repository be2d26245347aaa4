"""How often the product is clicked where it is looked at, and bought where it is clicked.

Clicks that a slate earned, over impressions weighted by the probability that their position was looked at: a product that
was always shown last is not punished for it. Both ratios are pulled to the market's usual by a prior worth a few
observations, so that one lucky click is not 100 %.
"""

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context
from workers.features.snapshot import COLUMN

NAMES: tuple[str, ...] = ("ctr_7d", "ctr_30d", "examined_30d", "cart_rate_30d", "purchase_rate_30d", "hide_rate_30d")

PRIOR_CTR, CTR_OBSERVATIONS = 0.10, 5.0
PRIOR_CART, PRIOR_PURCHASE, CLICK_OBSERVATIONS = 0.15, 0.06, 5.0
PRIOR_HIDE, HIDE_OBSERVATIONS = 0.002, 20.0


def compute(context: Context) -> NDArray[np.float32]:
    """float32 (n, 6): rates per examined impression or per click; `examined_30d` is ln(1 + mass). Never NaN."""
    week, month = context.masses[:, :, 2], context.masses[:, :, 3]
    examined = month[:, COLUMN["examined"]]
    clicks = month[:, COLUMN["clicks"]]
    columns = (
        smoothed(
            week[:, COLUMN["slate_clicks"]], week[:, COLUMN["examined"]], prior=PRIOR_CTR, strength=CTR_OBSERVATIONS
        ),
        smoothed(month[:, COLUMN["slate_clicks"]], examined, prior=PRIOR_CTR, strength=CTR_OBSERVATIONS),
        np.log1p(examined),
        smoothed(month[:, COLUMN["carts"]], clicks, prior=PRIOR_CART, strength=CLICK_OBSERVATIONS),
        smoothed(month[:, COLUMN["purchases"]], clicks, prior=PRIOR_PURCHASE, strength=CLICK_OBSERVATIONS),
        smoothed(month[:, COLUMN["hides"]], examined, prior=PRIOR_HIDE, strength=HIDE_OBSERVATIONS),
    )
    return np.column_stack(columns).astype(np.float32)


def smoothed(
    successes: NDArray[np.float64], trials: NDArray[np.float64], *, prior: float, strength: float
) -> NDArray[np.float64]:
    """(successes + prior * strength) / (trials + strength): the prior with no trials, the plain rate with many."""
    return (successes + prior * strength) / (trials + strength)
