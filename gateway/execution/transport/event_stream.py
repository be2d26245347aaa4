"""A subscription's events from a subgraph, on a connection of its own, with backpressure.

The events wait in a bounded queue; when it is full the connection is not read, so that a slow client holds its subgraph back,
and memory does not grow. The reply's content type says how events are framed: ``text/event-stream`` (GraphQL over SSE, distinct
connections mode) or ``multipart/mixed``; a reply that is plain JSON is the only event, for a subgraph refuses that way.
"""

import asyncio
from collections import deque
from typing import Final

from gateway.errors import SubgraphError
from gateway.execution.encoding import has_more_values
from gateway.execution.request import SubgraphEndpoint
from gateway.execution.transport.connection import Carried, Connection, Fault
from gateway.execution.transport.framing import Framing, FramingError, WholeBody, framing_for
from gateway.execution.transport.pool import Origin
from gateway.execution.transport.reply import is_ok

# Multipart first: servers that read one media type only, as older Strawberry does, find it.
STREAM_ACCEPT: Final = b"multipart/mixed;subscriptionSpec=1.0, text/event-stream, application/graphql-response+json, application/json;q=0.9"


NO_STREAM: Final = (
    "no stream of events: it must offer server-sent events or multipart over HTTP, since this gateway does not speak "
    "graphql-transport-ws to subgraphs"
)

MAX_STEPS: Final = 2_000
STEPS_PER_SECOND: Final = 20_000
"""Lines or parts without an event that are read at full speed, and then on average: three streams of comment lines held everybody
else's answers for 7.9 s. A heartbeat is one line in some seconds."""


