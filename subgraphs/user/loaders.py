"""One loader a key, made anew for each request."""

from collections.abc import Sequence
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

    async def accounts(ids: Sequence[str]) -> dict[str, Account]:
        async with database.reading() as session:
            return await queries.accounts_by_id(session, ids)

    async def buyers(ids: Sequence[str]) -> dict[str, Buyer]:
        async with database.reading() as session:
            return await queries.buyers_by_id(session, ids)

    async def sellers(ids: Sequence[str]) -> dict[str, Seller]:
        async with database.reading() as session:
            return await queries.sellers_by_id(session, ids)

    async def sellers_by_slug(slugs: Sequence[str]) -> dict[str, Seller]:
        async with database.reading() as session:
            return await queries.sellers_by_slug(session, slugs)

    async def addresses(ids: Sequence[str]) -> dict[str, list[Address]]:
        async with database.reading() as session:
            return await queries.addresses_by_account(session, ids)

    return UserLoaders(
        account=keyed_loader(accounts),
        buyer=keyed_loader(buyers),
        seller=keyed_loader(sellers),
        seller_by_slug=keyed_loader(sellers_by_slug),
        addresses=grouped_loader(addresses),
    )
