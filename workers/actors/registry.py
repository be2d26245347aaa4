"""Every actor module of the process; a new one is named here."""

from workers.actors import orders, payments
from workers.actors.group import Opener

OPENERS: tuple[Opener, ...] = (orders.opened, payments.opened)
