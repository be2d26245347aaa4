"""The order schema's subscription."""

from collections.abc import AsyncGenerator

import strawberry
from strawberry.federation.schema_directives import Authenticated

from subgraphs.kit.graph.scalars import Id
from subgraphs.kit.runtime.refusals import NotFound
from subgraphs.order import queries
from subgraphs.order.graph.context import Info
from subgraphs.order.graph.types import Order, OrderEvent, visible
from subgraphs.order.model import TRANSITIONS, OrderStatus


@strawberry.type
class OrderStatusChange:
    order: Order
    event: OrderEvent


@strawberry.type
class Subscription:
    @strawberry.subscription(directives=[Authenticated()])
    async def order_status_changed(self, info: Info, order_id: Id) -> AsyncGenerator[OrderStatusChange | None, None]:
        """The newest change of an order's status, and each one after it, until it has none left; for its buyer and its sellers.

        It begins with what is known already, so that nothing falls between a client's last look and the beginning of the stream.
        """
        context = info.context
        shown = await visible(info, await context.loaders.order.load(order_id))
        if shown is None:
            raise NotFound("The order", "orderId")
        async with context.resources.watch.changes(order_id, after_version=shown.version - 1) as changes:
            while True:
                change = await changes.get()
                # The loaders live as long as the stream: what they know is old now.
                context.loaders.changes.clear_all()
                context.loaders.items.clear_all()
                async with context.resources.database.reading() as session:
                    row = (await queries.orders_by_id(session, [order_id]))[order_id]
                yield OrderStatusChange(order=Order.of(row), event=OrderEvent.of(change))
                if not TRANSITIONS[OrderStatus(change.after)]:
                    return
