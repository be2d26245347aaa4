"""A tiny hand-made market, a small generated one, and a model trained on it; each is made once a test process."""

import tempfile
from datetime import UTC, datetime
from functools import cache
from pathlib import Path

from workers.demo_market.files import write
from workers.demo_market.generate import DemoMarket, Plan, generate
from workers.features.catalogue import Catalogue, Category, Product, catalogue_of
from workers.features.decay import DAY
from workers.features.event import Behaviour, Kind
from workers.ranking.model import RankingModel, model_of
from workers.training.replay import Replay
from workers.training.source import History, read
from workers.training.train import Trained, train

UNTIL = 1_790_000_000.0
NOW = 1_790_000_000.0
TRAINED_AT = datetime(2026, 9, 21, tzinfo=UTC)

CATEGORIES = (
    Category("home", None),
    Category("kitchen", "home"),
    Category("kettles", "kitchen"),
    Category("pans", "kitchen"),
    Category("paper", None),
    Category("pens", "paper"),
)


def product(  # noqa: PLR0917 - a row of a table
    product_id: str,
    category: str = "kettles",
    seller: str = "anna",
    price: int = 1000,
    age_days: float = 100.0,
    stock: int = 5,
) -> Product:
    """A product listed `age_days` before NOW."""
    return Product(product_id, category, seller, price, stock, NOW - age_days * DAY)


def tiny() -> Catalogue:
    """Three kettles of 10, 20 and 40 euros, a pan, two pens."""
    return catalogue_of(
        (
            product("kettle-10", price=1000),
            product("kettle-20", price=2000, seller="bo"),
            product("kettle-40", price=4000),
            product("pan", "pans", "bo", 3000),
            product("pen-blue", "pens", "cleo", 500),
            product("pen-red", "pens", "cleo", 500),
        ),
        CATEGORIES,
    )


def act(
    kind: Kind, product_id: str, *, ago: float = 0.0, position: int | None = None, buyer: str = "vera"
) -> Behaviour:
    """Something a buyer did `ago` seconds before NOW."""
    return Behaviour(kind, buyer, product_id, NOW - ago, position)


@cache
def demo() -> DemoMarket:
    """The demo market at full size."""
    return generate(Plan(seed=7, until=UNTIL))


@cache
def small() -> DemoMarket:
    """A market of a third of the size, for what must be trained in seconds."""
    return generate(Plan(seed=11, until=UNTIL, days=64, product_count=900, buyer_count=260))


@cache
def least() -> DemoMarket:
    """As little as can be trained on."""
    return generate(Plan(seed=13, until=UNTIL, days=21, product_count=300, buyer_count=200))


@cache
def trained_on_least() -> Trained:
    """A model of as little."""
    return train(Replay(written(least())), seed=3, trained_at=TRAINED_AT)


@cache
def history() -> History:
    """The log of the small market, by way of its files."""
    return written(small())


def written(market: DemoMarket) -> History:
    """A market's log, by way of its files."""
    with tempfile.TemporaryDirectory() as directory:
        write(market, Path(directory))
        return read(Path(directory))


@cache
def trained() -> Trained:
    """A model of the small market."""
    return train(Replay(history()), seed=3, trained_at=TRAINED_AT)


@cache
def model() -> RankingModel:
    """The same, ready to rank."""
    return model_of(trained().model_text, trained().manifest)


@cache
def today() -> Replay:
    """The small market with its whole log applied."""
    replay = Replay(history())
    replay.advance(history().until + 1.0)
    return replay
