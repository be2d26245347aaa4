"""The GraphQL route: a raw ASGI application, since every layer between the socket and the pipeline is paid by every request.

Source: GraphQL over HTTP (graphql.github.io/graphql-over-http), GraphQL over Server-Sent Events.
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable

import structlog
from starlette.types import Receive, Scope, Send

from gateway.errors import ClientError
from gateway.execution.request import Answer, HeaderLines
from gateway.operation.access import ANONYMOUS, Caller
from gateway.operation.model import OperationKind
from gateway.operation.persisted import PersistedQueries
from gateway.pipeline import Pipeline, Ready, Request
from gateway.server import content_negotiation as media
from gateway.server import sse
from gateway.server.active_labels import OverrideLabels
from gateway.server.body import ClientGoneError, read_body
from gateway.server.client_address import client_address
from gateway.server.costs import CostReporter
from gateway.server.decode import WireRequest, decode_batch, decode_body, decode_query_string, is_batch
from gateway.server.departure import Departure, departure_of
from gateway.server.expiry import end_at
from gateway.server.forwarding import FORWARDED_FOR, Propagation, anonymous_id
from gateway.server.headers import SINGLETONS, combine_headers, refuse_repeated
from gateway.server.identity import Authenticator
from gateway.server.metrics import REFUSALS, STREAMS
from gateway.server.protocol import ARRIVED
from gateway.server.rates.limiter import RateLimiter, RequestSource
from gateway.server.raw_answers import MASKED, error_body
from gateway.server.request_log import RequestLog
from gateway.server.request_state import Exchange, Headers, Recorder
from gateway.settings import Settings

DOCUMENT_CODES = frozenset(
    {"GRAPHQL_PARSE_FAILED", "GRAPHQL_VALIDATION_FAILED", "BAD_USER_INPUT", "OPERATION_RESOLUTION_FAILURE"}
)
"""Errors of GraphQL's own; a client that asked for ``application/json`` by name gets them with status 200."""

log = structlog.get_logger(__name__)


class Service:
    """What is in service now; replaced whole when the supergraph changes.

    Attributes:
        pipeline: None until the first supergraph is loaded.
    """

    def __init__(self) -> None:
        self.pipeline: Pipeline | None = None
        self.labels = OverrideLabels((), ())
        self.stopping = asyncio.Event()

    def put(self, pipeline: Pipeline, labels: OverrideLabels) -> None:
        """Serve this from the next request on."""
        self.pipeline, self.labels = pipeline, labels


