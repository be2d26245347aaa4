"""The catalog as an application: the schema, its resources' life, the pictures, and what releases stock nobody came for."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import PlainTextResponse, Response
from starlette.routing import Route

from subgraphs.catalog import model, queries
from subgraphs.catalog.graph.schema import schema
from subgraphs.catalog.holds import release_unwanted
from subgraphs.catalog.loaders import make_loaders
from subgraphs.catalog.pictures import picture
from subgraphs.catalog.resources import CatalogResources
from subgraphs.catalog.settings import CatalogSettings
from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import Lifespan, Loop

RELEASE_PAUSE_SECONDS = 5.0


def create_catalog_app(settings: CatalogSettings, resources: CatalogResources | None = None) -> Starlette:
    """The application.

    Args:
        resources: given by tests; otherwise opened from the settings.
    """
    opened = resources or CatalogResources.open(settings)

    async def release_expired() -> int:
        return await release_unwanted(opened.database, opened.orders, now=opened.clock())

    releasing = Loop("catalog.release_expired", release_expired, pause_seconds=RELEASE_PAUSE_SECONDS)

    async def image(request: Request) -> Response:
        product_id = request.path_params["product_id"]
        async with opened.database.reading() as session:
            row = (await queries.products_by_id(session, [product_id])).get(product_id)
        if row is None:
            return PlainTextResponse("no such product", status_code=404)
        drawn = picture(row.picture, title=model.public_title(row.status, row.title, row.shown_title) or "")
        return Response(drawn, media_type="image/svg+xml", headers={"cache-control": "public, max-age=3600"})

    return create_app(
        name="catalog",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        ended_sessions=opened.ended_sessions,
        loaders=lambda of, _: make_loaders(of.database, of.cursors),
        checks={"database": opened.database.ready, "config": opened.config.ready},
        lifespan=Lifespan(opened.config.loop, releasing, close=opened.close),
        routes=[Route("/images/{product_id}.svg", image, methods=["GET"])],
        max_body_bytes=settings.max_body_bytes,
        metrics_token=settings.metrics_token_here,
    )
