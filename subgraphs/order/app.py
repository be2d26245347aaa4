"""The order service as an application: the schema, its resources' life, the relay of events, the watch, and what ends unpaid orders."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette

from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import running
from subgraphs.kit.storage.relay import run_relay
from subgraphs.order import commands
from subgraphs.order.graph.schema import schema
from subgraphs.order.loaders import make_loaders
from subgraphs.order.resources import OrderResources
from subgraphs.order.settings import OrderSettings
from subgraphs.order.tables import Outbox

EXPIRY_PAUSE_SECONDS = 5.0

_log = structlog.get_logger(__name__)


def create_order_app(settings: OrderSettings, resources: OrderResources | None = None) -> Starlette:
    """The application.

    Args:
        resources: given by tests; otherwise opened from the settings.
    """
    opened = resources or OrderResources.open(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        loops = (
            opened.config.run(),
            run_relay(opened.database, Outbox, opened.queue, clock=opened.clock),
            opened.watch.run(),
            _expire_overdue(opened),
        )
        try:
            async with running(*loops):
                yield
        finally:
            await opened.close()

    return create_app(
        name="order",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        loaders=lambda of, _: make_loaders(of.database, of.cursors),
        checks={"database": opened.database.ready, "queue": opened.queue.ping, "config": opened.config.ready},
        lifespan=lifespan,
        max_body_bytes=settings.max_body_bytes,
    )


async def _expire_overdue(resources: OrderResources) -> None:
    """End orders that were not paid in time, for ever; any number of replicas may do so at once, each order ends once."""
    while True:
        await asyncio.sleep(EXPIRY_PAUSE_SECONDS)
        try:
            expired = await commands.expire_overdue(resources.database, now=resources.clock())
        except (SQLAlchemyError, OSError):
            _log.exception("order.expiry_failed")
            continue
        if expired:
            _log.info("order.expired", orders=expired)
