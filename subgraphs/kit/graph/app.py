"""From a schema to an HTTP service: POST /graphql for those with a service token, the health routes for everybody.

    token -> identity -> body -> trace and deadline -> context -> execute -> present

A request that accepts `text/event-stream` is answered by Server-Sent Events, in the "distinct connections" mode of
graphql-sse: `next` events and one `complete`.

Source: https://github.com/enisdenjo/graphql-sse/blob/master/PROTOCOL.md
"""

import asyncio
import re
import time
from collections.abc import AsyncGenerator, AsyncIterator, Awaitable, Callable, Mapping, Sequence
from contextlib import aclosing
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

import orjson
import structlog
from prometheus_client import Histogram
from starlette.applications import Starlette
from starlette.requests import ClientDisconnect, Request
from starlette.responses import Response, StreamingResponse
from starlette.routing import BaseRoute, Route
from strawberry.types.execution import ExecutionResult

from subgraphs.kit.graph.context import Context
from subgraphs.kit.graph.errors import NO_OPERATION, UNAVAILABLE, presented
from subgraphs.kit.graph.schema import SubgraphSchema
from subgraphs.kit.graph.streams import TOO_MANY, Streams
from subgraphs.kit.messaging.ended_sessions import EndedSessions
from subgraphs.kit.messaging.task_queue import QueueUnavailable
from subgraphs.kit.runtime.background import Lifespan
from subgraphs.kit.runtime.deadline import DEADLINE_HEADER, seconds_from_header, within
from subgraphs.kit.runtime.health import health_routes, json_response
from subgraphs.kit.runtime.identity import Identity, InvalidServiceToken, ServiceTokens
from subgraphs.kit.runtime.readiness import ReadinessCheck
from subgraphs.kit.runtime.telemetry import continued_trace
from subgraphs.kit.storage.faults import DatabaseUnavailable

_NAMED = re.compile(r"\s*(?:query|mutation|subscription)\s+(\w+)")

DEFAULT_DEADLINE_SECONDS = 10.0
PING_SECONDS = 12.0
CLIENT_ADDRESS_HEADER = "x-client-address"
"""The header in which the gateway (`headers.client_address` of its settings) tells the client's address."""

ResourcesT = TypeVar("ResourcesT")
LoadersT = TypeVar("LoadersT")

_log = structlog.get_logger(__name__)
_seconds = Histogram("graphql_request_seconds", "GraphQL requests by outcome.", ["service", "outcome"])


class BadRequest(Exception):
    """Raised when a request is not a GraphQL request; with the HTTP status to answer."""

    def __init__(self, status: int, code: str, message: str) -> None:
        super().__init__(message)
        self.status = status
        self.code = code


@dataclass(frozen=True, slots=True)
class GraphQLRequest:
    """A well-formed request body."""

    query: str
    variables: dict[str, Any]
    operation_name: str | None

    @property
    def name(self) -> str | None:
        """For the log: the operation's name as given, or else as the document begins with it."""
        begun = _NAMED.match(self.query)
        return self.operation_name or (begun[1] if begun else None)


def create_app(
    *,
    name: str,
    schema: SubgraphSchema,
    tokens: ServiceTokens,
    resources: ResourcesT,
    loaders: Callable[[ResourcesT, Identity], LoadersT],
    checks: Mapping[str, ReadinessCheck],
    lifespan: Lifespan,
    routes: Sequence[BaseRoute] = (),
    max_body_bytes: int = 4_000_000,
    quiet_operations: frozenset[str] = frozenset(),
    metrics_token: str | None = "",
    on_drain: Callable[[], Awaitable[None]] | None = None,
    ended_sessions: EndedSessions | None = None,
    streams: Streams | None = None,
) -> Starlette:
    """The service's application.

    Args:
        loaders: makes the loaders of one request.
        checks: what /ready asks.
        lifespan: runs the loops beside the requests, with a readiness check each, and closes the resources at the end.
        routes: the service's own, beside /graphql and the health routes.
        metrics_token: the bearer token that /metrics requires; "" lets everyone read them, and None serves none here.
        quiet_operations: names of operations that are asked so often that their success is logged at debug level.
        ended_sessions: where the session of a signed-in caller is looked up; None takes its token until it expires.
        streams: how many a client may have open; the default bound if None.
        on_drain: ends the requests that wait on purpose, when the process is told to stop; see `kit.runtime.server.serve`.
    """
    endpoint = _Endpoint(
        name=name,
        schema=schema,
        tokens=tokens,
        resources=resources,
        loaders=loaders,
        max_body_bytes=max_body_bytes,
        quiet_operations=quiet_operations,
        ended_sessions=ended_sessions,
        streams=streams or Streams(),
    )
    app = Starlette(
        routes=[
            Route("/graphql", endpoint.answer, methods=["POST"]),
            *health_routes(name, {**checks, **lifespan.checks}, metrics_token=metrics_token),
            *routes,
        ],
        exception_handlers={DatabaseUnavailable: _answer_later, QueueUnavailable: _answer_later},
        lifespan=lifespan,
    )
    app.state.on_drain = on_drain
    return app


