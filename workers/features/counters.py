"""What all buyers together did with one product: a decayed count for each kind of act and each half-life.

Stored one row a product. `apply` is the only way in; events may come late, the sum is the same.
"""

from collections.abc import Iterable
from dataclasses import dataclass
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
    masses = dict(zip(COUNTED, counters.masses(), strict=True))
    for event in events:
        for name, weight in _counts(event):
            masses[name] = masses[name].add(weight, event.at)
    return ProductCounters(**masses)


def _counts(event: Behaviour) -> tuple[tuple[str, float], ...]:
    """The masses that an event adds to, and how much."""
    match event.kind:
        case Kind.IMPRESSION:
            return (("impressions", 1.0), ("examined", examination(event.position or 0)))
        case Kind.CLICK if event.position is None:
            return (("clicks", 1.0),)
        case Kind.CLICK:
            return (("clicks", 1.0), ("slate_clicks", 1.0))
        case Kind.VIEW:
            return (("views", 1.0),)
        case Kind.FAVOURITE:
            return (("favourites", 1.0),)
        case Kind.ADD_TO_CART:
            return (("carts", 1.0),)
        case Kind.HIDE:
            return (("hides", 1.0),)
        case Kind.PURCHASE:
            return (("purchases", 1.0),)


def _mass(name: str, values: list[float]) -> Mass:
    if len(values) != 1 + len(HALF_LIFE_NAMES):
        raise ValueError(
            f"counter {name!r} has {len(values)} numbers, not an instant and {len(HALF_LIFE_NAMES)} masses"
        )
    return Mass(float(values[0]), tuple(float(value) for value in values[1:]))
