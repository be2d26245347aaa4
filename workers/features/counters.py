"""What all buyers together did with one product: a decayed count for each kind of act and each half-life.

Stored one row a product. `apply` is the only way in; events may come late, the sum is the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Any, Self

from workers.features.decay import EMPTY, HALF_LIFE_NAMES, Mass
from workers.features.event import Behaviour, Kind
from workers.features.position import examination

COUNTED: tuple[str, ...] = (
    "impressions",
    "examined",
    "slate_clicks",
    "views",
    "clicks",
    "favourites",
    "carts",
    "hides",
    "purchases",
)
"""The masses of a product, in the order of a snapshot's columns. `examined` counts impressions by the probability that
their position was looked at, and `slate_clicks` the clicks that a slate earned: their ratio is the unbiased click-through."""


@dataclass(frozen=True, slots=True)
class ProductCounters:
    """Decayed counts of one product. An unwatched product is `ProductCounters()`."""

    impressions: Mass = EMPTY
    examined: Mass = EMPTY
    slate_clicks: Mass = EMPTY
    views: Mass = EMPTY
    clicks: Mass = EMPTY
    favourites: Mass = EMPTY
    carts: Mass = EMPTY
    hides: Mass = EMPTY
    purchases: Mass = EMPTY

    def masses(self) -> tuple[Mass, ...]:
        """The masses in the order of COUNTED."""
        return (
            self.impressions,
            self.examined,
            self.slate_clicks,
            self.views,
            self.clicks,
            self.favourites,
            self.carts,
            self.hides,
            self.purchases,
        )

    def to_json(self) -> dict[str, Any]:
        """Plain JSON: {"clicks": [at, 1h, 1d, 7d, 30d], ...}; a mass that never grew is left out."""
        named = zip(COUNTED, self.masses(), strict=True)
        return {name: [mass.at, *mass.values] for name, mass in named if mass.at}

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The counters that `to_json` wrote.

        Raises:
            ValueError: Raised when a name is unknown or a mass has another number of half-lives.
        """
        if unknown := data.keys() - set(COUNTED):
            raise ValueError(f"unknown product counters: {sorted(unknown)}")
        return cls(**{name: _mass(name, values) for name, values in data.items()})


def apply(counters: ProductCounters, events: Iterable[Behaviour]) -> ProductCounters:
    """The counters of one product after more events on it; the caller has picked that product's events."""
    for event in events:
        counters = _add(counters, event)
    return counters


def _add(counters: ProductCounters, event: Behaviour) -> ProductCounters:
    match event.kind:
        case Kind.IMPRESSION:
            looked = examination(event.position or 0)
            return replace(
                counters,
                impressions=counters.impressions.add(1.0, event.at),
                examined=counters.examined.add(looked, event.at),
            )
        case Kind.CLICK:
            clicks = counters.clicks.add(1.0, event.at)
            if event.position is None:
                return replace(counters, clicks=clicks)
            return replace(counters, clicks=clicks, slate_clicks=counters.slate_clicks.add(1.0, event.at))
        case Kind.VIEW:
            return replace(counters, views=counters.views.add(1.0, event.at))
        case Kind.FAVOURITE:
            return replace(counters, favourites=counters.favourites.add(1.0, event.at))
        case Kind.ADD_TO_CART:
            return replace(counters, carts=counters.carts.add(1.0, event.at))
        case Kind.HIDE:
            return replace(counters, hides=counters.hides.add(1.0, event.at))
        case Kind.PURCHASE:
            return replace(counters, purchases=counters.purchases.add(1.0, event.at))


def _mass(name: str, values: list[float]) -> Mass:
    if len(values) != 1 + len(HALF_LIFE_NAMES):
        raise ValueError(
            f"counter {name!r} has {len(values)} numbers, not an instant and {len(HALF_LIFE_NAMES)} masses"
        )
    return Mass(float(values[0]), tuple(float(value) for value in values[1:]))
