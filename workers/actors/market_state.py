"""The market as this process knows it: catalogue, counters, neighbours and the model, read from the recommendation database.

Ranking reads all products at once, so they are kept in memory. They are only a copy: another process may have counted meanwhile,
so `loop` reads all of it again every 30 seconds, beside the work. What this process counted itself is put in at once.
"""

import asyncio
from collections.abc import Iterator, Mapping
from typing import Any

import structlog
from prometheus_client import Gauge

from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.storage.session import Database
from subgraphs.recommendation import queries
from subgraphs.recommendation.tables import ProductRow
from workers.features.catalogue import Catalogue, Category, Product, catalogue_of
from workers.features.counters import ProductCounters
from workers.features.neighbours import Neighbours
from workers.features.snapshot import Market, snapshot_of
from workers.ranking.model import ModelUnusable, RankingModel, model_of

RELOAD_SECONDS = 30.0

_log = structlog.get_logger(__name__)
_unreadable = Gauge("worker_unreadable_rows", "Rows of the recommendation database that are left out.", ["table"])


class MarketState:
    """The newest copy.

    Args:
        database: of the recommendation domain.
    """

    def __init__(self, database: Database) -> None:
        self._database = database
        self._market: Market | None = None
        self._model: RankingModel | None = None
        self._unusable: str | None = None
        self._reading = asyncio.Lock()
        self._meanwhile: dict[str, ProductCounters] = {}
        self.loop = Loop("recommendation.market", self.renew, pause_seconds=RELOAD_SECONDS)

    async def renew(self) -> None:
        """Read the market and the model."""
        async with self._reading:
            await self._renew()
        await self.model()

    async def ready(self) -> None:
        """A readiness check: the market has been read, so that nobody's click waits for it.

        Raises:
            LookupError: while it has not.
        """
        if self._market is None:
            raise LookupError("the market has not been read yet")

    async def market(self) -> Market:
        """The market; read now if it has not been read before."""
        if self._market is not None:
            return self._market
        async with self._reading:
            return self._market or await self._renew()

    async def catalogue(self) -> Catalogue:
        """The products."""
        return (await self.market()).catalogue

    def counted(self, changed: Mapping[str, ProductCounters]) -> None:
        """Put in what this process has just counted and committed."""
        self._meanwhile.update(changed)
        if self._market is not None and changed:
            self._market = self._market.with_counters(changed)

    async def model(self) -> RankingModel | None:
        """The active model; None if there is none, or it cannot be used, which is logged once a version."""
        async with self._database.reading() as session:
            version = await queries.active_model_version(session)
            if version is None or version == self._unusable:
                return None
            if self._model is not None and self._model.version == version:
                return self._model
            found = await queries.active_model(session)
        if found is None:
            return None
        text, manifest = found
        try:
            self._model = await asyncio.to_thread(model_of, text, manifest)
        except ModelUnusable as error:
            _log.error("ranking.model_unusable", version=version, error=str(error))
            self._unusable, self._model = version, None
        return self._model

    async def _renew(self) -> Market:
        self._meanwhile.clear()
        read = await self._read()
        # What was counted during the reading may be newer here than in what was read.
        self._market = read.with_counters(self._meanwhile)
        return self._market

    async def _read(self) -> Market:
        async with self._database.reading() as session:
            products = await queries.all_products(session)
            parents = await queries.category_parents(session)
            counted = await queries.counters(session)
            similar = await queries.all_neighbours(session, "similar")
            bought = await queries.all_neighbours(session, "bought_together")
        return await asyncio.to_thread(_market, products, parents, counted, similar, bought)


def _market(
    products: list[ProductRow],
    parents: list[tuple[str, str | None]],
    counted: dict[str, dict[str, Any]],
    similar: dict[str, Any],
    bought: dict[str, Any],
) -> Market:
    categories = [Category(category_id, parent_id) for category_id, parent_id in parents]
    known = {category.id for category in categories}
    listed = [_product(row) for row in products if row.category_id in known]
    if len(listed) < len(products):
        _log.warning("market.products_without_category", products=len(products) - len(listed))
    catalogue = catalogue_of(listed, categories)
    return snapshot_of(
        catalogue,
        dict(_readable_counters(counted)),
        similar=Neighbours.from_json(similar, catalogue.rows) if similar else None,
        bought_together=Neighbours.from_json(bought, catalogue.rows) if bought else None,
    )


def _readable_counters(counted: dict[str, dict[str, Any]]) -> Iterator[tuple[str, ProductCounters]]:
    """The counters that this code can read; the others are counted and logged, and stay as they are: a newer worker may write them."""
    unreadable = 0
    for product_id, data in counted.items():
        try:
            yield product_id, ProductCounters.from_json(data)
        except (ValueError, TypeError, AttributeError) as error:
            unreadable += 1
            _log.error("market.counters_unreadable", product_id=product_id, error=f"{type(error).__name__}: {error}")
    _unreadable.labels("counters").set(unreadable)


def _product(row: ProductRow) -> Product:
    return Product(
        id=row.id,
        category_id=row.category_id,
        seller_id=row.seller_id,
        price=row.price_amount,
        stock=row.stock,
        created_at=row.created_at.timestamp(),
        compare_at_price=row.compare_at_amount,
        is_published=row.is_published,
    )
