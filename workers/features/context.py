"""The question that every feature answers: this buyer, these candidates, this instant."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.features.decay import HALF_LIVES, Mass
from workers.features.profile import BuyerProfile, Touch
from workers.features.snapshot import Market

Column = NDArray[np.float64]
_HALF_LIVES = np.array(HALF_LIVES)


@dataclass(frozen=True, slots=True, eq=False)
class Context:
    """Inputs of a feature, with what several features need computed once.

    Attributes:
        rows: intp (n,), the candidates as rows of the catalogue.
        now: Unix seconds; nothing that happened later may be in profile or market.
        masses: float64 (n, counters, half-lives), the candidates' counts at `now`.
        touches: what happened between this buyer and each candidate; None if nothing.
    """

    profile: BuyerProfile
    market: Market
    rows: NDArray[np.intp]
    now: float
    masses: NDArray[np.float64]
    touches: tuple[Touch | None, ...]

    def touch_column(self, name: str) -> Column:
        """An attribute of the touches: float64 (n,), 0 where the buyer never met the product."""
        return np.array([getattr(touch, name) if touch else 0.0 for touch in self.touches], dtype=np.float64)

    def table(self, masses: Mapping[str, Mass], rows_of: Mapping[str, int]) -> NDArray[np.float64]:
        """Masses by id as a dense table: float64 (len(rows_of), half-lives) at `now`, 0 where there is none."""
        table = np.zeros((len(rows_of), len(HALF_LIVES)), dtype=np.float64)
        known = [(rows_of[key], mass) for key, mass in masses.items() if key in rows_of]
        if known:
            elapsed = np.maximum(self.now - np.array([mass.at for _, mass in known]), 0.0)
            values = np.array([mass.values for _, mass in known])
            table[[row for row, _ in known]] = values * np.exp2(-elapsed[:, None] / _HALF_LIVES)
        return table


def context_of(profile: BuyerProfile, market: Market, *, rows: NDArray[np.intp], now: float) -> Context:
    """The context of ranking `rows` of the market for this buyer at `now`."""
    ids = market.catalogue.ids
    touches = tuple(profile.touches.get(ids[row]) for row in rows.tolist())
    return Context(profile, market, rows, now, market.masses_at(rows, now), touches)


def share(part: NDArray[np.float64], whole: NDArray[np.float64] | float) -> NDArray[np.float64]:
    """part / whole; NaN (unknown) where the whole has faded to nothing."""
    known = np.asarray(whole) > FADED
    result: NDArray[np.float64] = np.where(known, part / np.where(known, whole, 1.0), np.nan)
    return result


FADED = 1e-3
"""A mass below this is no evidence: a click that is ten half-lives old."""


def days_since(instants: Column, now: float) -> Column:
    """Days from each instant to `now`, at least 0; NaN where the instant is 0, which means never."""
    elapsed: Column = np.where(instants > 0.0, np.maximum(now - instants, 0.0) / 86_400.0, np.nan)
    return elapsed
