"""Who is in the market: sellers, buyers with addresses, an administrator."""

import re
import unicodedata
from dataclasses import dataclass

import numpy as np

from workers.demo_market.ids import uuid7s
from workers.demo_market.people import DEMO_ADMIN, DEMO_BUYER, DEMO_SELLER_EMAIL, REGIONS, Region
from workers.demo_market.sellers import SHOPS, Shop

YEAR = 365 * 86_400.0


@dataclass(frozen=True, slots=True)
class Seller:
    """A shop with its account; the first is the demo seller."""

    id: str
    shop: Shop
    slug: str
    email: str
    verified: bool
    created_at: float


@dataclass(frozen=True, slots=True)
class Address:
    """Where a buyer has things sent."""

    id: str
    line1: str
    city: str
    postal_code: str
    country: str


@dataclass(frozen=True, slots=True)
class Buyer:
    """A person with an account; the first is the demo buyer."""

    id: str
    email: str
    display_name: str
    locale: str
    phone: str
    created_at: float
    addresses: tuple[Address, ...]


@dataclass(frozen=True, slots=True)
class Admin:
    """An account that may administer."""

    id: str
    email: str
    display_name: str
    locale: str
    created_at: float


def slug_of(text: str) -> str:
    """Lower-case ASCII words with hyphens, for an address."""
    plain = unicodedata.normalize("NFKD", text.replace("ß", "ss").replace("ł", "l").replace("Ł", "L"))
    return re.sub(r"[^a-z0-9]+", "-", plain.encode("ascii", "ignore").decode().lower()).strip("-")


def sellers_of(rng: np.random.Generator, *, until: float) -> list[Seller]:
    """The forty sellers, in the order of `SHOPS`; each joined before its oldest product was listed."""
    joined = until - rng.uniform(3.1, 6.0, size=len(SHOPS)) * YEAR
    ids = uuid7s(joined, rng)
    verified = rng.random(len(SHOPS)) < 0.8
    sellers = []
    for place, shop in enumerate(SHOPS):
        slug = slug_of(shop.name)
        email = DEMO_SELLER_EMAIL if place == 0 else f"{slug}@shops.yarmarka.test"
        sellers.append(Seller(ids[place], shop, slug, email, bool(verified[place]) or place == 0, float(joined[place])))
    return sellers


def buyers_of(rng: np.random.Generator, *, count: int, until: float) -> list[Buyer]:
    """`count` buyers who all joined before the ninety days began."""
    odds = np.array([region.weight for region in REGIONS])
    regions = rng.choice(len(REGIONS), size=count, p=odds / odds.sum())
    joined = until - 0.27 * YEAR - rng.exponential(0.8, size=count) * YEAR
    ids = uuid7s(joined, rng)
    buyers = []
    for place in range(count):
        region = REGIONS[int(regions[place])]
        name, email = _identity(region, rng, place)
        address_count = 2 if rng.random() < 0.25 or place == 0 else 1
        addresses = tuple(_address(region, rng, float(joined[place])) for _ in range(address_count))
        phone = _digits(region.phone, rng)
        buyers.append(Buyer(ids[place], email, name, region.locale, phone, float(joined[place]), addresses))
    return buyers


def admin_of(rng: np.random.Generator, *, until: float) -> Admin:
    """The one administrator."""
    joined = until - 3.0 * YEAR
    return Admin(uuid7s([joined], rng)[0], DEMO_ADMIN[0], DEMO_ADMIN[1], "en-GB", joined)


def _identity(region: Region, rng: np.random.Generator, place: int) -> tuple[str, str]:
    first = region.first[int(rng.integers(len(region.first)))]
    last = region.last[int(rng.integers(len(region.last)))]
    if place == 0:
        return DEMO_BUYER[1], DEMO_BUYER[0]
    return f"{first} {last}", f"{slug_of(first)}.{slug_of(last)}.{place}@people.yarmarka.test"


def _address(region: Region, rng: np.random.Generator, joined: float) -> Address:
    street = region.streets[int(rng.integers(len(region.streets)))].format(n=int(rng.integers(1, 140)))
    city = region.cities[int(rng.integers(len(region.cities)))]
    return Address(uuid7s([joined], rng)[0], street, city, _digits(region.postal, rng), region.country)


def _digits(pattern: str, rng: np.random.Generator) -> str:
    filled = [str(int(rng.integers(1, 10))) if sign == "#" else sign for sign in pattern]
    return "".join(filled)
