"""uvicorn, made safe to expose: it closes slow readers, believes no forwarded address, and drains before it stops.

What uvicorn lacks is a read timeout: a client that opens a connection and stays silent, or drips a header or a body, holds
it for ever. Here a connection that is not between requests must finish sending its request within 15 seconds.

Draining: stop listening, mark every answer `Connection: close`, let idle connections be used once more or time out, then close.
"""

import asyncio
import socket
import time
from collections.abc import Awaitable, Callable
from typing import Any, cast

import structlog
import uvicorn
from starlette.types import ASGIApp
from uvicorn.lifespan.on import LifespanOn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol

READ_TIMEOUT_SECONDS = 15.0
KEEP_ALIVE_SECONDS = 30
DRAIN_SECONDS = 1.0
GRACE_SECONDS = 10
BACKLOG = 2048

OnDrain = Callable[[], Awaitable[None]]

_log = structlog.get_logger(__name__)


class ReadTimeoutProtocol(HttpToolsProtocol):
    """uvicorn's protocol, with a deadline on the arrival of each request."""

    _read_timer: asyncio.TimerHandle | None = None

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        super().connection_made(transport)
        self._start_read_timer()

    def data_received(self, data: bytes) -> None:
        if self._read_timer is None and (self.cycle is None or self.cycle.response_complete):
            self._start_read_timer()
        super().data_received(data)

    def on_message_complete(self) -> None:
        self._stop_read_timer()
        super().on_message_complete()

    def connection_lost(self, exc: Exception | None) -> None:
        self._stop_read_timer()
        super().connection_lost(exc)

    def _start_read_timer(self) -> None:
        self._read_timer = self.loop.call_later(READ_TIMEOUT_SECONDS, self._read_timed_out)

    def _stop_read_timer(self) -> None:
        if self._read_timer is not None:
            self._read_timer.cancel()
            self._read_timer = None

    def _read_timed_out(self) -> None:
        self._read_timer = None
        if self.transport is not None and not self.transport.is_closing():
            self.transport.abort()


class DrainingServer(uvicorn.Server):
    """uvicorn's server, which on a signal lets open connections finish before it closes them.

    Args:
        on_drain: as of `serve`.
    """

    def __init__(self, config: uvicorn.Config, *, on_drain: OnDrain | None = None) -> None:
        super().__init__(config)
        self._on_drain = on_drain

    async def on_tick(self, counter: int) -> bool:
        """Whether to stop now: asked to, or the application's life has ended by an exception and it answers from ruins."""
        return await super().on_tick(counter) or self.has_failed

    @property
    def has_failed(self) -> bool:
        """True when the application's life ended by an exception: at start, while it ran, or at its end."""
        life = self.lifespan
        return isinstance(life, LifespanOn) and (life.error_occurred or life.startup_failed or life.shutdown_failed)

    async def shutdown(self, sockets: list[socket.socket] | None = None) -> None:
        """Stop accepting, answer with `Connection: close` for up to a second, then stop as uvicorn does."""
        for server in self.servers:
            server.close()
        self.server_state.default_headers.append((b"connection", b"close"))
        if self._on_drain is not None:
            await self._on_drain()
        until = time.monotonic() + DRAIN_SECONDS
        # A connection that is idle may carry one more request, already on its way: closing it now would drop that.
        while time.monotonic() < until and self.server_state.connections:  # noqa: ASYNC110 - uvicorn has no event for it
            await asyncio.sleep(0.02)
        await super().shutdown(sockets)


def serve(app: ASGIApp, *, host: str, port: int, on_drain: OnDrain | None = None) -> int:
    """Run the app until SIGTERM or SIGINT, or until its life ends by an exception.

    Args:
        on_drain: Ends the requests that wait on purpose, such as long polls; called when the server is told to stop.

    Returns:
        The exit status: 0 when it was asked to stop, 1 when the application failed, so that a supervisor starts it again.
    """
    config = uvicorn.Config(
        app,
        host=host,
        port=port,
        http=cast("Any", ReadTimeoutProtocol),
        ws="none",
        loop="uvloop",
        lifespan="on",
        # uvicorn would take the leftmost address, which the client writes; who needs one counts proxies from the right.
        proxy_headers=False,
        server_header=False,
        access_log=False,
        log_config=None,
        timeout_keep_alive=KEEP_ALIVE_SECONDS,
        timeout_graceful_shutdown=GRACE_SECONDS,
        backlog=BACKLOG,
    )
    _log.info("server.starting", host=host, port=port)
    server = DrainingServer(config, on_drain=on_drain)
    server.run()
    if server.has_failed:
        _log.critical("server.application_failed")
        return 1
    return 0
