"""uvicorn's HTTP protocol with what it lacks: bounds on clients in time and size, refusals that can be read, and a drain.

uvicorn bounds neither how long a request takes to arrive nor how long an answer takes to leave: 3000 of 3000 slow connections
were still open after 75 s. Here a connection notes the moment since which the client owes something, and one sweep a second
over all connections closes those whose client is late; a timer per request would cost more than the rest of the edge.

What a client owes: a whole first request after connecting; the rest of a request it began, however many bytes drip in; and,
while our answer waits in the buffer, reading it. Between requests a client owes nothing, and the sweep closes connections that are
idle for too long; uvicorn sets a timer for each answer, which costs 3 us.

A request that cannot be read is refused in the form of all errors, after the answers to the requests before it, and its connection
lingers (`gateway.server.lingering`). ``Upgrade`` is ignored: the parser stops at it, so it is given the same request without the header.
"""

import asyncio
from collections import deque
from collections.abc import Iterable
from functools import partial
from typing import Any, Final
from urllib.parse import unquote

import httptools
from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope
from uvicorn.config import Config
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol, RequestResponseCycle
from uvicorn.server import ServerState

from gateway.errors import ClientError
from gateway.server.cross_origin import CrossOrigin
from gateway.server.cycle import Cycle
from gateway.server.departure import EXTENSION, KEY, Departure
from gateway.server.lingering import LingeringTransport
from gateway.server.metrics import REFUSALS
from gateway.server.raw_answers import MALFORMED_REQUEST, TIMED_OUT, raw_answer, refuse_connections
from gateway.server.request_head import MAX_FIELDS, MAX_HEAD_BYTES, check_framing, check_size, too_large
from gateway.server.start_queue import StartQueue

PROBES: Final = frozenset({"/health", "/ready"})
"""Paths that an orchestrator asks with a time-out, and ends the process when it passes."""

ARRIVED: Final = "arrived"
"""Key of a request's ``state``: when its head was whole, by the loop's clock."""


class EdgeState(ServerState):
    """What all connections of a process share.

    Args:
        cross_origin: Which pages may read what is refused here; none by default.

    Attributes:
        is_draining: answers say ``Connection: close``, because the process is about to stop.
        starts: requests that wait for their start.
        refuse_connection: answers a request on a connection too many.
    """

    def __init__(self, cross_origin: CrossOrigin | None = None) -> None:
        super().__init__()
        self.cross_origin = cross_origin or CrossOrigin()
        self.refuse_connection = refuse_connections(self.cross_origin)
        self.is_draining = False
        self.starts = StartQueue()


