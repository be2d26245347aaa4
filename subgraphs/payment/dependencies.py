"""What the commands work with."""

from dataclasses import dataclass
from datetime import timedelta

from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.storage.session import Database
from subgraphs.payment.clients.order import OrderService
from subgraphs.payment.providers.interface import Provider


@dataclass(frozen=True, slots=True)
class PaymentDependencies:
    """The database, the provider, the order service, and the time.

    Args:
        lease: how long a request may be at work before another one with its key takes it up.
    """

    database: Database
    provider: Provider
    orders: OrderService
    lease: timedelta
    clock: Clock = utc_now
