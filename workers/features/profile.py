"""What one buyer's acts say of their taste: decayed interest by category and seller, price habit, products touched.

Stored one row a buyer (or anonymous visitor). `apply` is the only way in. All sums are decayed masses, so late events are
right; a redelivered event is not noticed here: the caller's inbox (event id, unique, same transaction) keeps it out.
"""

from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import Any, NamedTuple, Self

from workers.features.catalogue import Catalogue, Facts
from workers.features.decay import EMPTY, HALF_LIFE_NAMES, Mass
from workers.features.event import INTEREST, Behaviour, Kind

MAX_TOUCHES = 600
"""Products remembered for a buyer; beyond it the longest untouched go, purchases and hides last of all."""

MAX_RECENT = 24
"""Products of interest remembered in order, for similarity; a visit rarely has more."""

PROFILE_VERSION = 1


class Touch(NamedTuple):
    """What happened between one buyer and one product. Instants are Unix seconds of the latest such act; 0 is never."""

    impressions: int = 0
    clicks: int = 0
    purchases: int = 0
    seen_at: float = 0.0
    engaged_at: float = 0.0
    carted_at: float = 0.0
    favourited_at: float = 0.0
    purchased_at: float = 0.0
    hidden_at: float = 0.0


@dataclass(frozen=True, slots=True)
class Recent:
    """A product of interest, when, and how much (in clicks, the strongest act so far)."""

    product_id: str
    at: float
    interest: float


@dataclass(frozen=True, slots=True)
class PriceHabit:
    """Decayed moments of the price levels of what a buyer was interested in; `Facts.price_level` has the unit.

    The weight, the sum and the sum of squares share an instant; half-life index 3 (30 days) is the one that is read.
    """

    weight: Mass = EMPTY
    total: Mass = EMPTY
    squares: Mass = EMPTY


NO_HABIT = PriceHabit()


@dataclass(frozen=True, slots=True)
class BuyerProfile:
    """The state of one buyer; a stranger is `BuyerProfile()`. Treat the dictionaries as frozen: `apply` copies them.

    Attributes:
        interest: all interest, whatever the category; the denominator of every affinity.
        categories: interest by category id, for leaves and all their ancestors.
        sellers: interest by seller id.
        aversions: hides by leaf category id.
        touches: by product id, at most MAX_TOUCHES.
        recent: latest first, at most MAX_RECENT, a product once.
    """

    interest: Mass = EMPTY
    price: PriceHabit = NO_HABIT
    categories: dict[str, Mass] = field(default_factory=dict)
    sellers: dict[str, Mass] = field(default_factory=dict)
    aversions: dict[str, Mass] = field(default_factory=dict)
    touches: dict[str, Touch] = field(default_factory=dict)
    recent: tuple[Recent, ...] = ()

    def to_json(self) -> dict[str, Any]:
        """Plain JSON (str, float, int, list, dict), to be stored as one document; read back by `from_json`."""
        return {
            "version": PROFILE_VERSION,
            "interest": _dump(self.interest),
            "price": [_dump(self.price.weight), _dump(self.price.total), _dump(self.price.squares)],
            "categories": {key: _dump(mass) for key, mass in self.categories.items()},
            "sellers": {key: _dump(mass) for key, mass in self.sellers.items()},
            "aversions": {key: _dump(mass) for key, mass in self.aversions.items()},
            "touches": {key: list(touch) for key, touch in self.touches.items()},
            "recent": [[item.product_id, item.at, item.interest] for item in self.recent],
        }

    @classmethod
    def from_json(cls, data: dict[str, Any]) -> Self:
        """The profile that `to_json` wrote.

        Raises:
            ValueError: Raised when the document is of another version or malformed.
        """
        if data.get("version") != PROFILE_VERSION:
            raise ValueError(f"profile version {data.get('version')!r}, this code reads {PROFILE_VERSION}")
        weight, total, squares = data["price"]
        return cls(
            interest=_load(data["interest"]),
            price=PriceHabit(_load(weight), _load(total), _load(squares)),
            categories={key: _load(mass) for key, mass in data["categories"].items()},
            sellers={key: _load(mass) for key, mass in data["sellers"].items()},
            aversions={key: _load(mass) for key, mass in data["aversions"].items()},
            touches={key: Touch(*values) for key, values in data["touches"].items()},
            recent=tuple(Recent(*item) for item in data["recent"]),
        )


