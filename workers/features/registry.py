"""Which features exist, in which order, and a hash that a model and a worker can compare before they trust each other."""

import hashlib
import json
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.features.context import Context, context_of
from workers.features.decay import HALF_LIVES
from workers.features.event import INTEREST
from workers.features.families import (
    activity,
    category_affinity,
    click_through,
    exposure,
    freshness,
    popularity,
    price_fit,
    seller_affinity,
    similarity,
)
from workers.features.position import EXAMINATION_EXPONENT
from workers.features.profile import BuyerProfile
from workers.features.snapshot import Market

REVISION = 1
"""Raised by hand when a family computes something else under the same name: the hash must change with the meaning."""


@dataclass(frozen=True, slots=True)
class Family:
    """Some columns and what computes them: `compute` gives float32 (n, len(names))."""

    title: str
    names: tuple[str, ...]
    compute: Callable[[Context], NDArray[np.float32]]


FAMILIES: tuple[Family, ...] = (
    Family("popularity", popularity.NAMES, popularity.compute),
    Family("click_through", click_through.NAMES, click_through.compute),
    Family("category_affinity", category_affinity.NAMES, category_affinity.compute),
    Family("seller_affinity", seller_affinity.NAMES, seller_affinity.compute),
    Family("price_fit", price_fit.NAMES, price_fit.compute),
    Family("freshness", freshness.NAMES, freshness.compute),
    Family("exposure", exposure.NAMES, exposure.compute),
    Family("similarity", similarity.NAMES, similarity.compute),
    Family("activity", activity.NAMES, activity.compute),
)

NAMES: tuple[str, ...] = tuple(name for family in FAMILIES for name in family.names)


def features_of(profile: BuyerProfile, market: Market, *, rows: NDArray[np.intp], now: float) -> NDArray[np.float32]:
    """The features of these candidates for this buyer at `now`.

    Returns:
        float32 (len(rows), len(NAMES)); line i belongs to rows[i]; NaN = unknown.
    """
    return features_of_context(context_of(profile, market, rows=rows, now=now))


def features_of_context(context: Context) -> NDArray[np.float32]:
    """`features_of` where the caller needs the context too."""
    return np.concatenate([family.compute(context) for family in FAMILIES], axis=1)


def manifest() -> dict[str, object]:
    """What the columns are and what they were computed with, as plain JSON; the schema hash is over this."""
    return {
        "revision": REVISION,
        "families": {family.title: list(family.names) for family in FAMILIES},
        "half_lives_seconds": list(HALF_LIVES),
        "interest": {kind.value: weight for kind, weight in INTEREST.items()},
        "examination_exponent": EXAMINATION_EXPONENT,
    }


def schema_hash() -> str:
    """16 hex digits that change when a column, its place, or a constant under it changes."""
    text = json.dumps(manifest(), sort_keys=True, separators=(",", ":"))
    return hashlib.sha256(text.encode()).hexdigest()[:16]
