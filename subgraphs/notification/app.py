"""The notification service as an application."""

from starlette.applications import Starlette

from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import Lifespan
from subgraphs.notification.graph.schema import schema
from subgraphs.notification.loaders import make_loaders
from subgraphs.notification.resources import NotificationResources
from subgraphs.notification.settings import NotificationSettings


def create_notification_app(
    settings: NotificationSettings, resources: NotificationResources | None = None
) -> Starlette:
    """The application.

    Args:
        resources: given by tests; otherwise opened from the settings.
    """
    opened = resources or NotificationResources.open(settings)

    return create_app(
        name="notification",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        ended_sessions=opened.ended_sessions,
        loaders=lambda of, _: make_loaders(of.database, of.cursors),
        checks={"database": opened.database.ready, "config": opened.config.ready, "queue": opened.queue.ping},
        lifespan=Lifespan(opened.config.loop, close=opened.close),
        max_body_bytes=settings.max_body_bytes,
    )
