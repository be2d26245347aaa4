"""What everybody secretly wants. The ranking code never sees this: it must find it out from what people do.

Each buyer has a few favourite leaf categories, a price level, a liking for some sellers, for some makers' style, for what is
new and for bargains. Each product has an appeal of its own. A utility of 0 is indifference; 1 more makes a click e times as
likely, as long as clicks are rare.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.demo_market.goods import ProductRow
from workers.demo_market.population import Buyer, Seller
from workers.demo_market.taxonomy.model import Leaf

STYLE_DIMENSIONS = 6
DEMO_FAVOURITES: dict[str, float] = {
    "coffee-gear": 0.30,
    "coffee-beans": 0.22,
    "notebooks": 0.16,
    "headphones": 0.12,
    "turntables": 0.08,
}


@dataclass(frozen=True, slots=True, eq=False)
class Taste:
    """Latent truth for b buyers, p products, l leaves.

    Attributes:
        leaf_odds: float64 (b, l), each line sums to 1: where a buyer's missions go.
        utility: float64 (b, p), what is lasting: category, style, price, seller, appeal.
        novelty: float64 (b,), utility of a product listed today.
        sessions_a_day: float64 (b,).
        appeal: float64 (p,), the product's own.
    """

    leaf_odds: NDArray[np.float64]
    utility: NDArray[np.float64]
    novelty: NDArray[np.float64]
    sessions_a_day: NDArray[np.float64]
    appeal: NDArray[np.float64]


def taste_of(
    rng: np.random.Generator,
    *,
    buyers: list[Buyer],
    sellers: list[Seller],
    products: list[ProductRow],
    leaves: list[Leaf],
) -> Taste:
    """The latent truth behind ninety days of behaviour."""
    count = len(buyers)
    leaf_odds = _leaf_odds(rng, count=count, leaves=leaves)
    appeal = rng.normal(0.0, 0.55, size=len(products))
    leaf = np.array([product.leaf for product in products])
    affinity = np.log(leaf_odds * len(leaves) + 0.15)
    utility = (
        0.75 * affinity[:, leaf]
        + 0.9 * _style(rng, count=count, products=products)
        - _price_distaste(rng, count=count, products=products, leaf=leaf)
        + _seller_liking(rng, count=count, sellers=sellers, products=products)
        + _bargain(rng, count=count, products=products)
        + appeal
    )
    sessions = np.clip(rng.lognormal(np.log(0.11), 0.8, size=count), 0.02, 1.2)
    sessions[0] = 1.3
    novelty = rng.gamma(1.2, 0.5, size=count)
    return Taste(leaf_odds, utility, novelty, sessions, appeal)


def _leaf_odds(rng: np.random.Generator, *, count: int, leaves: list[Leaf]) -> NDArray[np.float64]:
    base = np.array([leaf.weight for leaf in leaves])
    odds = np.full((count, len(leaves)), 0.003)
    for buyer in range(count):
        favourites = rng.choice(len(leaves), size=int(rng.integers(3, 7)), replace=False, p=base / base.sum())
        odds[buyer, favourites] += rng.dirichlet(np.full(len(favourites), 1.4))
    slugs = [leaf.slug for leaf in leaves]
    odds[0] = 0.003
    for slug, share in DEMO_FAVOURITES.items():
        odds[0, slugs.index(slug)] += share
    shares: NDArray[np.float64] = odds / odds.sum(axis=1, keepdims=True)
    return shares


def _style(rng: np.random.Generator, *, count: int, products: list[ProductRow]) -> NDArray[np.float64]:
    """float64 (b, p) of standard deviation about 1: how a buyer's style meets that of the maker."""
    makers = sorted({product.maker for product in products})
    maker_style = rng.normal(size=(len(makers), STYLE_DIMENSIONS))
    places = {maker: place for place, maker in enumerate(makers)}
    own = rng.normal(size=(len(products), STYLE_DIMENSIONS))
    style = 0.8 * maker_style[[places[product.maker] for product in products]] + 0.6 * own
    liking = rng.normal(size=(count, STYLE_DIMENSIONS))
    met: NDArray[np.float64] = liking @ style.T / np.sqrt(STYLE_DIMENSIONS)
    return met


def _price_distaste(
    rng: np.random.Generator, *, count: int, products: list[ProductRow], leaf: NDArray[np.intp]
) -> NDArray[np.float64]:
    """float64 (b, p), >= 0: grows with the square of the distance to the level that a buyer is used to."""
    prices = np.log([product.price for product in products])
    level = prices.copy()
    for place in np.unique(leaf):
        level[leaf == place] -= np.median(prices[leaf == place])
    usual = rng.normal(-0.05, 0.4, size=(count, 1))
    usual[0] = 0.3
    far = np.minimum(np.abs(level[None, :] - usual), 1.6)
    distaste: NDArray[np.float64] = rng.uniform(0.5, 1.6, size=(count, 1)) * far * far
    return distaste


def _seller_liking(
    rng: np.random.Generator, *, count: int, sellers: list[Seller], products: list[ProductRow]
) -> NDArray[np.float64]:
    liking = rng.normal(0.0, 0.25, size=(count, len(sellers)))
    for buyer in range(count):
        liking[buyer, rng.choice(len(sellers), size=2, replace=False)] += rng.uniform(0.5, 1.2)
    liking[0, 0] += 1.0
    of_product: NDArray[np.float64] = liking[:, [product.seller for product in products]]
    return of_product


def _bargain(rng: np.random.Generator, *, count: int, products: list[ProductRow]) -> NDArray[np.float64]:
    struck = [
        1.0 - product.price / product.compare_at_price if product.compare_at_price else 0.0 for product in products
    ]
    gain: NDArray[np.float64] = rng.gamma(1.0, 1.0, size=(count, 1)) * np.array(struck)[None, :]
    return gain
