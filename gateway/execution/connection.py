"""One HTTP/1.1 connection to a subgraph: an asyncio protocol that carries one exchange at a time.

The invariant: an exchange is on a connection from `begin` until the connection has told it how it ended, or has been aborted
by it; only then the pool may give the connection another one. A connection that holds a byte which belongs to no exchange is
never used again: the next answer could be somebody else's.
"""

import asyncio
from collections.abc import Callable
from typing import Protocol, cast

import httptools


class Carried(Protocol):
    """What a connection carries: a whole exchange, or a stream of events."""

    request: bytes
    connection: "Connection | None"

    def fed(self, count: int) -> None:
        """`count` bytes came from the wire."""

    def header(self, name: bytes, value: bytes) -> None:
        """A header came."""

    def head(self, status: int) -> None:
        """The head is complete."""

    def piece(self, data: bytes) -> None:
        """A piece of the body came."""

    def complete(self) -> None:
        """The body is complete."""

    def lost(self) -> None:
        """The connection closed before that."""

    def broken(self) -> None:
        """What came is no HTTP."""


class Connection(asyncio.Protocol):
    """A connection, open or closed.

    Args:
        released: called when an exchange is over and the connection can carry another.
        lost: called once when the connection is closed, with what it carried then; it has not been told.

    Attributes:
        exchanges: how many were begun.
        has_answered: whether a byte came back for the one under way.
        idle_since: when the last one ended, by the loop's clock; kept by the pool.
    """

    def __init__(
        self, released: Callable[["Connection"], None], lost: Callable[["Connection", Carried | None], None]
    ) -> None:
        self.exchanges = 0
        self.has_answered = False
        self.idle_since = 0.0
        self._released = released
        self._lost = lost
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._carried: Carried | None = None
        self._is_finished = False
        self._is_kept = False
        self._messages = 0

    @property
    def is_usable(self) -> bool:
        """Whether an exchange can begin: the connection is open, and carries none."""
        return self._transport is not None and self._carried is None and not self._transport.is_closing()

    def begin(self, carried: Carried) -> None:
        """Sends a request; the connection must be usable."""
        assert self._transport is not None
        self._carried = carried
        self.exchanges += 1
        self.has_answered = False
        self._is_finished = False
        self._messages = 0
        carried.connection = self
        self._transport.write(carried.request)

    def _is_closing(self) -> bool:
        return self._transport is None or self._transport.is_closing()

    def abort(self) -> None:
        """Closes at once; what it carries is told nothing more."""
        self._carried = None
        if self._transport is not None:
            self._transport.abort()

    def close(self) -> None:
        """Closes at once; what it carries is lost."""
        if self._transport is not None:
            self._transport.abort()

    def pause(self) -> None:
        """Stops reading: whoever takes the events is slow."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.pause_reading()

    def resume(self) -> None:
        """Reads again."""
        if self._transport is not None and not self._transport.is_closing():
            self._transport.resume_reading()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Part of asyncio's protocol."""
        self._transport = cast(asyncio.Transport, transport)

    def connection_lost(self, _error: Exception | None) -> None:
        """Part of asyncio's protocol."""
        self._transport = None
        carried, self._carried = self._carried, None
        self._lost(self, carried)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol: feeds the parser, then sees whether the exchange is over."""
        carried = self._carried
        if carried is None:
            self.abort()
            return
        self.has_answered = True
        carried.fed(len(data))
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserError:
            self.abort()
            carried.broken()
            return
        if self._is_finished and self._carried is not None:
            self._carried = None
            carried.complete()
            if self._messages > 1 or not self._is_kept or self._is_closing():
                self.abort()
            else:
                self._released(self)

    def on_message_begin(self) -> None:
        """Part of httptools' protocol. More than one message: the subgraph says what nobody asked."""
        self._messages += 1

    def on_header(self, name: bytes, value: bytes) -> None:
        """Part of httptools' protocol."""
        if self._carried is not None and self._messages == 1:
            self._carried.header(name, value)

    def on_headers_complete(self) -> None:
        """Part of httptools' protocol."""
        if self._carried is not None and self._messages == 1 and self._parser.get_status_code() >= 200:
            self._carried.head(self._parser.get_status_code())

    def on_body(self, data: bytes) -> None:
        """Part of httptools' protocol."""
        if self._carried is not None and self._messages == 1:
            self._carried.piece(data)

    def on_message_complete(self) -> None:
        """Part of httptools' protocol. An interim answer (1xx) is not the answer."""
        if self._parser.get_status_code() < 200:
            self._messages = 0
        else:
            self._is_finished = True
            self._is_kept = self._parser.should_keep_alive()