class GraphqlApp:
    """Answers the GraphQL route.

    Args:
        rates: The rate limits; None without any.
        page: gives the answer to a browser that navigates here; None if no page is served.
    """

    def __init__(
        self,
        service: Service,
        settings: Settings,
        *,
        authenticator: Authenticator,
        propagation: Propagation,
        persisted: PersistedQueries,
        request_log: RequestLog,
        rates: RateLimiter | None,
        page: Callable[[Scope, Receive, Send], Awaitable[None]] | None,
    ) -> None:
        self._service = service
        self._authenticator = authenticator
        self._propagation = propagation
        self._persisted = persisted
        self._recorder = Recorder(request_log)
        self._rates = rates
        self._trusted_proxies = settings.server.trusted_proxies
        self._page = page
        self._batching = settings.batching
        self._under_way = 0
        self._max_in_flight = settings.server.max_in_flight
        self._max_cost = settings.limits.max_cost if settings.limits.cost_mode == "enforce" else None
        self._max_body_bytes = settings.server.max_body_bytes
        self._costs = CostReporter(settings)
        self._timeout = settings.execution.timeout_seconds
        self._explain = settings.explain.header.lower().encode() if settings.explains else None
        tokens = settings.identity.service_tokens
        anonymous = tokens.anonymous_header if tokens is not None else None
        self._anonymous_header = anonymous.lower().encode() if anonymous else None
        self._singletons = SINGLETONS | {self._anonymous_header} if self._anonymous_header else SINGLETONS

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        loop = asyncio.get_running_loop()
        exchange = Exchange(combine_headers(scope["headers"]), scope["state"][ARRIVED])
        if self._under_way >= self._max_in_flight:
            await self._refuse(_overloaded(), exchange, send)
            return
        self._under_way += 1
        try:
            if len(exchange.headers) != len(scope["headers"]):
                refuse_repeated(scope["headers"], self._singletons)
            match scope["method"]:
                case "POST":
                    await self._post(scope, receive, send, exchange)
                case "GET" | "HEAD":
                    if exchange.accepted.prefers_html and self._page is not None:
                        await self._page(scope, receive, send)
                        return
                    await self._get(scope, receive, send, exchange)
                case _:
                    await self._refuse(_wrong_method(), exchange, send)
        except ClientError as error:
            await self._refuse(error, exchange, send)
        except ClientGoneError:
            exchange.code = "CLIENT_GONE"
            self._recorder.over("refused", exchange, loop.time())
        except asyncio.CancelledError:
            exchange.code = "CANCELLED"
            self._recorder.over("failed", exchange, loop.time())
            raise
        except Exception:  # the edge: whatever went wrong inside is masked for the client, and logged whole
            log.exception("request.failed", operation=exchange.name, plan=exchange.plan)
            exchange.code = "INTERNAL_SERVER_ERROR"
            await _send(send, 500, exchange.form.content_type, MASKED)
            self._recorder.over("failed", exchange, loop.time())
        finally:
            self._under_way -= 1

    async def _post(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange) -> None:
        headers = exchange.headers
        media.check_content_type(headers.get(b"content-type", b""))
        body = await read_body(
            receive,
            encoding=headers.get(b"content-encoding", b"").lower(),
            declared=headers.get(b"content-length", b""),
            max_bytes=self._max_body_bytes,
        )
        caller = await self._caller(headers, scope)
        if is_batch(body):
            await self._answer_batch(decode_batch(body, self._batching), scope, caller, exchange, send)
            return
        ready = await self._ready(decode_body(body), scope, caller, exchange)
        await self._answer(ready, scope, receive, send, exchange)

    async def _get(self, scope: Scope, receive: Receive, send: Send, exchange: Exchange) -> None:
        headers = exchange.headers
        wire = decode_query_string(scope["query_string"])
        media.check_preflighted(frozenset(headers), headers.get(b"content-type", b""))
        ready = await self._ready(wire, scope, await self._caller(headers, scope), exchange)
        if ready.kind is OperationKind.MUTATION:
            raise ClientError("Send mutations by POST.", code="MUTATION_OVER_GET", status=405)
        await self._answer(ready, scope, receive, send, exchange)

    async def _caller(self, headers: Headers, scope: Scope) -> Caller:
        authorization = headers.get(b"authorization", b"")
        caller = self._authenticator.recall(authorization)
        if caller is None:
            if self._rates is not None:
                await self._rates.admit_unverified(self._source(scope, ANONYMOUS))
            caller = await self._authenticator.verify(authorization)
        if self._anonymous_header is not None and not caller.is_signed_in:
            device = anonymous_id(headers.get(self._anonymous_header, b""))
            if device is not None:
                return Caller(anonymous_id=device)
        return caller

    async def _ready(self, wire: WireRequest, scope: Scope, caller: Caller, exchange: Exchange) -> Ready:
        """Everything before the first fetch, within the rate limits.

        Raises:
            ClientError: the request is refused.
        """
        if self._rates is None:
            return await self._prepared(wire, scope, caller, exchange)
        source = self._source(scope, caller)
        await self._rates.admit_request(source)
        ready = await self._prepared(wire, scope, caller, exchange)
        await self._rates.admit_fields(source, ready.planned.root_fields)
        return ready

    async def _prepared(self, wire: WireRequest, scope: Scope, caller: Caller, exchange: Exchange) -> Ready:
        """Everything before the first fetch.

        Raises:
            ClientError: the request is refused.
        """
        pipeline = self._service.pipeline
        if pipeline is None:
            raise ClientError("The gateway has no schema yet.", code="NOT_READY", status=503)
        text = self._persisted.resolve(wire.query, wire.extensions)
        headers = exchange.headers
        self._recorder.begin_trace(exchange)
        explain = headers.get(self._explain, b"") if self._explain is not None else b""
        ready = await pipeline.ready(
            Request(
                text=text,
                operation_name=wire.operation_name or None,
                variables=wire.variables,
                deadline=exchange.began + self._timeout,
                caller=caller,
                headers=self._propagation.identity_lines(caller, scope["headers"], scope["client"]),
                hop_headers=HeaderLines(
                    exchange.trace + self._propagation.hop_lines(scope["headers"], scope["client"])
                ),
                labels=self._service.labels.decide(),
                shows_plan=b"plan" in explain,
                is_traced=b"trace" in explain,
            )
        )
        exchange.planned(ready)
        self._costs.planned(ready, exchange, is_asked=b"cost" in explain)
        if wire.extensions is not None:
            self._persisted.register(text, wire.extensions)
        return ready

    def _source(self, scope: Scope, caller: Caller) -> RequestSource:
        forwarded = b",".join(value for name, value in scope["headers"] if name == FORWARDED_FOR)
        return RequestSource.of(client_address(scope["client"], forwarded, self._trusted_proxies), caller)

    async def _answer(self, ready: Ready, scope: Scope, receive: Receive, send: Send, exchange: Exchange) -> None:
        if ready.kind is OperationKind.SUBSCRIPTION:
            await self._answer_stream(ready, receive, send, exchange)
            return
        if exchange.accepted.single is None:
            raise ClientError(
                "Accept application/graphql-response+json or application/json.", code="NOT_ACCEPTABLE", status=406
            )
        answer = await self._execute(ready, departure_of(scope))
        if exchange.cost is not None:
            await self._costs.answered(ready, answer, exchange)
        if exchange.form is media.ResponseForm.EVENT_STREAM:
            await sse.send_single(answer.body, send)
        else:
            await _send(send, 200, exchange.form.content_type, answer.body, more=self._costs.headers(exchange))
        exchange.answered(answer)
        self._recorder.over(exchange.outcome, exchange, asyncio.get_running_loop().time())

    async def _execute(self, ready: Ready, departure: Departure) -> Answer:
        """Execute a query or a mutation.

        Raises:
            ClientGoneError: the client of a query left.
        """
        pipeline = self._service.pipeline
        assert pipeline is not None
        if ready.kind is OperationKind.MUTATION:
            return await pipeline.execute(ready)
        with departure:
            return await pipeline.execute(ready)

    async def _answer_stream(self, ready: Ready, receive: Receive, send: Send, exchange: Exchange) -> None:
        if not exchange.accepted.streams:
            raise ClientError("Accept text/event-stream for a subscription.", code="NOT_ACCEPTABLE", status=406)
        assert self._service.pipeline is not None
        STREAMS.inc()
        self._under_way -= 1
        try:
            expires_at = self._authenticator.expires_at(exchange.headers.get(b"authorization", b""))
            expired = Answer(error_body(_expired()), error_count=1)
            answers = end_at(self._service.pipeline.subscribe(ready), expires_at, last=expired)
            await sse.send_stream(self._counted(answers, exchange), receive, send, self._service.stopping)
        finally:
            self._under_way += 1
            STREAMS.dec()
        self._recorder.over(exchange.outcome, exchange, asyncio.get_running_loop().time())

    async def _counted(self, answers: AsyncIterator[Answer], exchange: Exchange) -> AsyncIterator[Answer]:
        """The answers as they come; a fault of ours becomes a last answer, since the status is sent already."""
        try:
            async for answer in answers:
                exchange.answered(answer)
                yield answer
        except Exception:  # the status is sent: all that is left is to say so, masked, and to log it whole
            log.exception("subscription.failed", operation=exchange.name, plan=exchange.plan)
            exchange.error_count += 1
            yield Answer(MASKED, error_count=1)
        finally:
            await answers.aclose()  # type: ignore[attr-defined]

    async def _answer_batch(
        self, requests: list[WireRequest], scope: Scope, caller: Caller, exchange: Exchange, send: Send
    ) -> None:
        """Answer each request of an array, in order; one that is refused does not stop the others.

        Raises:
            ClientGoneError: the client left; the mutations of the array were carried out.
        """
        if exchange.form is media.ResponseForm.EVENT_STREAM:
            raise ClientError("Accept application/json for an array.", code="NOT_ACCEPTABLE", status=406)
        bodies: list[bytes] = []
        outcomes: list[Ready | ClientError] = []
        for wire in requests:
            try:
                outcomes.append(await self._ready(wire, scope, caller, exchange))
            except ClientError as error:
                outcomes.append(
                    error.with_traceback(None)
                )  # else a circle: its traceback has this frame, which has the list
        self._check_sum(outcomes)
        departure = departure_of(scope)
        for outcome in outcomes:
            if isinstance(outcome, Ready) and outcome.kind is OperationKind.SUBSCRIPTION:
                outcome = ClientError("A subscription cannot be part of an array.", code="BATCHED_SUBSCRIPTION")  # noqa: PLW2901
            if isinstance(outcome, ClientError):
                REFUSALS.labels(outcome.code).inc()
                exchange.error_count += 1
                bodies.append(error_body(outcome))
            else:
                with contextlib.suppress(ClientGoneError):
                    answer = await self._execute(outcome, departure)
                    await self._costs.answered(outcome, answer, exchange)
                    exchange.answered(answer)
                    bodies.append(answer.body)
        if departure.is_gone:
            raise ClientGoneError
        exchange.kind, exchange.name, exchange.plan = "batch", None, None
        body = b"[" + b",".join(bodies) + b"]"
        await _send(send, 200, exchange.form.content_type, body, more=self._costs.headers(exchange))
        self._recorder.over(exchange.outcome, exchange, asyncio.get_running_loop().time())

    def _check_sum(self, outcomes: list[Ready | ClientError]) -> None:
        """Returns if an array costs no more than one operation may.

        Raises:
            ClientError: MAX_COST_EXCEEDED.
        """
        total = sum(outcome.cost or 0 for outcome in outcomes if isinstance(outcome, Ready))
        if self._max_cost is not None and total > self._max_cost:
            raise ClientError(
                f"The array would cost {total}; the limit is {self._max_cost}.",
                code="MAX_COST_EXCEEDED",
                extensions={"cost": total, "maxCost": self._max_cost},
            )

    async def _refuse(self, error: ClientError, exchange: Exchange, send: Send) -> None:
        exchange.code = error.code
        REFUSALS.labels(error.code).inc()
        self._costs.refused(error, exchange)
        status = error.status
        body = error_body(error)
        if exchange.form is media.ResponseForm.EVENT_STREAM and status in (200, 400):
            # An EventSource cannot read the body of a failure; it is told by an event.
            await sse.send_single(body, send)
        else:
            if exchange.form is media.ResponseForm.LEGACY_JSON and status == 400 and error.code in DOCUMENT_CODES:
                status = 200
            form = exchange.form
            if form is media.ResponseForm.EVENT_STREAM:
                form = media.ResponseForm.PLAIN_JSON
            await _send(send, status, form.content_type, body, more=_headers_of(error))
        self._recorder.over("refused", exchange, asyncio.get_running_loop().time())


