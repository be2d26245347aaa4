"""The market at one instant, as ranking reads it: catalogue, counters of every product, neighbours.

A worker keeps one and replaces parts of it: `with_counters` after each batch of events, `snapshot_of` when the catalogue or
the neighbours changed. 2,000 products take about 2 MB.
"""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Self

import numpy as np
from numpy.typing import NDArray

from workers.features.catalogue import Catalogue
from workers.features.counters import COUNTED, ProductCounters
from workers.features.decay import HALF_LIVES
from workers.features.neighbours import Neighbours, no_neighbours

_HALF_LIVES = np.array(HALF_LIVES)
COLUMN = {name: column for column, name in enumerate(COUNTED)}
"""The column of each counter in `Market.masses`."""


@dataclass(frozen=True, slots=True, eq=False)
class Market:
    """What is known of n products.

    Attributes:
        masses: float64 (n, counters, half-lives), each as of its instant in `instants`.
        instants: float64 (n, counters), Unix seconds.
        similar: neighbours by what the same visits hold.
        bought_together: neighbours by what the same orders hold.
    """

    catalogue: Catalogue
    masses: NDArray[np.float64]
    instants: NDArray[np.float64]
    similar: Neighbours
    bought_together: Neighbours

    def masses_at(self, rows: NDArray[np.intp], now: float) -> NDArray[np.float64]:
        """The decayed counts of `rows` at `now`: float64 (len(rows), counters, half-lives)."""
        elapsed = np.maximum(now - self.instants[rows], 0.0)
        decayed: NDArray[np.float64] = self.masses[rows] * np.exp2(-elapsed[:, :, None] / _HALF_LIVES)
        return decayed

    def with_counters(self, changed: Mapping[str, ProductCounters]) -> Self:
        """The market with the counters of some products replaced; products outside the catalogue are passed over."""
        masses, instants = self.masses.copy(), self.instants.copy()
        fill(masses, instants, changed, self.catalogue)
        return replace(self, masses=masses, instants=instants)


def snapshot_of(
    catalogue: Catalogue,
    counters: Mapping[str, ProductCounters],
    *,
    similar: Neighbours | None = None,
    bought_together: Neighbours | None = None,
) -> Market:
    """The market with these counters by product id; a product without any is unwatched."""
    count = len(catalogue)
    masses = np.zeros((count, len(COUNTED), len(HALF_LIVES)), dtype=np.float64)
    instants = np.zeros((count, len(COUNTED)), dtype=np.float64)
    fill(masses, instants, counters, catalogue)
    return Market(catalogue, masses, instants, similar or no_neighbours(count), bought_together or no_neighbours(count))


def fill(
    masses: NDArray[np.float64],
    instants: NDArray[np.float64],
    counters: Mapping[str, ProductCounters],
    catalogue: Catalogue,
) -> None:
    """Writes counters into arrays of a snapshot that nobody else holds yet (replaying a log, building a new snapshot)."""
    for product_id, counted in counters.items():
        row = catalogue.rows.get(product_id)
        if row is None:
            continue
        listed = counted.masses()
        masses[row] = [mass.values for mass in listed]
        instants[row] = [mass.at for mass in listed]
