"""One loader a key, made anew for each request."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.dataloader import DataLoader

from subgraphs.kit.graph.batching import argued_loader, grouped_loader, keyed_loader
from subgraphs.kit.storage.pagination import Cursors, Page
from subgraphs.kit.storage.session import Database
from subgraphs.order import queries
from subgraphs.order.queries import Listing
from subgraphs.order.tables import Order, OrderChange, OrderItem

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class OrderLoaders:
    """The loaders of one request."""

    order: DataLoader[str, Order | None]
    order_by_number: DataLoader[str, Order | None]
    items: DataLoader[str, list[OrderItem]]
    sellers: DataLoader[str, list[str]]
    changes: DataLoader[str, list[OrderChange]]
    orders_of_buyer: DataLoader[tuple[str, Listing], Page[Any]]
    sales_of_seller: DataLoader[tuple[str, Listing], Page[Any]]


def make_loaders(database: Database, cursors: Cursors) -> OrderLoaders:
    """Loaders on the reading side of the database."""

    def reading(
        query: Callable[[AsyncSession, Sequence[str]], Awaitable[Mapping[str, Found]]],
    ) -> Callable[[Sequence[str]], Awaitable[Mapping[str, Found]]]:
        async def fetch(keys: Sequence[str]) -> Mapping[str, Found]:
            async with database.reading() as session:
                return await query(session, keys)

        return fetch

    async def orders_of_buyers(buyer_ids: Sequence[str], listing: Listing) -> Mapping[str, Page[Any]]:
        async with database.reading() as session:
            return await queries.orders_of_buyers(session, buyer_ids, listing, cursors=cursors)

    async def sales_of_sellers(seller_ids: Sequence[str], listing: Listing) -> Mapping[str, Page[Any]]:
        async with database.reading() as session:
            return await queries.sales_of_sellers(session, seller_ids, listing, cursors=cursors)

    return OrderLoaders(
        order=keyed_loader(reading(queries.orders_by_id)),
        order_by_number=keyed_loader(reading(queries.orders_by_number)),
        items=grouped_loader(reading(queries.items_by_order)),
        sellers=grouped_loader(reading(queries.sellers_by_order)),
        changes=grouped_loader(reading(queries.changes_by_order)),
        orders_of_buyer=argued_loader(orders_of_buyers),
        sales_of_seller=argued_loader(sales_of_sellers),
    )
