"""One loader a key, made anew for each request."""

from collections.abc import Sequence
from dataclasses import dataclass

from strawberry.dataloader import DataLoader

from subgraphs.config import queries
from subgraphs.config.tables import FlagChangeRow, FlagRow
from subgraphs.kit.graph.batching import argued_loader, keyed_loader
from subgraphs.kit.storage.session import Database


@dataclass(frozen=True, slots=True)
class ConfigLoaders:
    """The loaders of one request."""

    flag: DataLoader[str, FlagRow | None]
    history: DataLoader[tuple[str, int], list[FlagChangeRow]]


def make_loaders(database: Database) -> ConfigLoaders:
    """Loaders on the reading side of the database."""

    async def flags(keys: Sequence[str]) -> dict[str, FlagRow]:
        async with database.reading() as session:
            return await queries.flags_by_key(session, keys)

    async def histories(keys: Sequence[str], last: int) -> dict[str, list[FlagChangeRow]]:
        async with database.reading() as session:
            return await queries.histories(session, keys, last)

    return ConfigLoaders(flag=keyed_loader(flags), history=argued_loader(histories))
