"""One loader a key, made anew for each request."""

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
    return ConfigLoaders(
        flag=keyed_loader(database.reads(queries.flags_by_key)),
        history=argued_loader(database.reads(queries.histories)),
    )
