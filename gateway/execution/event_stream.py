"""A subscription's events from a subgraph, on a connection of its own, with backpressure.

The events wait in a bounded queue; when it is full the connection is not read, so that a slow client holds its subgraph back,
and memory does not grow. The reply's content type says how events are framed: ``text/event-stream`` (GraphQL over SSE, distinct
connections mode) or ``multipart/mixed``; a reply that is plain JSON is the only event, for a subgraph refuses that way.
"""

import asyncio
from collections import deque
from typing import Final

from gateway.errors import SubgraphError
from gateway.execution.connection import Carried, Connection
from gateway.execution.exchange import MAX_HEAD_BYTES
from gateway.execution.framing import Framing, FramingError, WholeBody, framing_for
from gateway.execution.pool import Origin
from gateway.execution.reply import http_error, is_ok
from gateway.execution.request import Service

# Multipart first: servers that read one media type only, as older Strawberry does, find it.
STREAM_ACCEPT: Final = b"multipart/mixed;subscriptionSpec=1.0, text/event-stream, application/graphql-response+json, application/json;q=0.9"


class Events:
    """The events of one subscription; what a `Connection` carries.

    Args:
        request: the whole request as it goes on the wire.
        max_event_bytes: a longer event ends the stream.
        max_events: that wait before the connection is paused.
    """

    def __init__(self, service: Service, request: bytes, *, max_event_bytes: int, max_events: int) -> None:
        self.service = service
        self.request = request
        self.connection: Connection | None = None
        self._max_event_bytes = max_event_bytes
        self._max_events = max_events
        self._head_bytes = 0
        self._status = 0
        self._content_type = ""
        self._framing: Framing | None = None
        self._waiting: deque[bytes] = deque()
        self._is_over = False
        self._error: SubgraphError | None = None
        self._changed = asyncio.Event()

    async def open(self, loop: asyncio.AbstractEventLoop, origin: Origin) -> None:
        """Connects, sends the request, and waits for the head of the reply.

        Raises:
            SubgraphError: the subgraph cannot be reached, or did not accept.
        """
        try:
            _, connection = await loop.create_connection(
                lambda: Connection(_nothing, _tell_lost), origin.host, origin.port, ssl=origin.tls
            )
        except (OSError, UnicodeError) as error:
            raise self._failure("SUBGRAPH_UNREACHABLE", f"cannot be reached: {type(error).__name__}") from error
        connection.begin(self)
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
        if len(self._waiting) < self._max_events // 2 + 1 and self.connection is not None:
            self.connection.resume()
        return event

    def close(self) -> None:
        """Gives the stream up."""
        self._is_over = True
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.abort()

    def fed(self, count: int) -> None:
        """Part of `Carried`."""
        if self._framing is None:
            self._head_bytes += count
            if self._head_bytes > MAX_HEAD_BYTES + self._max_event_bytes:
                self._end(self._failure("SUBGRAPH_RESPONSE_TOO_LARGE", "sent headers without end"))

    def header(self, name: bytes, value: bytes) -> None:
        """Part of `Carried`."""
        if name.lower() == b"content-type":
            self._content_type = value.decode("latin-1")

    def head(self, status: int) -> None:
        """Part of `Carried`."""
        self._status = status
        self._framing = framing_for(self._content_type, self._max_event_bytes) if is_ok(status) else None
        if self._framing is None:
            if "json" in self._content_type:
                self._framing = WholeBody(self._max_event_bytes)
            else:
                self._end(
                    http_error(self.service, status)
                    if not is_ok(status)
                    else self._failure("SUBGRAPH_MALFORMED_RESPONSE", "did not answer with a stream of events")
                )
        self._changed.set()

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
        elif len(self._waiting) >= self._max_events and self.connection is not None:
            self.connection.pause()

    def complete(self) -> None:
        """Part of `Carried`: the body is over, which completes the subscription if its framing agrees."""
        self.connection = None
        if self._framing is not None and not self._is_over:
            self._waiting.extend(self._framing.end())
        self._end(None)

    def lost(self) -> None:
        """Part of `Carried`."""
        self.connection = None
        self._end(self._failure("SUBGRAPH_STREAM_LOST", "closed the connection in the middle of a subscription"))

    def broken(self) -> None:
        """Part of `Carried`."""
        self._end(self._failure("SUBGRAPH_MALFORMED_RESPONSE", "does not speak HTTP/1.1"))

    def _end(self, error: SubgraphError | None) -> None:
        if not self._is_over:
            self._error = error
            self.close()
        self._changed.set()

    def _failure(self, code: str, what: str) -> SubgraphError:
        return SubgraphError(f"Subgraph {self.service.name!r} {what}.", service=self.service.name, code=code)


def _nothing(connection: Connection) -> None:
    """A stream's connection is used once."""
    connection.abort()


def _tell_lost(_connection: Connection, carried: Carried | None) -> None:
    if carried is not None:
        carried.lost()
