"""Everything beside the GraphQL route: health, readiness, metrics, and the GraphiQL page's files."""

from collections.abc import Awaitable, Callable, Mapping

from starlette.applications import Starlette
from starlette.exceptions import HTTPException
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from gateway.errors import ClientError
from gateway.graphiql.page import Asset, Page
from gateway.server.metrics import exposition
from gateway.server.raw_answers import MASKED, error_body
from subgraphs.kit.runtime.health import may_read_metrics

FailingChecks = Callable[[], Awaitable[Mapping[str, str]]]
"""The checks that fail now, by name, each with its reason; empty when the gateway can answer."""


def side_routes(
    failing: FailingChecks, page: Page | None, *, metrics_token: str | None = "", graphql_path: str = "/graphql"
) -> Starlette:
    """An application with the routes that are not GraphQL; what it refuses has the form of all errors.

    Args:
        metrics_token: The bearer token that /metrics requires; "" lets everyone read them, and None serves none here.
    """

    async def health(_: Request) -> Response:
        return JSONResponse({"status": "ok", "service": "gateway"})

    async def ready(_: Request) -> Response:
        checks = await failing()
        if checks:
            return JSONResponse({"status": "unavailable", "service": "gateway", "failing": dict(checks)}, 503)
        return JSONResponse({"status": "ready", "service": "gateway"})

    async def metrics(request: Request) -> Response:
        if metrics_token is None or not may_read_metrics(request.headers.get("authorization", ""), metrics_token):
            return Response(status_code=404)
        text, content_type = exposition()
        return Response(text, headers={"content-type": content_type})

    async def graphiql(request: Request) -> Response:
        asset = page.asset(request.path_params["name"]) if page is not None else None
        return response_of(asset) if asset is not None else Response(status_code=404)

    async def refused(_: Request, error: Exception) -> Response:
        assert isinstance(error, HTTPException)
        if error.status_code == 404:
            told = ClientError(f"There is nothing here; GraphQL is at {graphql_path}.", code="NOT_FOUND", status=404)
        else:
            told = ClientError("Ask this address by GET.", code="METHOD_NOT_ALLOWED", status=error.status_code)
        return Response(error_body(told), told.status, headers=error.headers, media_type="application/json")

    async def failed(_: Request, __: Exception) -> Response:
        return Response(MASKED, 500, media_type="application/json")

    return Starlette(
        exception_handlers={HTTPException: refused, Exception: failed},
        routes=[
            Route("/health", health),
            Route("/ready", ready),
            Route("/metrics", metrics),
            Route("/graphiql/{name:path}", graphiql),
        ],
    )


def response_of(asset: Asset) -> Response:
    """An asset of the page as a response."""
    return Response(asset.body, asset.status, headers=asset.headers)
