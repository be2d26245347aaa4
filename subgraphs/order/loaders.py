"""One loader a key, made anew for each request."""

from dataclasses import dataclass
from functools import partial
from typing import Any

from strawberry.dataloader import DataLoader

from subgraphs.kit.graph.batching import argued_loader, grouped_loader, keyed_loader
from subgraphs.kit.storage.pagination import Cursors, Page
from subgraphs.kit.storage.session import Database
from subgraphs.order import queries
from subgraphs.order.queries import Listing
from subgraphs.order.tables import Order, OrderChange, OrderItem


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
    return OrderLoaders(
        order=keyed_loader(database.reads(queries.orders_by_id)),
        order_by_number=keyed_loader(database.reads(queries.orders_by_number)),
        items=grouped_loader(database.reads(queries.items_by_order)),
        sellers=grouped_loader(database.reads(queries.sellers_by_order)),
        changes=grouped_loader(database.reads(queries.changes_by_order)),
        orders_of_buyer=argued_loader(database.reads(partial(queries.orders_of_buyers, cursors=cursors))),
        sales_of_seller=argued_loader(database.reads(partial(queries.sales_of_sellers, cursors=cursors))),
    )