class _Endpoint(Generic[ResourcesT, LoadersT]):
    def __init__(
        self,
        *,
        name: str,
        schema: SubgraphSchema,
        tokens: ServiceTokens,
        resources: ResourcesT,
        loaders: Callable[[ResourcesT, Identity], LoadersT],
        max_body_bytes: int,
        quiet_operations: frozenset[str],
        ended_sessions: EndedSessions | None,
        streams: Streams,
    ) -> None:
        self._name = name
        self._quiet_operations = quiet_operations
        self._ended_sessions = ended_sessions
        self._streams = streams
        self._schema = schema
        self._tokens = tokens
        self._resources = resources
        self._loaders = loaders
        self._max_body_bytes = max_body_bytes

    async def answer(self, request: Request) -> Response:
        with continued_trace(request.headers):
            started = time.perf_counter()
            try:
                identity = self._identity(request)
                asked = _read_request(await _read_body(request, self._max_body_bytes))
            except BadRequest as refusal:
                self._note(started, caller=None, operation=None, outcome=refusal.code)
                return _refused(refusal)
            if self._ended_sessions is not None:
                identity = await self._ended_sessions.known(identity)
            context = Context(
                identity,
                self._resources,
                self._loaders(self._resources, identity),
                client_address=None if identity.is_service else request.headers.get(CLIENT_ADDRESS_HEADER),
            )
            if "text/event-stream" in request.headers.get("accept", ""):
                return StreamingResponse(
                    _with_pings(self._bounded_events(asked, context)),
                    media_type="text/event-stream",
                    headers={"cache-control": "no-store", "x-accel-buffering": "no"},
                )
            seconds = seconds_from_header(
                request.headers.get(DEADLINE_HEADER), default_seconds=DEFAULT_DEADLINE_SECONDS
            )
            return await self._single(asked, context, seconds=seconds, started=started)

    async def _single(
        self, asked: GraphQLRequest, context: Context[ResourcesT, LoadersT], *, seconds: float, started: float
    ) -> Response:
        try:
            with within(seconds):
                async with asyncio.timeout(seconds):
                    result = await self._schema.execute(
                        asked.query,
                        variable_values=asked.variables,
                        operation_name=asked.operation_name,
                        context_value=context,
                    )
        except TimeoutError:
            outcome = "DEADLINE_EXCEEDED"
            response = _refused(BadRequest(504, outcome, "The request ran out of time"))
        except NO_OPERATION:
            outcome = "BAD_REQUEST"
            response = _refused(BadRequest(400, outcome, "There is no such operation in the query"))
        else:
            payload = _payload(result)
            outcome = "errors" if payload.get("errors") else "ok"
            response = json_response(payload)
        self._note(started, caller=context.identity.caller, operation=asked.name, outcome=outcome)
        return response

    async def _bounded_events(
        self, asked: GraphQLRequest, context: Context[ResourcesT, LoadersT]
    ) -> AsyncIterator[bytes]:
        with self._streams.place(context.identity, context.client_address) as has_place:
            if not has_place:
                refused = {"message": "This client has too many streams open", "extensions": {"code": TOO_MANY}}
                yield b"event: next\ndata: " + orjson.dumps({"errors": [refused]}) + b"\n\n"
                yield b"event: complete\ndata:\n\n"
                return
            async with aclosing(self._events(asked, context)) as events:
                async for event in events:
                    yield event

    async def _events(
        self, asked: GraphQLRequest, context: Context[ResourcesT, LoadersT]
    ) -> AsyncGenerator[bytes, None]:
        results = await self._schema.stream(
            asked.query,
            variable_values=asked.variables,
            operation_name=asked.operation_name,
            context_value=context,
        )
        async for result in results:
            if isinstance(result, ExecutionResult):
                yield b"event: next\ndata: " + orjson.dumps(_payload(result)) + b"\n\n"
        yield b"event: complete\ndata:\n\n"

    def _identity(self, request: Request) -> Identity:
        scheme, _, token = request.headers.get("authorization", "").partition(" ")
        if scheme.lower() != "bearer" or not token:
            raise BadRequest(401, "UNAUTHENTICATED", "A service token is required")
        try:
            return self._tokens.verify(token)
        except InvalidServiceToken as error:
            raise BadRequest(401, "UNAUTHENTICATED", "The service token is not valid") from error

    def _note(self, started: float, *, caller: str | None, operation: str | None, outcome: str) -> None:
        seconds = time.perf_counter() - started
        _seconds.labels(self._name, outcome).observe(seconds)
        is_quiet = outcome == "ok" and operation in self._quiet_operations
        note = _log.debug if is_quiet else _log.info
        note("graphql.request", operation=operation, caller=caller, outcome=outcome, ms=round(seconds * 1000, 1))