class Events:
    """The events of one subscription; what a `Connection` carries.

    Args:
        request: the whole request as it goes on the wire.
        max_event_bytes: a longer event ends the stream.
        max_event_values: an event with more ends the stream, too.
        max_events: that wait before the connection is paused.
    """

    def __init__(
        self, service: SubgraphEndpoint, request: bytes, *, max_event_bytes: int, max_event_values: int, max_events: int
    ) -> None:
        self.service = service
        self._request = request
        self.connection: Connection | None = None
        self._max_event_bytes = max_event_bytes
        self._max_event_values = max_event_values
        self._max_events = max_events
        self._is_length_known = False
        self._status = 0
        self._content_type = ""
        self._framing: Framing | None = None
        self._waiting: deque[bytes] = deque()
        self._is_over = False
        self._pause: asyncio.TimerHandle | None = None
        self._error: SubgraphError | None = None
        self._changed = asyncio.Event()

    async def open(self, loop: asyncio.AbstractEventLoop, origin: Origin) -> None:
        """Connects, sends the request, and waits for the head of the reply.

        Raises:
            SubgraphError: the subgraph cannot be reached, or did not accept.
        """
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(_SINGLE_USE), origin.host, origin.port, ssl=origin.tls
            )
        except (OSError, UnicodeError) as error:
            raise self._failure("SUBGRAPH_UNREACHABLE", f"cannot be reached: {type(error).__name__}") from error
        connection.begin(self, loop.time())
        while self._framing is None and not self._is_over:
            self._changed.clear()
            await self._changed.wait()

    def __aiter__(self) -> "Events":
        """Itself."""
        return self

    async def __anext__(self) -> bytes:
        """The next event; raises the stream's error when the events before it are taken."""
        while not self._waiting:
            if self._error is not None:
                raise self._error
            if self._is_over:
                raise StopAsyncIteration
            self._changed.clear()
            await self._changed.wait()
        event = self._waiting.popleft()
        if len(self._waiting) < self._max_events // 2 + 1 and self._pause is None and self.connection is not None:
            self.connection.resume()
        if has_more_values(event, self._max_event_values):
            what = f"sent an event with more than {self._max_event_values} values"
            self._end(self._failure("SUBGRAPH_RESPONSE_TOO_LARGE", what))
            raise self._failure("SUBGRAPH_RESPONSE_TOO_LARGE", what)
        return event

    def wire(self, _now: float) -> bytes:
        """Part of `Carried`."""
        return self._request

    def _read_on(self) -> None:
        self._pause = None
        if self.connection is not None and len(self._waiting) < self._max_events:
            self.connection.resume()

    def close(self) -> None:
        """Gives the stream up."""
        self._is_over = True
        if self._pause is not None:
            self._pause.cancel()
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.abort()

    def fed(self, count: int) -> None:
        """Part of `Carried`: the connection bounds the head, the framing each event."""

    def header(self, name: bytes, value: bytes) -> None:
        """Part of `Carried`."""
        lowered = name.lower()
        if lowered == b"content-type":
            self._content_type = value.decode("latin-1")
        elif lowered in (b"content-length", b"transfer-encoding"):
            self._is_length_known = True

    def head(self, status: int) -> None:
        """Part of `Carried`."""
        self._status = status
        self._framing = framing_for(self._content_type, self._max_event_bytes) if is_ok(status) else None
        if self._framing is None:
            if "json" in self._content_type:
                self._framing = WholeBody(self._max_event_bytes)
            else:
                code = "SUBGRAPH_MALFORMED_RESPONSE" if is_ok(status) else "SUBGRAPH_HTTP_ERROR"
                self._end(self._failure(code, f"answered a subscription with HTTP status {status} and {NO_STREAM}"))
        self._changed.set()

    def interim(self) -> None:
        """Part of `Carried`."""
        self._content_type, self._is_length_known = "", False

    def is_stale(self) -> bool:
        """Part of `Carried`: a stream's connection was never idle."""
        return False

    def piece(self, data: bytes) -> None:
        """Part of `Carried`."""
        if self._framing is None or self._is_over:
            return
        try:
            self._waiting.extend(self._framing.feed(data))
        except FramingError as error:
            self._end(self._failure("SUBGRAPH_MALFORMED_RESPONSE", str(error)))
            return
        self._changed.set()
        if self._framing.is_complete:
            self._end(None)
        elif self.connection is not None:
            if len(self._waiting) >= self._max_events:
                self.connection.pause()
            elif self._framing.steps > MAX_STEPS:
                self.connection.pause()
                seconds, self._framing.steps = self._framing.steps / STEPS_PER_SECOND, 0
                self._pause = asyncio.get_running_loop().call_later(seconds, self._read_on)

    def complete(self) -> None:
        """Part of `Carried`: the body is over, which completes the subscription if its framing agrees."""
        self.connection = None
        if self._framing is not None and not self._is_over:
            self._waiting.extend(self._framing.end())
        self._end(None)

    def lost(self) -> None:
        """Part of `Carried`: that ends a plain answer whose length nobody gave, and breaks any other."""
        if isinstance(self._framing, WholeBody) and not self._is_length_known:
            self.complete()
            return
        self.connection = None
        self._end(self._failure("SUBGRAPH_STREAM_LOST", "closed the connection in the middle of a subscription"))

    def broken(self, fault: Fault) -> None:
        """Part of `Carried`."""
        self._end(self._failure(fault.code, f"sent {fault.what}"))

    def _end(self, error: SubgraphError | None) -> None:
        if not self._is_over:
            self._error = error
            self.close()
        self._changed.set()

    def _failure(self, code: str, what: str) -> SubgraphError:
        return SubgraphError(f"Subgraph {self.service.name!r} {what}.", service=self.service.name, code=code)


class _SingleUse:
    """The owner of a stream's connection, which carries nothing else."""

    def released(self, connection: Connection) -> None:
        """Part of `Owner`."""
        connection.abort()

    def lost(self, _connection: Connection, carried: Carried | None) -> None:
        """Part of `Owner`."""
        if carried is not None:
            carried.lost()

    def surplus(self, connection: Connection) -> None:
        """Part of `Owner`: the connection is closed anyway."""


_SINGLE_USE: Final = _SingleUse()
