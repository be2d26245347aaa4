"""The order service as an application: the schema, its resources' life, the relay of events, the watch, and what ends unpaid orders."""

from starlette.applications import Starlette

from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import Lifespan, Loop
from subgraphs.kit.storage.relay import relay_loop
from subgraphs.order import commands
from subgraphs.order.graph.schema import schema
from subgraphs.order.loaders import make_loaders
from subgraphs.order.resources import OrderResources
from subgraphs.order.settings import OrderSettings
from subgraphs.order.tables import Outbox

EXPIRY_PAUSE_SECONDS = 5.0


def create_order_app(settings: OrderSettings, resources: OrderResources | None = None) -> Starlette:
    """The application.

    Args:
        resources: given by tests; otherwise opened from the settings.
    """
    opened = resources or OrderResources.open(settings)

    async def expire_overdue() -> int:
        return await commands.expire_overdue(opened.database, now=opened.clock())

    loops = (
        opened.config.loop,
        relay_loop("order.relay", opened.database, Outbox, opened.queue, clock=opened.clock),
        opened.watch.loop,
        Loop("order.expire_overdue", expire_overdue, pause_seconds=EXPIRY_PAUSE_SECONDS),
    )

    return create_app(
        name="order",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        loaders=lambda of, _: make_loaders(of.database, of.cursors),
        checks={"database": opened.database.ready, "queue": opened.queue.ping, "config": opened.config.ready},
        lifespan=Lifespan(*loops, close=opened.close),
        max_body_bytes=settings.max_body_bytes,
    )
