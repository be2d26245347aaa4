"""The config service as an application."""

from starlette.applications import Starlette

from subgraphs.config.graph.schema import schema
from subgraphs.config.loaders import make_loaders
from subgraphs.config.resources import ConfigResources
from subgraphs.config.settings import ConfigSettings
from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import Lifespan


def create_config_app(settings: ConfigSettings, resources: ConfigResources | None = None) -> Starlette:
    """The application.

    Args:
        resources: given by tests; otherwise opened from the settings.
    """
    opened = resources or ConfigResources.open(settings)

    return create_app(
        name="config",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        ended_sessions=opened.ended_sessions,
        loaders=lambda of, _: make_loaders(of.database),
        checks={"database": opened.database.ready},
        lifespan=Lifespan(opened.snapshots.loop, close=opened.close),
        max_body_bytes=settings.max_body_bytes,
        quiet_operations=frozenset({"ServiceConfig"}),
        on_drain=opened.snapshots.drain,
    )
