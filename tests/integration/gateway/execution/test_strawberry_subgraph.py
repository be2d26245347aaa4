"""The transport and a Strawberry subgraph under uvicorn: requests and subscriptions as our users' subgraphs speak them."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable
from typing import Any

import msgspec
import pytest
import strawberry
import uvicorn
from strawberry.asgi import GraphQL
from strawberry.subscriptions import GRAPHQL_SSE_PROTOCOL, MULTIPART_SUBSCRIPTION_PROTOCOL

from gateway.execution.request import NO_HEADERS, SubgraphEndpoint
from gateway.execution.transport.http import HttpTransport

App = Callable[[Any, Any, Any], Awaitable[None]]


@strawberry.type
class Query:
    @strawberry.field
    def double(self, number: int) -> int:
        return 2 * number


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def count(self, to: int) -> AsyncGenerator[int, None]:
        for number in range(to):
            yield number


class OneFraming:
    """Lets a subgraph see only one kind of stream in the Accept header."""

    def __init__(self, app: App, hidden: bytes) -> None:
        self._app = app
        self._hidden = hidden

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        if scope["type"] == "http":
            scope["headers"] = [(name, value.replace(self._hidden, b"x/x")) for name, value in scope["headers"]]
        await self._app(scope, receive, send)


@pytest.fixture(params=[b"text/event-stream", b"multipart/mixed", b"none"])
async def service(request: pytest.FixtureRequest) -> AsyncIterator[SubgraphEndpoint]:
    """A running subgraph that speaks multipart, SSE, or whichever it prefers."""
    schema = strawberry.Schema(query=Query, subscription=Subscription)
    app = OneFraming(
        GraphQL(schema, subscription_protocols=[MULTIPART_SUBSCRIPTION_PROTOCOL, GRAPHQL_SSE_PROTOCOL]), request.param
    )
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off", ws="none"))
    serving = asyncio.create_task(server.serve())
    async with asyncio.timeout(10):
        while not server.started:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.005)
    yield SubgraphEndpoint("numbers", f"http://127.0.0.1:{server.servers[0].sockets[0].getsockname()[1]}/")
    server.should_exit = True
    await serving


async def test_a_strawberry_subgraph_answers_requests_and_streams(service: SubgraphEndpoint) -> None:
    transport = HttpTransport()
    deadline = asyncio.get_running_loop().time() + 10
    try:
        reply = await transport.post(
            service,
            b'{"query":"{ double(number: 4) }"}',
            NO_HEADERS,
            hop_headers=NO_HEADERS,
            deadline=deadline,
            is_safe=True,
        )
        assert msgspec.json.decode(reply.body)["data"] == {"double": 8}
        body = b'{"query":"subscription { count(to: 200) }"}'
        events = [
            msgspec.json.decode(event)["data"]["count"]
            async for event in transport.subscribe(service, body, NO_HEADERS, hop_headers=NO_HEADERS, deadline=deadline)
        ]
        assert events == list(range(200))
    finally:
        await transport.close()
