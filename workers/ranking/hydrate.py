"""Candidates with all that the later stages ask of them."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context, context_of
from workers.features.profile import BuyerProfile
from workers.features.registry import NAMES, features_of_context
from workers.features.snapshot import Market
from workers.ranking.candidates.retrieve import Retrieved
from workers.ranking.slate import Source


@dataclass(frozen=True, slots=True, eq=False)
class Hydrated:
    """n candidates in one order: line i of `features` and sources[i] belong to context.rows[i].

    Attributes:
        features: float32 (n, len(NAMES)), see `features.registry`.
    """

    context: Context
    sources: tuple[Source, ...]
    features: NDArray[np.float32]

    def __len__(self) -> int:
        return len(self.sources)

    def column(self, name: str) -> NDArray[np.float32]:
        """One feature by name, float32 (n,); NaN = unknown."""
        return self.features[:, _COLUMN[name]]

    def keep(self, mask: NDArray[np.bool_]) -> "Hydrated":
        """The candidates where the mask is true, in the same order."""
        context = self.context
        kept = Context(
            context.profile,
            context.market,
            context.rows[mask],
            context.now,
            context.masses[mask],
            tuple(touch for touch, is_kept in zip(context.touches, mask, strict=True) if is_kept),
        )
        sources = tuple(source for source, is_kept in zip(self.sources, mask, strict=True) if is_kept)
        return Hydrated(kept, sources, self.features[mask])


_COLUMN = {name: column for column, name in enumerate(NAMES)}


def hydrate(retrieved: Retrieved, *, profile: BuyerProfile, market: Market, now: float) -> Hydrated:
    """The candidates with their features."""
    context = context_of(profile, market, rows=retrieved.rows, now=now)
    return Hydrated(context, retrieved.sources, features_of_context(context))
