"""The Transport over HTTP/1.1: a pool of connections to each origin, one exchange a request.

Redirects are not followed, compression is not asked for, and a failure is never retried but for one case: a kept connection
that was dead before any byte came back, and a query that may be asked twice.
"""

import asyncio
import ssl
from collections.abc import AsyncGenerator
from dataclasses import dataclass, field
from typing import Final
from urllib.parse import urlsplit

from gateway.errors import InternalError, SubgraphError
from gateway.execution.request import HeaderLines, Liveness, SubgraphEndpoint
from gateway.execution.transport.event_stream import STREAM_ACCEPT, Events
from gateway.execution.transport.exchange import Exchange
from gateway.execution.transport.interface import Reply
from gateway.execution.transport.liveness import Watch
from gateway.execution.transport.pool import Origin, Pool, PoolLimits

ACCEPT: Final = b"application/graphql-response+json, application/json;q=0.9"


@dataclass(frozen=True, slots=True)
class TransportLimits:
    """Bounds of what subgraphs may cost.

    Attributes:
        max_response_bytes: of one answer, or one event.
        max_response_values: of one answer, or one event: each list, object and leaf, in JSON.
        max_events: of a subscription that wait to be taken; the subgraph is not read further then.
        pool: of each origin's connections.
    """

    max_response_bytes: int = 8_000_000
    max_response_values: int = 500_000
    max_events: int = 64
    pool: PoolLimits = field(default_factory=PoolLimits)


@dataclass(frozen=True, slots=True)
class _Route:
    """What is known of an address before any request: its pool, and the head of every POST to it."""

    pool: Pool
    origin: Origin
    host: str
    post_head: bytes
    stream_head: bytes


def is_http_address(url: str) -> bool:
    """Whether requests can be sent to it; it may still be that nobody listens there."""
    try:
        parts = urlsplit(url)
        has_port = parts.port != 0
    except ValueError:
        return False
    is_http = parts.scheme in ("http", "https") and bool(parts.hostname) and has_port
    return is_http and url.isascii() and url.isprintable()


class HttpTransport:
    """Requests to subgraphs on the running loop.

    Args:
        tls: for https addresses; the system's trust if None.
    """

    def __init__(self, limits: TransportLimits | None = None, *, tls: ssl.SSLContext | None = None) -> None:
        self._limits = limits or TransportLimits()
        self._tls = tls
        self._loop = asyncio.get_running_loop()
        self._routes: dict[str, _Route] = {}
        self._pools: dict[Origin, Pool] = {}
        self._watches: dict[tuple[Origin, Liveness], Watch] = {}
        self._on_slow = self._watch

    def post(
        self,
        service: SubgraphEndpoint,
        body: bytes,
        headers: HeaderLines,
        *,
        hop_headers: HeaderLines,
        deadline: float,
        is_safe: bool,
    ) -> asyncio.Future[Reply]:
        """As `Transport.post`."""
        route = self._routes.get(service.url) or self._route(service.url)
        head, first = (b"", route.post_head) if service.deadline_header is None else (route.post_head, b"")
        exchange = Exchange(
            service,
            b"%b%b%bContent-Length: %d\r\n\r\n%b" % (first, headers, hop_headers, len(body), body),
            head=head,
            loop=self._loop,
            deadline=deadline,
            is_safe=is_safe,
            max_response_bytes=self._limits.max_response_bytes,
            max_response_values=self._limits.max_response_values,
            on_slow=self._on_slow,
        )
        route.pool.submit(exchange)
        return exchange

    async def subscribe(
        self, service: SubgraphEndpoint, body: bytes, headers: HeaderLines, *, hop_headers: HeaderLines, deadline: float
    ) -> AsyncGenerator[bytes, None]:
        """As `Transport.subscribe`: server-sent events, or parts of a multipart body, on a connection of its own."""
        route = self._routes.get(service.url) or self._route(service.url)
        events = Events(
            service,
            b"%b%b%bContent-Length: %d\r\n\r\n%b" % (route.stream_head, headers, hop_headers, len(body), body),
            max_event_bytes=self._limits.max_response_bytes,
            max_event_values=self._limits.max_response_values,
            max_events=self._limits.max_events,
        )
        try:
            try:
                async with asyncio.timeout_at(deadline):
                    await events.open(self._loop, route.origin)
            except TimeoutError:
                raise SubgraphError(
                    f"Subgraph {service.name!r} did not accept the subscription in time.",
                    service=service.name,
                    code="SUBGRAPH_TIMEOUT",
                ) from None
            async for event in events:
                yield event
        finally:
            events.close()

    def _watch(self, exchange: Exchange) -> None:
        """Probe the process that an exchange waits for; see `liveness`."""
        liveness = exchange.service.liveness
        assert liveness is not None
        route = self._routes[exchange.service.url]
        watch = self._watches.get((route.origin, liveness))
        if watch is None:
            watch = Watch(route.pool, liveness, route.host, self._loop)
            self._watches[route.origin, liveness] = watch
        watch.add(exchange)

    async def close(self) -> None:
        """As `Transport.close`."""
        for watch in self._watches.values():
            await watch.close()
        for pool in self._pools.values():
            await pool.close()

    def _route(self, url: str) -> _Route:
        if not is_http_address(url):
            raise InternalError(f"a subgraph's address is not one of HTTP: {url!r}")
        parts = urlsplit(url)
        tls = None
        if parts.scheme == "https":
            self._tls = tls = self._tls or ssl.create_default_context()
        origin = Origin(str(parts.hostname), parts.port or (443 if tls else 80), tls)
        pool = self._pools.get(origin)
        if pool is None:
            pool = self._pools[origin] = Pool(origin, self._limits.pool, self._loop)
        target = (parts.path or "/") + (f"?{parts.query}" if parts.query else "")
        host = parts.netloc.rpartition("@")[2]
        head = (
            f"POST {target} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: yarmarka-gateway\r\nContent-Type: application/json\r\n"
        ).encode("ascii")
        route = _Route(
            pool,
            origin,
            host,
            head + b"Accept: " + ACCEPT + b"\r\n",
            head + b"Accept: " + STREAM_ACCEPT + b"\r\nCache-Control: no-store\r\n",
        )
        self._routes[url] = route
        return route