def apply(profile: BuyerProfile, events: Iterable[Behaviour], catalogue: Catalogue) -> BuyerProfile:
    """The profile of one buyer after more events of theirs; the caller has picked that buyer's events.

    A product that the catalogue does not know yet is remembered as touched, and says nothing of taste.
    """
    categories = dict(profile.categories)
    sellers = dict(profile.sellers)
    aversions = dict(profile.aversions)
    touches = dict(profile.touches)
    interest, price, recent = profile.interest, profile.price, profile.recent
    for event in events:
        touches[event.product_id] = _touched(touches.get(event.product_id, _UNTOUCHED), event)
        facts = catalogue.facts_of(event.product_id)
        weight = INTEREST[event.kind]
        if event.kind is Kind.HIDE:
            recent = tuple(item for item in recent if item.product_id != event.product_id)
            if facts is not None:
                _grow(aversions, facts.path[-1], 1.0, event.at)
        if weight == 0.0:
            continue
        if touches[event.product_id].hidden_at == 0.0:
            recent = _remembered(recent, event)
        if facts is None:
            continue
        interest = interest.add(weight, event.at)
        price = _priced(price, facts, weight, event.at)
        for category_id in dict.fromkeys(facts.path):
            _grow(categories, category_id, weight, event.at)
        _grow(sellers, facts.seller_id, weight, event.at)
    return BuyerProfile(interest, price, categories, sellers, aversions, _bounded(touches), recent)


def interests(profile: BuyerProfile, catalogue: Catalogue, *, now: float, first: int) -> list[tuple[str, float]]:
    """The leaf categories that a buyer cares for most: (category id, share of all interest in 0..1), largest first."""
    whole = profile.interest.read(now)[_MONTH]
    if whole <= 0.0:
        return []
    leaves = {facts.path[-1] for facts in catalogue.facts}
    shares = [(key, mass.read(now)[_MONTH] / whole) for key, mass in profile.categories.items() if key in leaves]
    return sorted(shares, key=lambda share: (-share[1], share[0]))[:first]


_MONTH = 3
_UNTOUCHED = Touch()


def _touched(touch: Touch, event: Behaviour) -> Touch:
    at = event.at
    match event.kind:
        case Kind.IMPRESSION:
            return touch._replace(impressions=touch.impressions + 1, seen_at=max(touch.seen_at, at))
        case Kind.CLICK:
            return touch._replace(clicks=touch.clicks + 1, engaged_at=max(touch.engaged_at, at))
        case Kind.VIEW:
            return touch._replace(engaged_at=max(touch.engaged_at, at))
        case Kind.ADD_TO_CART:
            return touch._replace(engaged_at=max(touch.engaged_at, at), carted_at=max(touch.carted_at, at))
        case Kind.FAVOURITE:
            return touch._replace(engaged_at=max(touch.engaged_at, at), favourited_at=max(touch.favourited_at, at))
        case Kind.HIDE:
            return touch._replace(hidden_at=max(touch.hidden_at, at))
        case Kind.PURCHASE:
            return touch._replace(
                purchases=touch.purchases + 1,
                engaged_at=max(touch.engaged_at, at),
                purchased_at=max(touch.purchased_at, at),
            )


def _remembered(recent: tuple[Recent, ...], event: Behaviour) -> tuple[Recent, ...]:
    known = next((item for item in recent if item.product_id == event.product_id), None)
    others = [item for item in recent if item is not known]
    at, interest = event.at, INTEREST[event.kind]
    if known is not None:
        at, interest = max(at, known.at), max(interest, known.interest)
    others.append(Recent(event.product_id, at, interest))
    others.sort(key=lambda item: (-item.at, item.product_id))
    return tuple(others[:MAX_RECENT])


def _priced(price: PriceHabit, facts: Facts, weight: float, at: float) -> PriceHabit:
    level = facts.price_level
    return PriceHabit(
        price.weight.add(weight, at), price.total.add(weight * level, at), price.squares.add(weight * level * level, at)
    )


def _grow(masses: dict[str, Mass], key: str, weight: float, at: float) -> None:
    masses[key] = masses.get(key, EMPTY).add(weight, at)


def _bounded(touches: dict[str, Touch]) -> dict[str, Touch]:
    if len(touches) <= MAX_TOUCHES:
        return touches

    def worth(item: tuple[str, Touch]) -> tuple[bool, float, str]:
        product_id, touch = item
        kept = touch.hidden_at > 0.0 or touch.purchased_at > 0.0
        return (kept, max(touch.seen_at, touch.engaged_at, touch.hidden_at), product_id)

    return dict(sorted(touches.items(), key=worth)[-MAX_TOUCHES:])


def _dump(mass: Mass) -> list[float]:
    return [mass.at, *mass.values]


def _load(values: list[float]) -> Mass:
    if len(values) != 1 + len(HALF_LIFE_NAMES):
        raise ValueError(f"a mass of {len(values)} numbers, not an instant and {len(HALF_LIFE_NAMES)} masses")
    return Mass(float(values[0]), tuple(float(value) for value in values[1:]))
