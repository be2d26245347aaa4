"""Orders whose placing was cut off: the service finishes them from their rows, or calls them off.

A request that timed out may have been the buyer's last: nobody else would come back for its order. For two minutes the order is placed as it was asked for,
since the buyer is likely there yet. After that it is called off, and what stock was held is freed; a buyer who never saw the order is told nothing.
"""

from datetime import timedelta

import structlog

from subgraphs.kit.runtime.client import ServiceError
from subgraphs.kit.storage.session import run_again_on_conflict
from subgraphs.order import placing, repository
from subgraphs.order import status_changes as changes
from subgraphs.order.dependencies import OrderDependencies
from subgraphs.order.errors import OutOfStock
from subgraphs.order.model import OrderStatus
from subgraphs.order.quote import Line
from subgraphs.order.tables import IdempotencyKey, Order

FINISH_WITHIN = timedelta(minutes=2)
FINISHED_AT_ONCE = 50
REASON = "It could not be placed in time"

_log = structlog.get_logger(__name__)


async def finish_pending(dependencies: OrderDependencies) -> int:
    """Finish the orders that no request is at work on any more; how many are placed or called off now."""
    async with dependencies.database.reading() as session:
        left = await repository.unfinished(session, now=dependencies.clock(), limit=FINISHED_AT_ONCE)
    finished = 0
    for known in left:
        taken_up = await _take_up(dependencies, known)
        if taken_up is None:
            continue
        order, lines = taken_up
        try:
            await _finish(dependencies, order, lines)
        except ServiceError as error:
            _log.warning("order.finishing_waits", order_id=order.id, error=str(error))
            break  # the others would wait for the same answer
        finished += 1
    return finished


@run_again_on_conflict
async def _take_up(dependencies: OrderDependencies, known: IdempotencyKey) -> tuple[Order, list[Line]] | None:
    """Return the order of a key and its lines, leased to this process; None when another one was faster, or it is placed."""
    now = dependencies.clock()
    async with dependencies.database.transaction() as session:
        if not await repository.renew_lease(session, known, now=now, lease_until=now + dependencies.lease):
            return None
        order = await repository.locked_order(session, known.order_id)
        items = await repository.items(session, known.order_id)
    if order is None or order.status != OrderStatus.PENDING.value:
        return None
    return order, [Line(item.product_id, item.quantity) for item in items]


async def _finish(dependencies: OrderDependencies, order: Order, lines: list[Line]) -> None:
    if dependencies.clock() < order.created_at + FINISH_WITHIN:
        try:
            await placing.finish(dependencies, order, lines)
        except OutOfStock:
            _log.info("order.finished_out_of_stock", order_id=order.id)
        return
    await _call_off(dependencies, order.id)


@run_again_on_conflict
async def _call_off(dependencies: OrderDependencies, order_id: str) -> None:
    async with dependencies.database.transaction() as session:
        current = await repository.locked_order(session, order_id)
        if current is not None and current.status == OrderStatus.PENDING.value:
            await changes.change(
                session, current, OrderStatus.CANCELLED, actor=changes.SYSTEM, reason=REASON, now=dependencies.clock()
            )
        await repository.set_outcome(session, order_id, {"kind": placing.PLACED})