async def _answer_later(request: Request, fault: Exception) -> Response:
    """Refuse a request of the service's own routes (a webhook, a picture) while a dependency is away."""
    _log.warning("http.dependency_unavailable", path=request.url.path, kind=type(fault).__name__, error=str(fault))
    response = json_response({"code": UNAVAILABLE}, status=503)
    response.headers["retry-after"] = "1"
    return response


async def _read_body(request: Request, limit: int) -> bytes:
    body = bytearray()
    try:
        async for chunk in request.stream():
            body += chunk
            if len(body) > limit:
                raise BadRequest(413, "PAYLOAD_TOO_LARGE", f"The body is larger than {limit} bytes")
    except ClientDisconnect as error:
        raise BadRequest(400, "BAD_REQUEST", "The body is incomplete") from error
    return bytes(body)


def _read_request(body: bytes) -> GraphQLRequest:
    try:
        decoded = orjson.loads(body)
    except orjson.JSONDecodeError as error:
        raise BadRequest(400, "BAD_REQUEST", "The body is not JSON") from error
    if not isinstance(decoded, dict) or not isinstance(decoded.get("query"), str):
        raise BadRequest(400, "BAD_REQUEST", "The body needs a query")
    variables, operation_name = decoded.get("variables"), decoded.get("operationName")
    if not isinstance(variables, dict | None) or not isinstance(operation_name, str | None):
        raise BadRequest(400, "BAD_REQUEST", "variables is an object and operationName is text")
    return GraphQLRequest(decoded["query"], variables or {}, operation_name)


def _refused(refusal: BadRequest) -> Response:
    response = json_response(
        {"errors": [{"message": str(refusal), "extensions": {"code": refusal.code}}]}, status=refusal.status
    )
    if refusal.status == 401:
        response.headers["www-authenticate"] = "Bearer"
    return response


def _payload(result: ExecutionResult) -> dict[str, Any]:
    payload: dict[str, Any] = {"data": result.data}
    if result.errors:
        payload["errors"] = [presented(error) for error in result.errors]
    return payload


async def _with_pings(events: AsyncIterator[bytes]) -> AsyncIterator[bytes]:
    """The events, and a comment whenever 12 seconds pass without one, so that no proxy takes the silence for death."""
    upcoming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            done, _ = await asyncio.wait({upcoming}, timeout=PING_SECONDS)
            if not done:
                yield b":\n\n"
                continue
            event = upcoming.result()
            if event is None:
                return
            yield event
            upcoming = asyncio.ensure_future(anext(events, None))
    finally:
        upcoming.cancel()
        await asyncio.gather(upcoming, return_exceptions=True)
        close = getattr(events, "aclose", None)
        if close is not None:
            await close()
