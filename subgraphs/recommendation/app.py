"""The recommendation service as an application."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from starlette.applications import Starlette

from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import running
from subgraphs.recommendation.graph.schema import schema
from subgraphs.recommendation.loaders import make_loaders
from subgraphs.recommendation.resources import RecommendationResources
from subgraphs.recommendation.settings import RecommendationSettings


def create_recommendation_app(
    settings: RecommendationSettings, resources: RecommendationResources | None = None
) -> Starlette:
    """The application.

    Args:
        resources: given by tests; otherwise opened from the settings.
    """
    opened = resources or RecommendationResources.open(settings)

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with running(opened.config.run()):
            yield
        await opened.close()

    return create_app(
        name="recommendation",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        loaders=lambda of, _: make_loaders(of.database),
        checks={"database": opened.database.ready, "config": opened.config.ready, "queue": opened.queue.ping},
        lifespan=lifespan,
        max_body_bytes=settings.max_body_bytes,
    )
