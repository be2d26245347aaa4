"""The map of the generator: people, goods, taste, behaviour, orders. The same seed and instant give the same market."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from workers.demo_market.behaviour import Simulation
from workers.demo_market.goods import CategoryRow, ProductRow, categories_of, products_of
from workers.demo_market.log import Log
from workers.demo_market.orders import OrderRow, orders_of
from workers.demo_market.population import Admin, Buyer, Seller, admin_of, buyers_of, sellers_of
from workers.demo_market.taste import Taste, taste_of
from workers.demo_market.taxonomy.tree import leaves


@dataclass(frozen=True, slots=True)
class Plan:
    """How large a market.

    Attributes:
        until: Unix seconds; the last day ends here.
    """

    seed: int
    until: float
    days: int = 90
    product_count: int = 2_000
    buyer_count: int = 600


@dataclass(frozen=True, slots=True, eq=False)
class DemoMarket:
    """All of it. `taste` is the truth that nobody in the market knows; it is not written to any file.

    Attributes:
        popularity: float64 (products,), what a product earned, decayed with a half-life of a week.
    """

    plan: Plan
    sellers: list[Seller]
    buyers: list[Buyer]
    admin: Admin
    categories: list[CategoryRow]
    products: list[ProductRow]
    taste: Taste
    log: Log
    popularity: NDArray[np.float64]
    orders: list[OrderRow]


def generate(plan: Plan) -> DemoMarket:
    """The market of this plan. Each stage has a stream of chance of its own, so that a change in one leaves the others."""

    def rng(stage: int) -> np.random.Generator:
        return np.random.default_rng([plan.seed, stage])

    sellers = sellers_of(rng(1), until=plan.until)
    buyers = buyers_of(rng(2), count=plan.buyer_count, until=plan.until)
    admin = admin_of(rng(3), until=plan.until)
    categories = categories_of(rng(4), until=plan.until)
    products = products_of(
        rng(5), count=plan.product_count, days=plan.days, until=plan.until, sellers=sellers, categories=categories
    )
    leaf_list = [leaf for _, leaf in leaves()]
    taste = taste_of(rng(6), buyers=buyers, sellers=sellers, products=products, leaves=leaf_list)
    simulation = Simulation(rng(7), taste=taste, products=products, leaves=leaf_list, days=plan.days, until=plan.until)
    log = simulation.run()
    orders = orders_of(rng(8), log=log, buyers=buyers, products=products, until=plan.until)
    return DemoMarket(plan, sellers, buyers, admin, categories, products, taste, log, simulation.popularity, orders)
