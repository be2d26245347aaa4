"""The order service as an application: the schema, its resources' life, the relay of events, the watch, and what ends unpaid
orders and finishes those that were cut off."""

from functools import partial

from starlette.applications import Starlette

from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import Lifespan, Loop, Work
from subgraphs.kit.storage.relay import relay_loop
from subgraphs.order.expiring import expire_overdue
from subgraphs.order.finishing import finish_pending
from subgraphs.order.graph.schema import schema
from subgraphs.order.loaders import make_loaders
from subgraphs.order.resources import OrderResources
from subgraphs.order.settings import OrderSettings
from subgraphs.order.tables import Outbox

PAUSE_SECONDS = 5.0
ROUND_TIMEOUT_SECONDS = 600.0


def create_order_app(settings: OrderSettings, resources: OrderResources | None = None) -> Starlette:
    """The application.

    Args:
        resources: given by tests; otherwise opened from the settings.
    """
    opened = resources or OrderResources.open(settings)

    loops = (
        opened.config.loop,
        relay_loop("order.relay", opened.database, Outbox, opened.queue, clock=opened.clock),
        opened.watch.loop,
        _loop("order.expire_overdue", partial(expire_overdue, opened.dependencies)),
        _loop("order.finish_pending", partial(finish_pending, opened.dependencies)),
    )

    return create_app(
        name="order",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        ended_sessions=opened.ended_sessions,
        loaders=lambda of, _: make_loaders(of.database, of.cursors),
        checks={"database": opened.database.ready, "queue": opened.queue.ping, "config": opened.config.ready},
        lifespan=Lifespan(*loops, close=opened.close),
        max_body_bytes=settings.max_body_bytes,
    )


def _loop(name: str, work: Work) -> Loop:
    # Each round asks another service for each order: with one that answers late a round takes minutes, and is no failure.
    return Loop(name, work, pause_seconds=PAUSE_SECONDS, timeout_seconds=ROUND_TIMEOUT_SECONDS)
