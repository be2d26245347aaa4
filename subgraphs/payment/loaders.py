"""One loader a key, made anew for each request."""

from dataclasses import dataclass

from strawberry.dataloader import DataLoader

from subgraphs.kit.graph.batching import grouped_loader, keyed_loader
from subgraphs.kit.storage.session import Database
from subgraphs.payment import queries
from subgraphs.payment.tables import Payment, PaymentEvent, Refund


@dataclass(frozen=True, slots=True)
class PaymentLoaders:
    """The loaders of one request."""

    payment: DataLoader[str, Payment | None]
    payments_of_order: DataLoader[str, list[Payment]]
    history: DataLoader[str, list[PaymentEvent]]
    refunds: DataLoader[str, list[Refund]]


def make_loaders(database: Database) -> PaymentLoaders:
    """Loaders on the reading side of the database."""
    return PaymentLoaders(
        payment=keyed_loader(database.reads(queries.payments_by_id)),
        payments_of_order=grouped_loader(database.reads(queries.payments_by_order)),
        history=grouped_loader(database.reads(queries.history_by_payment)),
        refunds=grouped_loader(database.reads(queries.refunds_by_payment)),
    )
