"""How events lie in the bytes of a subscription's reply: server-sent events, multipart parts, or one whole body.

Sources: graphql-sse, distinct connections mode (events ``next`` and ``complete``); WHATWG HTML, section 9.2 (event streams);
RFC 2046, section 5.1 (multipart), with ``{"payload": ...}`` parts as the multipart subscription protocol wraps them.
"""

from collections.abc import Iterable
from typing import Any, Final, Protocol

import msgspec

EMPTY_LINE_BYTES: Final = 16
"""What a line of data takes in memory beside its text: empty ones count as well."""

_HEARTBEATS: Final = (b"", b"{}")


class FramingError(ValueError):
    """Raised when the bytes are not framed as the content type says, or an event is too long."""


class Framing(Protocol):
    """Cuts a body into events, piece by piece."""

    is_complete: bool
    """The subgraph has said that no event will follow."""

    steps: int
    """Lines or parts since the last event, or since the reader set it to 0: what they cost is work without a result."""

    def feed(self, data: bytes) -> Iterable[bytes]:
        """The events that are whole with this piece."""
        ...

    def end(self) -> Iterable[bytes]:
        """The events that the end of the body makes whole."""
        ...


def framing_for(content_type: str, max_event_bytes: int) -> Framing | None:
    """The framing of a content type, with its parameters; None if it frames no events."""
    kind, _, parameters = content_type.partition(";")
    match kind.strip().lower():
        case "text/event-stream":
            return ServerSentEvents(max_event_bytes)
        case "multipart/mixed":
            return MultipartParts(_boundary(parameters), max_event_bytes)
        case _:
            return None


class WholeBody:
    """A body that is one event."""

    def __init__(self, max_event_bytes: int) -> None:
        self.is_complete = False
        self.steps = 0
        self._body = bytearray()
        self._max_event_bytes = max_event_bytes

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Part of `Framing`."""
        self._body += data
        _check(len(self._body), self._max_event_bytes)
        return ()

    def end(self) -> Iterable[bytes]:
        """Part of `Framing`."""
        return (bytes(self._body),)


class ServerSentEvents:
    """``event: next`` with data is an event, ``event: complete`` the end; comments and other events are passed over."""

    def __init__(self, max_event_bytes: int) -> None:
        self.is_complete = False
        self.steps = 0
        self._rest = bytearray()
        self._is_after_cr = False
        self._name = b""
        self._data: list[bytes] = []
        self._size = 0
        self._max_event_bytes = max_event_bytes

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Part of `Framing`."""
        if self._is_after_cr and data.startswith(b"\n"):
            data = data[1:]
        self._is_after_cr = data.endswith(b"\r")
        first, *others = data.replace(b"\r\n", b"\n").replace(b"\r", b"\n").split(b"\n")
        self._rest += first
        _check(len(self._rest) + self._size, self._max_event_bytes)
        if not others:
            return ()
        lines = [bytes(self._rest), *others[:-1]]
        self._rest = bytearray(others[-1])
        events: list[bytes] = []
        self.steps += len(lines)
        for line in lines:
            if self.is_complete:
                break
            if line:
                self._line(line)
            elif (event := self._dispatch()) is not None:
                events.append(event)
        if events:
            self.steps = 0
        return events

    def end(self) -> Iterable[bytes]:
        """Part of `Framing`: what is not closed by an empty line is not an event."""
        return ()

    def _line(self, line: bytes) -> None:
        name, _, value = line.partition(b":")
        value = value.removeprefix(b" ")
        if name == b"event":
            self._name = value
        elif name == b"data":
            self._data.append(value)
            self._size += len(value) + EMPTY_LINE_BYTES
            _check(self._size, self._max_event_bytes)

    def _dispatch(self) -> bytes | None:
        name, data = self._name, b"\n".join(self._data)
        self._name, self._data, self._size = b"", [], 0
        if name == b"complete":
            self.is_complete = True
            return None
        return data if data and name in (b"next", b"") else None


class MultipartParts:
    """Each part's body is an event; a heartbeat (``{}``) is none; the closing boundary is the end."""

    def __init__(self, boundary: bytes, max_event_bytes: int) -> None:
        self.is_complete = False
        self.steps = 0
        self._delimiter = b"\r\n--" + boundary
        self._buffer = bytearray(b"\r\n")
        self._searched = 0
        self._is_in_part = False
        self._is_after_delimiter = False
        self._max_event_bytes = max_event_bytes

    def feed(self, data: bytes) -> Iterable[bytes]:
        """Part of `Framing`."""
        self._buffer += data
        events: list[bytes] = []
        while not self.is_complete:
            if self._is_after_delimiter:
                if len(self._buffer) < 2:
                    break
                self._is_after_delimiter = False
                self.is_complete = self._buffer.startswith(b"--")
                continue
            found = self._buffer.find(self._delimiter, self._searched)
            if found < 0:
                self._searched = max(0, len(self._buffer) - len(self._delimiter))
                break
            self.steps += 1
            # Told now: what comes after the delimiter may be sent with the next event only.
            if self._is_in_part:
                event = self._event(bytes(self._buffer[:found]))
                if event is not None:
                    self.steps = 0
                    events.append(event)
            self._is_in_part = self._is_after_delimiter = True
            del self._buffer[: found + len(self._delimiter)]
            self._searched = 0
        _check(len(self._buffer), self._max_event_bytes)
        return events

    def end(self) -> Iterable[bytes]:
        """Part of `Framing`: a part that no boundary closes is not whole."""
        return ()

    def _event(self, part: bytes) -> bytes | None:
        _headers, found, body = part.partition(b"\r\n\r\n")
        if not found:
            if part.strip():
                raise FramingError("sent a part without a body")
            return None  # Strawberry's last word before the closing boundary
        body = body.strip()
        if body in _HEARTBEATS:
            return None
        try:
            wrapped: Any = msgspec.json.decode(body, type=_Wrapped)
        except (msgspec.DecodeError, RecursionError):
            return body
        if wrapped.data is not msgspec.UNSET or (wrapped.payload is msgspec.UNSET and wrapped.errors is msgspec.UNSET):
            return body
        if wrapped.payload is not msgspec.UNSET and wrapped.payload != msgspec.Raw(b"null"):
            return bytes(wrapped.payload)
        if wrapped.errors is msgspec.UNSET:
            return None
        self.is_complete = True
        return msgspec.json.encode({"data": None, "errors": wrapped.errors})


class _Wrapped(msgspec.Struct):
    """A part of the multipart subscription protocol: a response in ``payload``, or ``errors`` that end the stream."""

    payload: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    errors: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET
    data: msgspec.Raw | msgspec.UnsetType = msgspec.UNSET


def _boundary(parameters: str) -> bytes:
    for parameter in parameters.split(";"):
        name, _, value = parameter.partition("=")
        if name.strip().lower() == "boundary":
            return value.strip().strip('"').encode("latin-1") or b"-"
    return b"-"


def _check(size: int, max_event_bytes: int) -> None:
    if size > max_event_bytes:
        raise FramingError(f"sent an event longer than {max_event_bytes} bytes")
