"""One loader a key, made anew for each request."""

from dataclasses import dataclass

from strawberry.dataloader import DataLoader

from subgraphs.kit.graph.batching import grouped_loader, keyed_loader
from subgraphs.kit.storage.session import Database
from subgraphs.user import queries
from subgraphs.user.tables import Account, Address, Buyer, Seller


@dataclass(frozen=True, slots=True)
class UserLoaders:
    """The loaders of one request."""

    account: DataLoader[str, Account | None]
    buyer: DataLoader[str, Buyer | None]
    seller: DataLoader[str, Seller | None]
    seller_by_slug: DataLoader[str, Seller | None]
    addresses: DataLoader[str, list[Address]]


def make_loaders(database: Database) -> UserLoaders:
    """Loaders on the reading side of the database."""
    return UserLoaders(
        account=keyed_loader(database.reads(queries.accounts_by_id)),
        buyer=keyed_loader(database.reads(queries.buyers_by_id)),
        seller=keyed_loader(database.reads(queries.sellers_by_id)),
        seller_by_slug=keyed_loader(database.reads(queries.sellers_by_slug)),
        addresses=grouped_loader(database.reads(queries.addresses_by_account)),
    )
