"""/metrics on a published port: only for who has the token, where one is set."""

import httpx
import pytest
from starlette.applications import Starlette

from gateway.server.side_routes import side_routes
from subgraphs.kit.runtime.health import health_routes


def subgraph(token: str | None) -> Starlette:
    return Starlette(routes=list(health_routes("payment", {}, metrics_token=token)))


async def nothing_fails() -> dict[str, str]:
    return {}


def gateway(token: str | None) -> Starlette:
    return side_routes(nothing_fails, None, metrics_token=token)


@pytest.mark.parametrize("app", [subgraph, gateway])
@pytest.mark.parametrize(
    ("token", "header", "status"),
    [
        pytest.param("", None, 200, id="no token set"),
        pytest.param("secret", None, 404, id="no token given"),
        pytest.param("secret", "Bearer wrong", 404, id="wrong token"),
        pytest.param("secret", "Bearer sécret", 404, id="not ASCII"),
        pytest.param("secret", "Bearer secret", 200, id="right token"),
        pytest.param(None, None, 404, id="on a port of their own"),
        pytest.param(None, "Bearer ", 404, id="on a port of their own, token given"),
    ],
)
async def test_metrics_need_the_token_that_is_set(
    app: object, token: str | None, header: str | None, status: int
) -> None:
    assert callable(app)
    headers = [(b"authorization", header.encode())] if header else []
    transport = httpx.ASGITransport(app=app(token))
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as http:
        assert (await http.get("/metrics", headers=headers)).status_code == status
        assert (await http.get("/health")).status_code == 200
