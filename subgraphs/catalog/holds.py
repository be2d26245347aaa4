"""Holds that have run out. The order service is asked before stock is freed: an order that is being paid, or is paid already, keeps its stock.

Order frees an order's stock itself when it is called off. What runs out here is what it could not: a worker is away, or an order was never finished.
While order gives no answer nothing is freed: stock that waits costs a sale at most, stock that is gone undoes a paid order.
"""

from datetime import datetime, timedelta

import structlog

from subgraphs.catalog import commands, repository
from subgraphs.catalog.clients.order import OrderService
from subgraphs.kit.runtime.client import ServiceError
from subgraphs.kit.storage.session import Database

ASK_AGAIN = timedelta(seconds=60)

_log = structlog.get_logger(__name__)


async def release_unwanted(database: Database, orders: OrderService, *, now: datetime) -> int:
    """Free the stock whose hold has run out and whose order is called off or unknown; how many holds that were."""
    try:
        while await _extend_wanted(database, orders, now=now):
            pass  # until the holds that ran out first are all unwanted
    except ServiceError as error:
        _log.warning("catalog.release_waits", error=str(error))
        return 0
    return await commands.release_expired(database, now=now)


async def _extend_wanted(database: Database, orders: OrderService, *, now: datetime) -> int:
    """Hold longer what is still wanted of the holds that ran out first; how many those are."""
    async with database.reading() as session:
        due = await repository.expired_reservations(session, now=now)
    wanted = await orders.holding(due) if due else set[str]()
    if wanted:
        async with database.transaction() as session:
            await repository.extend_reservations(session, sorted(wanted), now=now, until=now + ASK_AGAIN)
        _log.info("catalog.holds_extended", count=len(wanted))
    return len(wanted)
