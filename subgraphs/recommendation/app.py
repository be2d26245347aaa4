"""The recommendation service as an application."""

from starlette.applications import Starlette

from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import Lifespan
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

    return create_app(
        name="recommendation",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        ended_sessions=opened.ended_sessions,
        loaders=lambda of, _: make_loaders(of.database),
        checks={"database": opened.database.ready, "config": opened.config.ready, "queue": opened.queue.ping},
        lifespan=Lifespan(opened.config.loop, close=opened.close),
        max_body_bytes=settings.max_body_bytes,
    )