def _overloaded() -> ClientError:
    return ClientError("The gateway has too much to do; come back in a moment.", code="OVERLOADED", status=503)


def _expired() -> ClientError:
    return ClientError("The token has expired.", code="UNAUTHENTICATED", status=401)


def _wrong_method() -> ClientError:
    return ClientError("Send GraphQL by POST, or a query by GET.", code="METHOD_NOT_ALLOWED", status=405)


def _headers_of(error: ClientError) -> list[tuple[bytes, bytes]]:
    """What HTTP wants to be said with a status."""
    match error.status:
        case 401:
            return [(b"www-authenticate", b'Bearer error="invalid_token"')]
        case 405:
            return [(b"allow", b"POST" if error.code == "MUTATION_OVER_GET" else b"GET, POST")]
        case 413:
            return [(b"connection", b"close")]
        case 429:
            return [(b"retry-after", b"%d" % error.extensions["retryAfterSeconds"])]
        case 503:
            return [(b"retry-after", b"1")]
        case _:
            return []


async def _send(
    send: Send, status: int, content_type: bytes, body: bytes, *, more: list[tuple[bytes, bytes]] | None = None
) -> None:
    headers = [
        (b"content-type", content_type),
        (b"content-length", b"%d" % len(body)),
        (b"cache-control", b"no-store"),
    ]
    if more:
        headers += more
    await send({"type": "http.response.start", "status": status, "headers": headers})
    await send({"type": "http.response.body", "body": body})
