"""The market's subgraphs: eight deployables of one shape, listed here, and the kit, the floor they share. A subgraph imports no other."""

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType


@dataclass(frozen=True, slots=True, kw_only=True)
class Subgraph:
    """What the rest of the repository has to know of a subgraph.

    Attributes:
        port: Where it listens on a development machine, unless its settings say otherwise.
        databases: Names of its databases; the setting `<NAME>_DATABASE_URL` moves each.
        publishes_events: Whether other services follow its events, whose JSON Schemas are in `schema/events`.
    """

    port: int
    databases: tuple[str, ...] = ()
    publishes_events: bool = False

    @property
    def url(self) -> str:
        """Where the others reach it on a development machine."""
        return f"http://127.0.0.1:{self.port}/graphql"


SERVICES: Mapping[str, Subgraph] = MappingProxyType(
    {
        "config": Subgraph(port=4008, databases=("config",)),
        "user": Subgraph(port=4001, databases=("user",), publishes_events=True),
        "catalog": Subgraph(port=4002, databases=("catalog",)),
        "recommendation": Subgraph(port=4004, databases=("recommendation",)),
        "feed": Subgraph(port=4003, publishes_events=True),
        "payment": Subgraph(port=8080, databases=("payment",), publishes_events=True),
        "notification": Subgraph(port=4007, databases=("notification",)),
        "order": Subgraph(port=4005, databases=("order", "order_analytics"), publishes_events=True),
    }
)
"""Every subgraph by its name, in the order in which a development machine migrates and starts them."""

DATABASES = tuple(database for subgraph in SERVICES.values() for database in subgraph.databases)
"""Every database of the market, in the order in which they are migrated."""
