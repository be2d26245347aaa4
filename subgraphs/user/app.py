"""The user service as an application: the schema, its resources' life, and the published keys."""

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from subgraphs.kit.graph.app import create_app
from subgraphs.kit.runtime.background import Lifespan
from subgraphs.kit.runtime.health import json_response
from subgraphs.user.graph.schema import schema
from subgraphs.user.loaders import make_loaders
from subgraphs.user.resources import UserResources
from subgraphs.user.settings import UserSettings


def create_user_app(settings: UserSettings, resources: UserResources | None = None) -> Starlette:
    """The application.

    Args:
        resources: given by tests; otherwise opened from the settings.
    """
    opened = resources or UserResources.open(settings)

    async def published_keys(_: Request) -> Response:
        response = json_response(opened.token_keys.published())
        response.headers["cache-control"] = "public, max-age=60"
        return response

    return create_app(
        name="user",
        schema=schema,
        tokens=opened.tokens,
        resources=opened,
        ended_sessions=opened.ended_sessions,
        loaders=lambda of, _: make_loaders(of.database),
        checks={"database": opened.database.ready, "config": opened.config.ready},
        lifespan=Lifespan(opened.config.loop, *opened.loops, close=opened.close),
        routes=[Route("/.well-known/jwks.json", published_keys, methods=["GET"])],
        max_body_bytes=settings.max_body_bytes,
    )
