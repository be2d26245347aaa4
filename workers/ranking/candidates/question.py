"""What every candidate source is given."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.features.profile import BuyerProfile
from workers.features.snapshot import Market


@dataclass(frozen=True, slots=True, eq=False)
class Question:
    """A buyer, a market, an instant.

    Attributes:
        scope: bool (n,), products that may be shown to somebody: in the category asked for, published.
        popularity: float64 (n,), `decayed_popularity` of every product at `now`.
        rng: seeded; only sources that explore draw from it.
        size: products wanted in the slate; a source scales with it.
    """

    profile: BuyerProfile
    market: Market
    now: float
    scope: NDArray[np.bool_]
    popularity: NDArray[np.float64]
    rng: np.random.Generator
    size: int


def best(scores: NDArray[np.float64], scope: NDArray[np.bool_], *, count: int) -> NDArray[np.intp]:
    """Rows of the `count` largest scores within the scope, largest first; ties by row."""
    rows = np.flatnonzero(scope)
    order = np.argsort(-scores[rows], kind="stable")
    return rows[order[:count]]
