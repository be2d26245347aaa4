"""One HTTP/1.1 connection to a subgraph: an asyncio protocol that carries one exchange at a time.

The invariant: an exchange is on a connection from `begin` until the connection has told it how it ended, or has been aborted
by it; only then the pool may give the connection another one. A connection that holds a byte which belongs to no exchange is
never used again: the next answer could be somebody else's. Its owner learns of such bytes, since a subgraph that wrote too much
on one connection may do so on the others.
"""

import asyncio
import sys
from typing import Final, NamedTuple, Protocol, cast

import httptools

if sys.platform == "linux":
    import fcntl
    import termios

MALFORMED: Final = "SUBGRAPH_MALFORMED_RESPONSE"
TOO_LARGE: Final = "SUBGRAPH_RESPONSE_TOO_LARGE"

MAX_HEAD_BYTES: Final = 1 << 16
"""Of all heads and trailers of one exchange together, interim answers included."""

MAX_HEADERS: Final = 500
"""Header and trailer lines of one exchange: each costs a call of Python, however short it is."""


LONG_REQUEST_BYTES: Final = 1 << 16
"""A shorter request fits into what the other side's kernel takes for it; of a longer one some may not have left this machine."""


class Fault(NamedTuple):
    """What is wrong with an answer; `what` completes "The subgraph sent ..."."""

    code: str
    what: str


class Carried(Protocol):
    """What a connection carries: a whole exchange, or a stream of events."""

    connection: "Connection | None"

    def wire(self, now: float) -> bytes:
        """Return the request as it goes on the wire at `now`, by the loop's clock."""
        ...

    def fed(self, count: int) -> None:
        """`count` bytes came from the wire."""

    def header(self, name: bytes, value: bytes) -> None:
        """A header of the answer came."""

    def head(self, status: int) -> None:
        """The head of the answer is complete."""

    def interim(self) -> None:
        """The headers so far belonged to an interim answer (1xx)."""

    def piece(self, data: bytes) -> None:
        """A piece of the body came."""

    def is_stale(self) -> bool:
        """Whether the whole answer only says that this connection was about to close, and the request can be sent on another."""
        ...

    def complete(self) -> None:
        """The body is complete."""

    def lost(self) -> None:
        """The connection closed before that."""

    def broken(self, fault: Fault) -> None:
        """What came is not HTTP/1.1 as this client accepts it."""


class Owner(Protocol):
    """What a connection reports to."""

    def released(self, connection: "Connection") -> None:
        """The exchange is over, and the connection can carry another."""

    def lost(self, connection: "Connection", carried: Carried | None) -> None:
        """The connection is closed; `carried` is what it carried then, and was not told."""

    def surplus(self, connection: "Connection") -> None:
        """Bytes came that no exchange asked for; the connection is closed."""