class EdgeProtocol(HttpToolsProtocol):
    """One connection.

    Attributes:
        owed_since: since when (loop time) the client owes us bytes of a request; None if it owes nothing.
        stalled_since: since when the client does not take what we write; None if it does.
        idle_since: since when all requests are answered and none has begun to arrive; None if that is not so.
    """

    transport: LingeringTransport  # type: ignore[assignment]  # it has what uvicorn uses of a transport

    def __init__(
        self,
        config: Config,
        server_state: ServerState,
        app_state: dict[str, Any],
        _loop: asyncio.AbstractEventLoop | None = None,
    ) -> None:
        super().__init__(config, server_state, app_state, _loop)
        self.parser = _new_parser(self)
        assert isinstance(server_state, EdgeState)
        self.edge = server_state
        self.owed_since: float | None = None
        self.stalled_since: float | None = None
        self.idle_since: float | None = None
        self._departure = Departure()
        self._extensions: dict[str, dict[object, object]] = {EXTENSION: {KEY: self._departure}}
        self._trailers: list[tuple[bytes, bytes]] | None = None
        self._refusal: ClientError | None = None
        # Between the end of one message and the end of the next one's head.
        self._is_head_open = True
        # Of an open head, optional whitespace included.
        self._open_bytes = 0
        self._has_head_begun_in_piece = False
        self._has_message_ended = False

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        self.owed_since = self.loop.time()
        super().connection_made(transport)
        self.transport = LingeringTransport(transport, self.loop, self._is_unread)

    def connection_lost(self, exc: Exception | None) -> None:
        super().connection_lost(exc)
        self._departure.leave()

    def data_received(self, data: bytes) -> None:
        if self.transport.lingers_since is not None:
            self.transport.discard(data)
            return
        if self._refusal is not None:
            return
        if self.owed_since is None:
            self.owed_since = self.loop.time()
        self.idle_since = None
        try:
            self._read(data)
        except ClientError as error:
            self._refuse(error)
        except httptools.HttpParserError as error:
            self._refuse(error.__context__ if isinstance(error.__context__, ClientError) else MALFORMED_REQUEST)

    def _read(self, data: bytes) -> None:
        """Parse the bytes, in pieces that end where a head would be too long.

        Raises:
            ClientError: a head is too long.
            HttpParserError: the bytes are no request, or a callback raised the error that is its context.
        """
        position = 0
        while position < len(data):
            piece = data[position : position + MAX_HEAD_BYTES - self._open_bytes]
            position += len(piece)
            self._has_message_ended = False
            self._parse(piece)
            self._has_head_begun_in_piece = False
            if not self._is_head_open or self._has_message_ended:
                self._open_bytes = 0
                continue
            self._open_bytes += len(piece)
            if self._open_bytes >= MAX_HEAD_BYTES:
                raise too_large()

    def _parse(self, data: bytes) -> None:
        while True:
            try:
                self.parser.feed_data(data)
            except httptools.HttpParserUpgrade as stop:
                # The parser takes what follows for another protocol's.
                head = self._head_without_upgrade()
                self.parser = _new_parser(self)
                data = head + data[stop.args[0] :]
                continue
            return

    def _head_without_upgrade(self) -> bytes:
        line = b"%b %b HTTP/%b\r\n" % (self.parser.get_method(), self.url, self.parser.get_http_version().encode())
        fields = (b"%b: %b\r\n" % field for field in self.headers if field[0] != b"upgrade")
        return line + b"".join(fields) + b"\r\n"

    def on_message_begin(self) -> None:
        self._trailers = None
        self.idle_since = None
        self._has_head_begun_in_piece = True
        if self.owed_since is None:
            self.owed_since = self.loop.time()
        super().on_message_begin()

    def on_header(self, name: bytes, value: bytes) -> None:
        """Note a field of the head, as uvicorn does; a trailer is counted, and is none of the request's headers."""
        if not self._is_head_open:
            self._note_trailer(name, value)
            return
        name = name.lower()
        if name == b"expect" and value.lower() == b"100-continue":
            self.expect_100_continue = True
        self.headers.append((name, value))

    def _note_trailer(self, name: bytes, value: bytes) -> None:
        self._trailers = [*(self._trailers or ()), (name, value)]
        check_size(self.url, [*self.headers, *self._trailers])

    def on_headers_complete(self) -> None:
        if self.parser.should_upgrade():
            if self.parser.get_method() == b"CONNECT":
                raise ClientError("There are no tunnels here.", code="METHOD_NOT_ALLOWED", status=405)
            check_size(self.url, self.headers)  # it comes again in one piece, wherever it began
            return
        # A head that began in this piece is no longer than it.
        if not self._has_head_begun_in_piece or len(self.headers) > MAX_FIELDS:
            check_size(self.url, self.headers)
        check_framing(self.headers, self.parser.get_http_version())
        self._complete_scope()
        self._is_head_open = False
        previous, self.cycle = self.cycle, self._new_cycle()
        app = self.app
        if self._is_full():
            self.logger.warning("Exceeded concurrency limit.")
            app = self.edge.refuse_connection
        if previous is None or previous.response_complete:
            self._start_asgi_task(self.cycle, app)
        else:
            self.flow.pause_reading()
            self.pipeline.appendleft((self.cycle, app))

    def _complete_scope(self) -> None:
        """Add what the whole head says to the scope."""
        target = httptools.parse_url(self.url)
        path = target.path.decode("ascii")
        self.scope["method"] = self.parser.get_method().decode("ascii")
        self.scope["http_version"] = self.parser.get_http_version()
        self.scope["path"] = unquote(path) if "%" in path else path
        self.scope["raw_path"] = target.path
        self.scope["query_string"] = target.query or b""
        self.scope["extensions"] = self._extensions
        self.scope["state"][ARRIVED] = self.loop.time()

    def _new_cycle(self) -> Cycle:
        may_stay = self.scope["http_version"] != "1.0" and self.parser.should_keep_alive()
        return Cycle(
            scope=self.scope,
            transport=self.transport,  # type: ignore[arg-type]  # it has what uvicorn uses of a transport
            flow=self.flow,
            logger=self.logger,
            access_logger=self.access_logger,
            access_log=self.access_log,
            default_headers=self.server_state.default_headers,
            message_event=asyncio.Event(),
            expect_100_continue=self.expect_100_continue,
            keep_alive=may_stay and not self.edge.is_draining,
            on_response=self.on_response_complete,
        )

    def _is_full(self) -> bool:
        """Return whether the process has as many connections or requests as it may have."""
        limit = self.limit_concurrency
        return limit is not None and (len(self.connections) >= limit or len(self.tasks) >= limit)

    def _start_asgi_task(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        """Start a probe or a refusal at once, and everything else when its turn has come."""
        if app is _refused:
            self._write_refusal()
        elif cycle.scope["path"] in PROBES:
            super()._start_asgi_task(cycle, self.app)
        elif app is self.edge.refuse_connection or self.edge.starts.has_room(self.loop):
            super()._start_asgi_task(cycle, app)
        else:
            self.edge.starts.wait(partial(self._start_if_waited_for, cycle, app))

    def _start_if_waited_for(self, cycle: RequestResponseCycle, app: ASGI3Application) -> None:
        if not cycle.disconnected:
            super()._start_asgi_task(cycle, app)

    def on_message_complete(self) -> None:
        if self._is_head_open:
            return  # of a request that comes again without its Upgrade
        self._is_head_open = True
        self._has_message_ended = True
        self.owed_since = None
        super().on_message_complete()
        if self.cycle.response_complete:
            self.idle_since = self.loop.time()  # the answer was there before the end of the request

    def on_response_complete(self) -> None:
        """Start the request behind the one that was answered; without one the connection is idle."""
        self.server_state.total_requests += 1
        if self.transport.is_closing():
            return
        self.flow.resume_reading()
        if self.pipeline:
            self._start_asgi_task(*self.pipeline.pop())
        elif self.owed_since is None:
            self.idle_since = self.loop.time()

    def pause_writing(self) -> None:
        self.stalled_since = self.loop.time()
        super().pause_writing()

    def resume_writing(self) -> None:
        self.stalled_since = None
        super().resume_writing()

    @property
    def is_idle(self) -> bool:
        """Nothing is being answered, and no request has begun to arrive."""
        return (
            self.transport.lingers_since is not None
            or self.cycle is None
            or (self.cycle.response_complete and self.owed_since is None)
        )

    def sweep(self, *, late: float, stale: float) -> None:
        """Close the connection if its client is late or no longer uses it.

        Args:
            late: By the loop's clock; a client that has owed something since before that is late.
            stale: By the loop's clock; a connection that is idle since before that is not used.
        """
        self.transport.abort_if_late()
        if self.stalled_since is not None and self.stalled_since < late:
            # Closing would wait for the client to take what is buffered, which is what it does not do.
            self.transport.abort()
        elif self.transport.is_closing():
            return
        elif self.owed_since is not None and self.owed_since < late and not self.flow.read_paused:
            is_unanswered = self.cycle is None or self.cycle.response_complete
            if is_unanswered or not self.cycle.response_started:
                self.transport.write(self._raw_answer(TIMED_OUT))
            self.transport.close_now()
        elif self.idle_since is not None and self.idle_since < stale:
            self.transport.close()

    def shutdown(self) -> None:
        """Begin to drain: what is under way is answered with ``Connection: close``; an idle client may ask once more."""
        if self.cycle is not None and not self.cycle.response_complete:
            self.cycle.keep_alive = False

    def close_now(self) -> None:
        """Send what is buffered and close, whatever the client does."""
        self.transport.close_now()

    def _is_unread(self) -> bool:
        """Return whether the client may be sending what will not be read."""
        return self._refusal is not None or not self._is_head_open

    def _refuse(self, error: ClientError) -> None:
        """Answer with the error, after the answers to the requests before, and close."""
        # The traceback leads to this connection and the bytes that it was sent.
        self._refusal = error.with_traceback(None)
        is_behind = self.cycle is not None and not self.cycle.response_complete
        if is_behind and not self._is_head_open:
            # The body of this request is what cannot be read: its application is told that nothing more comes.
            failed = self.cycle
            is_behind = any(waiting is failed for waiting, _ in self.pipeline)
            self.pipeline = deque(entry for entry in self.pipeline if entry[0] is not failed)
            failed.disconnected = True
            failed.message_event.set()
            if failed.response_started:
                self.transport.close_now()
                return
        if is_behind:
            self.pipeline.appendleft((self.cycle, _refused))
        else:
            self._write_refusal()

    def _write_refusal(self) -> None:
        assert self._refusal is not None
        if not self.transport.is_closing():
            REFUSALS.labels(self._refusal.code).inc()
            self.transport.write(self._raw_answer(self._refusal))
            self.transport.close()

    def _raw_answer(self, error: ClientError) -> bytes:
        """Return the answer that tells the error, also to a page of another origin if that has been read."""
        return raw_answer(error, self.edge.cross_origin.fields(self.headers or ()))


def _new_parser(protocol: EdgeProtocol) -> httptools.HttpRequestParser:
    parser = httptools.HttpRequestParser(protocol)
    # A client may send a request more before it has read that the connection closes after the one before.
    parser.set_dangerous_leniencies(lenient_data_after_close=True)
    return parser


async def _refused(_scope: Scope, _receive: ASGIReceiveCallable, _send: ASGISendCallable) -> None:
    """Stand in the pipeline for a request that cannot be read."""


def sweep_connections(connections: Iterable[object], *, late: float, stale: float) -> None:
    """Close every connection whose client is late or no longer uses it, as `EdgeProtocol.sweep`."""
    for connection in list(connections):
        if isinstance(connection, EdgeProtocol):
            connection.sweep(late=late, stale=stale)
