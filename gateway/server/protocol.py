"""uvicorn's HTTP protocol with what it lacks: clients that do not hurry are let go, and connections can be drained.

uvicorn bounds neither how long a request takes to arrive nor how long an answer takes to leave: 3000 of 3000 slow connections
were still open after 75 s. Here a connection notes the moment since which the client owes something, and one sweep a second
over all connections closes those whose client is late; a timer per request would cost more than the rest of the edge.

What a client owes: a whole first request after connecting; the rest of a request it began, however many bytes drip in; and,
while our answer waits in the buffer, reading it. Between requests uvicorn's keep-alive timer rules.
"""

import asyncio
from collections.abc import Iterable
from typing import Any

from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.server import ServerState

from gateway.server.departure import EXTENSION, KEY, Departure

TIMED_OUT = (
    b"HTTP/1.1 408 Request Timeout\r\ncontent-type: application/json\r\nconnection: close\r\ncontent-length: 89\r\n\r\n"
    b'{"errors":[{"message":"The request came too slowly.","extensions":{"code":"TIMED_OUT"}}]}'
)


MAX_HEAD_BYTES = 64 * 1024
"""Of a request's line and headers together; httptools itself would take any amount."""

HEAD_TOO_LARGE = (
    b"HTTP/1.1 431 Request Header Fields Too Large\r\ncontent-type: application/json\r\nconnection: close\r\n"
    b"content-length: 99\r\n\r\n"
    b'{"errors":[{"message":"The request has too many headers.","extensions":{"code":"HEAD_TOO_LARGE"}}]}'
)


class EdgeState(ServerState):
    """What all connections of a process share.

    Attributes:
        is_draining: answers say ``Connection: close``, because the process is about to stop.
    """

    def __init__(self) -> None:
        super().__init__()
        self.is_draining = False


class EdgeProtocol(HttpToolsProtocol):
    """One connection.

    Attributes:
        owed_since: since when (loop time) the client owes us bytes of a request; None if it owes nothing.
        stalled_since: since when the client does not take what we write; None if it does.
    """

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        assert isinstance(server_state, EdgeState)
        self.edge = server_state
        self.owed_since: float | None = None
        self.stalled_since: float | None = None
        self._head_bytes: int | None = 0
        self._departure = Departure()
        self._extensions: dict[str, dict[object, object]] = {EXTENSION: {KEY: self._departure}}

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.owed_since = self.loop.time()
        super().connection_made(transport)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._departure.leave()

    def data_received(self, data: bytes) -> None:
        if self.owed_since is None:
            self.owed_since = self.loop.time()
        super().data_received(data)
        if self._head_bytes is not None:
            self._head_bytes += len(data)
            if self._head_bytes > MAX_HEAD_BYTES and not self.transport.is_closing():
                self.transport.write(HEAD_TOO_LARGE)
                self.transport.close()

    def on_message_begin(self) -> None:
        self._head_bytes = 0
        if self.owed_since is None:
            self.owed_since = self.loop.time()
        super().on_message_begin()
        self.scope["extensions"] = self._extensions

    def on_headers_complete(self) -> None:
        self._head_bytes = None
        super().on_headers_complete()
        if self.edge.is_draining and self.cycle is not None:
            self.cycle.keep_alive = False

    def on_message_complete(self) -> None:
        self.owed_since = None
        super().on_message_complete()

    def pause_writing(self) -> None:
        self.stalled_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.stalled_since = None
        super().resume_writing()

    @property
    def is_idle(self) -> bool:
        """Nothing is being answered, and no request has begun to arrive."""
        return self.cycle is None or (self.cycle.response_complete and self.owed_since is None)

    def sweep(self, late: float) -> None:
        """Close the connection if its client has owed something since before `late`, a moment of the loop's clock."""
        if self.transport.is_closing():
            if self.stalled_since is not None and self.stalled_since < late:
                self.transport.abort()
        elif self.stalled_since is not None and self.stalled_since < late:
            # Closing would wait for the client to take what is buffered, which is what it does not do.
            self.transport.abort()
        elif self.owed_since is not None and self.owed_since < late and not self.flow.read_paused:
            is_unanswered = self.cycle is None or self.cycle.response_complete
            if is_unanswered or not self.cycle.response_started:
                self.transport.write(TIMED_OUT)
            self.transport.close()

    def shutdown(self) -> None:
        """Begin to drain: what is under way is answered with ``Connection: close``; an idle client may ask once more."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False


def sweep_connections(connections: Iterable[object], *, late: float) -> None:
    """Close every connection whose client has owed something since before `late`."""
    for connection in list(connections):
        if isinstance(connection, EdgeProtocol):
            connection.sweep(late)
