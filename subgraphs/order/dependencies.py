"""What the commands work with."""

from dataclasses import dataclass
from datetime import timedelta

from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.storage.session import Database
from subgraphs.order.clients.catalog import CatalogService
from subgraphs.order.clients.payment import PaymentService
from subgraphs.order.clients.user import UserService


@dataclass(frozen=True, slots=True)
class OrderDependencies:
    """The order database, the services that are asked, and the time.

    Args:
        hold_seconds: how long stock is held for an order that is not paid.
        lease: how long a request may be at work before another one with its key takes it up.
    """

    database: Database
    catalog: CatalogService
    users: UserService
    payments: PaymentService
    hold_seconds: int
    lease: timedelta
    clock: Clock = utc_now
