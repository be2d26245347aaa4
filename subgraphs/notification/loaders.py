"""One loader a key, made anew for each request."""

from dataclasses import dataclass
from functools import partial

from strawberry.dataloader import DataLoader

from subgraphs.kit.graph.batching import argued_loader, grouped_loader, keyed_loader
from subgraphs.kit.storage.pagination import Cursors, Page
from subgraphs.kit.storage.session import Database
from subgraphs.notification import queries
from subgraphs.notification.queries import Choices, InboxRequest
from subgraphs.notification.tables import AttemptRow, DeliveryRow, NotificationRow


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
    return NotificationLoaders(
        notification=keyed_loader(database.reads(queries.notifications_by_id)),
        inbox=argued_loader(database.reads(partial(queries.inboxes, cursors=cursors))),
        unread=keyed_loader(database.reads(queries.unread_counts)),
        choices=keyed_loader(database.reads(queries.choices)),
        deliveries=grouped_loader(database.reads(queries.deliveries)),
        attempts=grouped_loader(database.reads(queries.attempts)),
    )
