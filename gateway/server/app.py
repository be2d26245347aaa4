"""The gateway as one ASGI application: the GraphQL route raw, everything else through Starlette."""

import asyncio
import contextlib
from collections.abc import AsyncIterator

import structlog
from starlette.types import ASGIApp, Receive, Scope, Send

from gateway.execution.transport.http import HttpTransport, TransportLimits
from gateway.execution.transport.pool import PoolLimits
from gateway.graphiql.page import Page
from gateway.operation.persisted import PersistedQueries
from gateway.planning_thread import PlanningThread
from gateway.server.cross_origin import allow_origins
from gateway.server.forwarding import Propagation, service_token_mint
from gateway.server.graphql_http import GraphqlApp, Service
from gateway.server.identity import Authenticator
from gateway.server.jwks import Jwks
from gateway.server.rates.bucket import BucketStore
from gateway.server.rates.limiter import RateLimiter
from gateway.server.rates.memory import MemoryBuckets
from gateway.server.rates.redis import RedisBuckets
from gateway.server.readiness import SubgraphReadiness
from gateway.server.request_log import RequestLog
from gateway.server.side_routes import response_of, side_routes
from gateway.server.supergraphs import POLL_SECONDS, LoadedSupergraph, SupergraphFile, served_subgraphs
from gateway.settings import Settings

log = structlog.get_logger(__name__)


class Gateway:
    """The application of one process.

    Args:
        settings: with a supergraph path.
        loaded: what is in that file, if it was read just now.
        request_log: where the wide events go.
        composition_url: where the page learns how the subgraphs compose; None where nobody composes.

    Attributes:
        poll_seconds: how often the supergraph file is looked at.

    Raises:
        ValueError: the service keys are no key ring.
        OSError: an operation of the manifest cannot be read.
    """

    poll_seconds = POLL_SECONDS

    def __init__(
        self,
        settings: Settings,
        *,
        loaded: LoadedSupergraph | None = None,
        request_log: RequestLog | None = None,
        composition_url: str | None = None,
    ) -> None:
        self._settings = settings
        self._loaded = loaded
        self._service = Service()
        self._request_log = request_log or RequestLog(settings.log.requests, log_format=settings.log.format)
        self._page = _page(settings, composition_url)
        tokens = settings.identity.service_tokens
        mint = service_token_mint(tokens.keys.get_secret_value()) if tokens is not None else None
        rates = settings.rate_limits
        self._buckets = _buckets(settings)
        self._graphql: ASGIApp = GraphqlApp(
            self._service,
            settings,
            authenticator=Authenticator(
                [
                    Jwks(
                        issuer,
                        refresh_seconds=settings.identity.refresh_seconds,
                        keys_dir=settings.identity.keys_dir,
                    )
                    for issuer in settings.identity.issuers
                ]
            ),
            propagation=Propagation(settings, mint),
            persisted=_persisted(settings),
            request_log=self._request_log,
            rates=RateLimiter(rates, self._buckets) if rates.is_enabled else None,
            page=self._send_page if self._page is not None else None,
        )
        if settings.server.cors_origins:
            self._graphql = allow_origins(self._graphql, settings.server.cors_origins)
        ready_path = settings.server.subgraphs_ready_path
        self._readiness = (
            SubgraphReadiness(ready_path, self._addresses, required=settings.server.subgraphs_required)
            if ready_path is not None
            else None
        )
        self._sides = side_routes(
            self._failing,
            self._page,
            metrics_token=(
                settings.server.metrics_token.get_secret_value() if settings.server.metrics_port is None else None
            ),
            graphql_path=settings.server.path,
        )
        self._path = settings.server.path

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "http":
            if scope["path"] == self._path:
                await self._graphql(scope, receive, send)
            else:
                await self._sides(scope, receive, send)
        elif scope["type"] == "lifespan":
            await self._live(receive, send)

    def serve_first(self, served: SupergraphFile) -> None:
        """Put what is in the supergraph file in service, before the first request."""
        served.serve_first(self._loaded)
        self._loaded = None

    def drain(self) -> None:
        """Stop what does not end by itself, and say on ``/ready`` that the process is leaving."""
        self._service.stopping.set()

    async def _failing(self) -> dict[str, str]:
        if self._service.stopping.is_set():
            return {"process": "draining"}
        if self._service.pipeline is None:
            return {"supergraph": "not loaded"}
        return await self._readiness.failing() if self._readiness is not None else {}

    def _addresses(self) -> dict[str, str]:
        pipeline = self._service.pipeline
        served = served_subgraphs(pipeline.supergraph, self._settings) if pipeline is not None else []
        return {subgraph.name: subgraph.url for subgraph in served}

    async def _send_page(self, scope: Scope, receive: Receive, send: Send) -> None:
        assert self._page is not None
        await response_of(self._page.html())(scope, receive, send)

    async def _live(self, receive: Receive, send: Send) -> None:
        """The lifespan protocol: load before the first request, let go after the last."""
        await receive()
        async with contextlib.AsyncExitStack() as stack:
            try:
                await stack.enter_async_context(self._in_service())
            except Exception as error:  # whatever kept us from starting is told once, by the one who started us
                log.exception("gateway.failed_to_start", error=str(error))
                await send({"type": "lifespan.startup.failed", "message": str(error)})
                return
            await send({"type": "lifespan.startup.complete"})
            await receive()
        await send({"type": "lifespan.shutdown.complete"})

    @contextlib.asynccontextmanager
    async def _in_service(self) -> AsyncIterator[None]:
        path = self._settings.supergraph.path
        assert path is not None
        execution = self._settings.execution
        transport = HttpTransport(
            TransportLimits(
                max_response_bytes=execution.max_response_bytes,
                max_response_values=execution.max_response_values,
                pool=PoolLimits(max_connections=execution.max_connections, max_wait_seconds=execution.max_wait_seconds),
            )
        )
        planning = PlanningThread()
        watching: asyncio.Task[None] | None = None
        try:
            served = SupergraphFile(path, self._settings, transport, planning, self._service.put)
            self.serve_first(served)
            if self._settings.supergraph.watch:
                watching = asyncio.create_task(served.watch(poll_seconds=self.poll_seconds))
            yield
        finally:
            if watching is not None:
                watching.cancel()
                await asyncio.gather(watching, return_exceptions=True)
            await transport.close()
            await self._buckets.close()
            if self._readiness is not None:
                self._readiness.close()
            planning.close()
            self._request_log.flush()


def _page(settings: Settings, composition_url: str | None) -> Page | None:
    if not settings.graphiql.enabled:
        return None
    return Page(
        operations_dir=settings.graphiql.operations,
        shows_accounts=settings.shows_accounts,
        composition_url=composition_url,
    )


def _buckets(settings: Settings) -> BucketStore:
    url = settings.rate_limits.redis_url
    return RedisBuckets(url.get_secret_value()) if url is not None else MemoryBuckets()


def _persisted(settings: Settings) -> PersistedQueries:
    folder = settings.persisted.manifest
    texts = [path.read_text(encoding="utf-8") for path in sorted(folder.glob("*.graphql"))] if folder else []
    return PersistedQueries(texts, is_automatic=settings.persisted.automatic, is_safelist=settings.persisted.safelist)
