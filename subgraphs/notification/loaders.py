"""One loader a key, made anew for each request."""

from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import TypeVar

from sqlalchemy.ext.asyncio import AsyncSession
from strawberry.dataloader import DataLoader

from subgraphs.kit.graph.batching import argued_loader, grouped_loader, keyed_loader
from subgraphs.kit.storage.pagination import Cursors, Page, PageRequest
from subgraphs.kit.storage.session import Database
from subgraphs.notification import queries
from subgraphs.notification.queries import Choices
from subgraphs.notification.tables import AttemptRow, DeliveryRow, NotificationRow

Found = TypeVar("Found")


@dataclass(frozen=True, slots=True)
class InboxRequest:
    """A page of an inbox."""

    page: PageRequest
    only_unread: bool


@dataclass(frozen=True, slots=True)
class NotificationLoaders:
    """The loaders of one request."""

    notification: DataLoader[str, NotificationRow | None]
    inbox: DataLoader[tuple[str, InboxRequest], Page[NotificationRow]]
    unread: DataLoader[str, int | None]
    choices: DataLoader[str, Choices | None]
    deliveries: DataLoader[str, list[DeliveryRow]]
    attempts: DataLoader[str, list[AttemptRow]]


def make_loaders(database: Database, cursors: Cursors) -> NotificationLoaders:
    """Loaders on the reading side of the database."""

    def reading(
        query: Callable[[AsyncSession, Sequence[str]], Awaitable[Mapping[str, Found]]],
    ) -> Callable[[Sequence[str]], Awaitable[Mapping[str, Found]]]:
        async def fetch(keys: Sequence[str]) -> Mapping[str, Found]:
            async with database.reading() as session:
                return await query(session, keys)

        return fetch

    async def inboxes(owners: Sequence[str], wanted: InboxRequest) -> Mapping[str, Page[NotificationRow]]:
        async with database.reading() as session:
            return await queries.inboxes(
                session, owners, page=wanted.page, only_unread=wanted.only_unread, cursors=cursors
            )

    return NotificationLoaders(
        notification=keyed_loader(reading(queries.notifications_by_id)),
        inbox=argued_loader(inboxes),
        unread=keyed_loader(reading(queries.unread_counts)),
        choices=keyed_loader(reading(queries.choices)),
        deliveries=grouped_loader(reading(queries.deliveries)),
        attempts=grouped_loader(reading(queries.attempts)),
    )
