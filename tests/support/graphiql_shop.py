"""A small graph with the page in front of it: a server without the market, as a stranger's own would be."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Annotated, Any

import strawberry
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response, StreamingResponse
from starlette.routing import Route
from strawberry.types import Info

from gateway.graphiql.page import Asset, Page
from tests.support.ports import free_port

PASSWORD = "yarmarka"
START_SECONDS = 10.0


@strawberry.type
class Product:
    slug: str
    title: str


PRODUCTS = [Product(slug="copper-kettle", title="Copper kettle"), Product(slug="linen-apron", title="Linen apron")]


@strawberry.type
class Account:
    display_name: str


@strawberry.type
class SignInSuccess:
    access_token: str
    refresh_token: str
    expires_at: str
    account: Account


@strawberry.type
class InvalidCredentialsError:
    message: str


@strawberry.input
class SignInInput:
    email: str
    password: str


SignInResult = Annotated[SignInSuccess | InvalidCredentialsError, strawberry.union("SignInResult")]


@strawberry.type
class PublicQuery:
    @strawberry.field
    def products(self, first: int = 10) -> list[Product]:
        return PRODUCTS[:first]

    @strawberry.field
    def product(self, slug: str) -> Product | None:
        return next((product for product in PRODUCTS if product.slug == slug), None)


@strawberry.type
class Query(PublicQuery):
    @strawberry.field
    def my_order(self, info: Info) -> str | None:
        return "order-of-anna" if info.context["authorization"] == "Bearer token-of-anna-2" else None

    @strawberry.field
    def order(self, info: Info, id: str) -> str | None:  # noqa: A002 - the schema's own name
        return f"{id} for {info.context['authorization']}"


@strawberry.type
class Mutation:
    @strawberry.mutation
    def sign_in(self, input: SignInInput) -> SignInResult:  # noqa: A002 - the schema's own name
        if input.password != PASSWORD:
            return InvalidCredentialsError(message="No account has this e-mail and password")
        # It has run out already, so that the page renews it before its next request.
        return _tokens("1", "2000-01-01T00:00:00Z")

    @strawberry.mutation
    def refresh_session(self, refresh_token: str) -> SignInResult:
        if refresh_token != "refresh-1":
            return InvalidCredentialsError(message="Unknown refresh token")
        return _tokens("2", "2100-01-01T00:00:00Z")


@strawberry.type
class Subscription:
    @strawberry.subscription
    async def countdown(self, start: int) -> AsyncIterator[int]:
        for number in range(start, -1, -1):
            yield number

    @strawberry.subscription
    async def silence(self, info: Info) -> AsyncIterator[int]:
        yield 1
        try:
            await asyncio.Event().wait()
        finally:
            info.context["shop"].closed_subscriptions += 1


def _tokens(number: str, expires_at: str) -> SignInSuccess:
    return SignInSuccess(
        access_token=f"token-of-anna-{number}",
        refresh_token=f"refresh-{number}",
        expires_at=expires_at,
        account=Account(display_name="Anna"),
    )


@dataclass(slots=True)
class Shop:
    """The running server.

    Attributes:
        closed_subscriptions: how many silent subscriptions a client has ended by closing its connection.
    """

    schema: strawberry.Schema
    page: Page
    url: str = ""
    closed_subscriptions: int = field(default=0)

    async def get(self, _request: Request) -> Response:
        return _response(self.page.html())

    async def asset(self, request: Request) -> Response:
        asset = self.page.asset(request.path_params["name"])
        return _response(asset) if asset else Response(status_code=404)

    async def post(self, request: Request) -> Response:
        question: dict[str, Any] = await request.json()
        context = {"authorization": request.headers.get("authorization"), "shop": self}
        arguments: dict[str, Any] = {
            "variable_values": question.get("variables"),
            "operation_name": question.get("operationName"),
            "context_value": context,
        }
        if "text/event-stream" in request.headers.get("accept", ""):
            return StreamingResponse(self._events(question["query"], arguments), media_type="text/event-stream")
        result = await self.schema.execute(question["query"], **arguments)
        answer: dict[str, Any] = {"data": result.data}
        if result.errors:
            answer["errors"] = [error.formatted for error in result.errors]
        return JSONResponse(answer)

    async def _events(self, query: str, arguments: dict[str, Any]) -> AsyncIterator[str]:
        results = await self.schema.subscribe(query, **arguments)
        assert not isinstance(results, Exception)
        async for result in results:
            yield f"event: next\ndata: {json.dumps({'data': result.data})}\n\n"
        yield "event: complete\ndata:\n\n"


@contextmanager
def running_shop(operations_dir: Path | None, *, has_accounts: bool = True, is_public: bool = False) -> Iterator[Shop]:
    """Serves the shop on a free port.

    Args:
        operations_dir: the folder of examples, or None.
        has_accounts: whether demo accounts are shown.
        is_public: whether the schema has queries alone: no sign-in.
    """
    page = Page(operations_dir=operations_dir, shows_accounts=has_accounts)
    schema = strawberry.Schema(PublicQuery) if is_public else strawberry.Schema(Query, Mutation, Subscription)
    shop = Shop(schema, page)
    routes = [
        Route("/graphql", shop.get, methods=["GET"]),
        Route("/graphql", shop.post, methods=["POST"]),
        Route("/graphiql/{name:path}", shop.asset),
    ]
    port = free_port()
    shop.url = f"http://127.0.0.1:{port}/graphql"
    config = uvicorn.Config(Starlette(routes=routes), port=port, log_level="error", lifespan="off")
    server = uvicorn.Server(config)
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + START_SECONDS
    while not server.started:
        assert thread.is_alive(), "the shop ended while starting"
        assert time.monotonic() < deadline, "the shop did not start in time"
        time.sleep(0.01)
    try:
        yield shop
    finally:
        server.should_exit = True
        thread.join(START_SECONDS)


def _response(asset: Asset) -> Response:
    return Response(asset.body, asset.status, asset.headers)
