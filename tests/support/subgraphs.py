"""A subgraph in process: its application with its life, asked over HTTP as the gateway and the services ask it."""

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

import httpx
from starlette.applications import Starlette

from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.deadline import DEADLINE_HEADER
from subgraphs.kit.runtime.identity import Identity
from tests.support.identity import ANONYMOUS, service_tokens

DEADLINE_MS = 60_000

Json = dict[str, Any]


class SubgraphUnderTest:
    """Asks one application.

    Args:
        clock: of the callers' tokens; the application's own, so that a slow machine lets no token expire on its way.
    """

    def __init__(self, http: httpx.AsyncClient, *, clock: Clock = utc_now) -> None:
        self.http = http
        self._tokens = service_tokens(clock=clock)

    def headers(self, identity: Identity = ANONYMOUS) -> dict[str, str]:
        """The headers that prove the identity, with a deadline that a busy machine keeps."""
        return {
            "authorization": f"Bearer {self._tokens.mint(identity)}",
            DEADLINE_HEADER: str(DEADLINE_MS),
        }

    async def answer(self, query: str, variables: Mapping[str, Any] | None = None, *, by: Identity = ANONYMOUS) -> Json:
        """The whole answer, data and errors."""
        body = {"query": query, "variables": dict(variables or {})}
        response = await self.http.post("/graphql", json=body, headers=self.headers(by))
        assert response.status_code == 200, response.text
        return dict(response.json())

    async def data(self, query: str, variables: Mapping[str, Any] | None = None, *, by: Identity = ANONYMOUS) -> Json:
        """The data of an answer without errors."""
        answer = await self.answer(query, variables, by=by)
        assert "errors" not in answer, answer["errors"]
        return dict(answer["data"])

    async def codes(
        self, query: str, variables: Mapping[str, Any] | None = None, *, by: Identity = ANONYMOUS
    ) -> list[str]:
        """The codes of the answer's errors, in order."""
        answer = await self.answer(query, variables, by=by)
        return [error["extensions"]["code"] for error in answer.get("errors", [])]


@asynccontextmanager
async def running_subgraph(app: Starlette, *, clock: Clock = utc_now) -> AsyncIterator[SubgraphUnderTest]:
    """The application from its start to its end."""
    transport = httpx.ASGITransport(app=app)
    async with (
        app.router.lifespan_context(app),
        httpx.AsyncClient(transport=transport, base_url="http://subgraph") as http,
    ):
        yield SubgraphUnderTest(http, clock=clock)
