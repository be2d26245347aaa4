"""The catalog as an application: the schema, its resources' life, the pictures, and what releases stock nobody came for."""

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

import structlog
from sqlalchemy.exc import SQLAlchemyError
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from subgraphs.catalog import commands, queries
from subgraphs.catalog.graph.schema import schema
from subgraphs.catalog.loaders import make_loaders
from subgraphs.catalog.pictures import picture
from subgraphs.catalog.resources import CatalogResources
from subgraphs.catalog.settings import CatalogSettings
from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import running

RELEASE_PAUSE_SECONDS = 5.0

_log = structlog.get_logger(__name__)


def create_catalog_app(settings: CatalogSettings, resources: CatalogResources | None = None) -> Starlette:
    """The application.

    Args:
        resources: given by tests; otherwise opened from the settings.
    """
    opened = resources or CatalogResources.open(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with running(opened.config.run(), _release_expired(opened)):
            yield
        await opened.close()

    async def image(request: Request) -> Response:
        product_id = request.path_params["product_id"]
        async with opened.database.reading() as session:
            row = (await queries.products_by_id(session, [product_id])).get(product_id)
        if row is None:
            return PlainTextResponse("no such product", status_code=404)
        drawn = picture(row.picture, title=row.title)
        return Response(drawn, media_type="image/svg+xml", headers={"cache-control": "public, max-age=3600"})

    return create_app(
        name="catalog",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        loaders=lambda of, _: make_loaders(of.database, of.cursors),
        checks={"database": opened.database.ready, "config": opened.config.ready},
        lifespan=lifespan,
        routes=[Route("/images/{product_id}.svg", image, methods=["GET"])],
        max_body_bytes=settings.max_body_bytes,
    )


async def _release_expired(resources: CatalogResources) -> None:
    """Release expired reservations for ever; any number of replicas may do so at once, each reservation ends once."""
    while True:
        await asyncio.sleep(RELEASE_PAUSE_SECONDS)
        try:
            released = await commands.release_expired(resources.database, now=resources.clock())
        except (SQLAlchemyError, OSError):
            _log.exception("catalog.release_failed")
            continue
        if released:
            _log.info("catalog.released", reservations=released)
