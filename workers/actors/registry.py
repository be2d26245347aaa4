"""Every actor module of the process; a new one is named here."""

from workers.actors import deliveries, orders, payments, recommendation
from workers.actors.group import Opener

OPENERS: tuple[Opener, ...] = (orders.opened, payments.opened, recommendation.opened, deliveries.opened)
