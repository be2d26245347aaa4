"""The feed as an application."""

from starlette.applications import Starlette

from subgraphs.feed.graph.schema import schema
from subgraphs.feed.resources import FeedResources
from subgraphs.feed.settings import FeedSettings
from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import Lifespan


def create_feed_app(settings: FeedSettings, resources: FeedResources | None = None) -> Starlette:
    """The application.

    Args:
        resources: given by tests; otherwise opened from the settings.
    """
    opened = resources or FeedResources.open(settings)

    return create_app(
        name="feed",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        loaders=lambda _, __: None,
        checks={"queue": opened.intake.queue.ping, "config": opened.config.ready},
        lifespan=Lifespan(opened.config.loop, opened.popular.loop, opened.popular.shown_loop, close=opened.close),
        max_body_bytes=settings.max_body_bytes,
    )
