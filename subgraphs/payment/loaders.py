"""One loader a key, made anew for each request."""

from collections.abc import Sequence
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

    async def payments(ids: Sequence[str]) -> dict[str, Payment]:
        async with database.reading() as session:
            return await queries.payments_by_id(session, ids)

    async def payments_of_order(order_ids: Sequence[str]) -> dict[str, list[Payment]]:
        async with database.reading() as session:
            return await queries.payments_by_order(session, order_ids)

    async def history(payment_ids: Sequence[str]) -> dict[str, list[PaymentEvent]]:
        async with database.reading() as session:
            return await queries.history_by_payment(session, payment_ids)

    async def refunds(payment_ids: Sequence[str]) -> dict[str, list[Refund]]:
        async with database.reading() as session:
            return await queries.refunds_by_payment(session, payment_ids)

    return PaymentLoaders(
        payment=keyed_loader(payments),
        payments_of_order=grouped_loader(payments_of_order),
        history=grouped_loader(history),
        refunds=grouped_loader(refunds),
    )
