"""Everything beside the GraphQL route: health, readiness, metrics, and the GraphiQL page's files."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.graphiql.page import Asset, Page
from gateway.server.metrics import exposition
from subgraphs.kit.runtime.health import may_read_metrics

FailingChecks = Callable[[], Awaitable[Mapping[str, str]]]
"""The checks that fail now, by name, each with its reason; empty when the gateway can answer."""


def side_routes(failing: FailingChecks, page: Page | None, *, metrics_token: str = "") -> Starlette:
    """An application with the routes that are not GraphQL.

    Args:
        metrics_token: The bearer token that /metrics requires; "" lets everyone read them.
    """

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "service": "gateway"})

    async def ready(_: Request) -> Response:
        checks = await failing()
        if checks:
            return JSONResponse({"status": "unavailable", "service": "gateway", "failing": dict(checks)}, 503)
        return JSONResponse({"status": "ready", "service": "gateway"})

    async def metrics(request: Request) -> Response:
        if not may_read_metrics(request.headers.get("authorization", ""), metrics_token):
            return Response(status_code=404)
        text, content_type = exposition()
        return Response(text, headers={"content-type": content_type})

    async def graphiql(request: Request) -> Response:
        asset = page.asset(request.path_params["name"]) if page is not None else None
        return response_of(asset) if asset is not None else Response(status_code=404)

    return Starlette(
        routes=[
            Route("/health", health),
            Route("/ready", ready),
            Route("/metrics", metrics),
            Route("/graphiql/{name:path}", graphiql),
        ]
    )


def response_of(asset: Asset) -> Response:
    """An asset of the page as a response."""
    return Response(asset.body, asset.status, headers=asset.headers)