class Connection(asyncio.Protocol):
    """A connection, open or closed.

    Attributes:
        exchanges: how many were begun.
        has_answered: whether a byte came back for the one under way.
        begun_at: when the last one began, by the loop's clock.
        idle_since: when the last one ended, by the loop's clock; kept by the pool.
    """

    def __init__(self, owner: Owner) -> None:
        self.exchanges = 0
        self.has_answered = False
        self.begun_at = 0.0
        self.idle_since = 0.0
        self._owner = owner
        self._transport: asyncio.Transport | None = None
        self._parser = httptools.HttpResponseParser(self)
        self._carried: Carried | None = None
        self._has_head = False
        self._is_finished = False
        self._has_surplus = False
        self._is_kept = False
        self._head_bytes = 0
        self._header_count = 0
        self._is_chunked = False
        self._is_long = False
        self._violation: Fault | None = None

    @property
    def is_usable(self) -> bool:
        """Whether an exchange can begin: the connection is open, and carries none."""
        return self._transport is not None and self._carried is None and not self._transport.is_closing()

    def begin(self, carried: Carried, now: float) -> None:
        """Sends a request; the connection must be usable."""
        assert self._transport is not None
        self.begun_at = now
        self._carried = carried
        self.exchanges += 1
        self.has_answered = False
        self._has_head = self._is_finished = self._has_surplus = self._is_chunked = False
        self._head_bytes = self._header_count = 0
        carried.connection = self
        request = carried.wire(now)
        self._is_long = len(request) > LONG_REQUEST_BYTES
        self._transport.write(request)

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
        self._owner.lost(self, carried)

    def data_received(self, data: bytes) -> None:
        """Part of asyncio's protocol: feeds the parser, then sees whether the exchange is over."""
        carried = self._carried
        if carried is None:
            self.abort()
            self._owner.surplus(self)
            return
        self.has_answered = True
        carried.fed(len(data))
        fault = self._fault_in(data)
        if self._is_finished:
            self._end(has_surplus=self._has_surplus or fault is not None)
        elif fault is not None:
            self.abort()
            carried.broken(fault)

    def _fault_in(self, data: bytes) -> Fault | None:
        """Feed the parser; return what is wrong with the bytes."""
        if not self._has_head:
            self._head_bytes += len(data)
        try:
            self._parser.feed_data(data)
        except httptools.HttpParserUpgrade:
            return Fault(MALFORMED, "an upgrade to another protocol")
        except httptools.HttpParserError as error:
            return self._violation or Fault(MALFORMED, f"what is no HTTP/1.1 ({error})")
        if not self._has_head and self._head_bytes > MAX_HEAD_BYTES:
            return Fault(TOO_LARGE, f"a head longer than {MAX_HEAD_BYTES} bytes")
        return None

    def _end(self, *, has_surplus: bool) -> None:
        """The answer is whole: tell the exchange, and give the connection back if nothing is left in either direction."""
        carried, self._carried = self._carried, None
        if carried is None:
            return
        if self.exchanges > 1 and not self._is_kept and carried.is_stale():
            # As if the connection had closed without a word: its owner sends the request again.
            self._carried, self.has_answered = carried, False
            self.close()
            return
        carried.complete()
        transport = self._transport
        is_clean = transport is not None and not transport.is_closing() and transport.get_write_buffer_size() == 0
        if is_clean and self._is_long:
            is_clean = not _unsent_bytes(transport)
        if self._is_kept and is_clean and not has_surplus:
            self._owner.released(self)
            return
        self.abort()
        if has_surplus:
            self._owner.surplus(self)

    def _refuse(self, fault: Fault) -> None:
        """Stop the parser; httptools turns the exception into an HttpParserError of `feed_data`."""
        self._violation = fault
        raise ValueError(fault.what)

    def on_message_begin(self) -> None:
        """Part of httptools' protocol. A message after the answer: the subgraph says what nobody asked."""
        if self._is_finished:
            self._has_surplus = True

    def on_header(self, name: bytes, value: bytes) -> None:
        """Part of httptools' protocol; trailers come here too, and mean nothing."""
        self._header_count += 1
        if self._header_count > MAX_HEADERS:
            self._refuse(Fault(TOO_LARGE, f"more than {MAX_HEADERS} headers"))
        if self._has_head:
            self._head_bytes += len(name) + len(value)
            if self._head_bytes > MAX_HEAD_BYTES:
                self._refuse(Fault(TOO_LARGE, f"trailers longer than {MAX_HEAD_BYTES} bytes"))
        elif self._carried is not None:
            if len(name) == len(b"transfer-encoding") and name.lower() == b"transfer-encoding":
                self._note_coding(value)
            self._carried.header(name, value)

    def _note_coding(self, value: bytes) -> None:
        """Refuse every transfer coding but one ``chunked``: the parser would pass a compressed body for plain, or read to the end."""
        if self._is_chunked or value.strip().lower() != b"chunked":
            self._refuse(Fault(MALFORMED, f"a transfer coding other than chunked ({value[:40].decode('latin-1')!r})"))
        self._is_chunked = True

    def on_headers_complete(self) -> None:
        """Part of httptools' protocol."""
        status = self._parser.get_status_code()
        if self._carried is None or self._is_finished or 100 <= status < 200:
            return
        if status < 100:
            self._refuse(Fault(MALFORMED, f"the status {status}"))
        self._has_head = True
        self._carried.head(status)

    def on_body(self, data: bytes) -> None:
        """Part of httptools' protocol."""
        if self._carried is not None and not self._is_finished:
            self._carried.piece(data)

    def on_message_complete(self) -> None:
        """Part of httptools' protocol. An interim answer (1xx) is not the answer; whatever follows the answer is not, either."""
        if self._is_finished:
            return
        if self._has_head:
            self._is_finished = True
            self._is_kept = self._parser.should_keep_alive()
        elif self._carried is not None:
            self._is_chunked = False
            self._carried.interim()


def _unsent_bytes(transport: asyncio.Transport | None) -> int:
    """How many bytes the kernel still has to send, or to see confirmed; 0 where it does not tell."""
    if sys.platform != "linux" or transport is None:
        return 0
    sock = transport.get_extra_info("socket")
    waiting = fcntl.ioctl(sock.fileno(), termios.TIOCOUTQ, bytes(4))
    return int.from_bytes(waiting, sys.byteorder)
