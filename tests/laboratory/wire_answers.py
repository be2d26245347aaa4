"""Bytes that subgraphs may answer with, and what two clients make of them: ours, and h11's as the oracle."""

import asyncio
import re
from dataclasses import dataclass
from itertools import pairwise
from typing import cast

import h11
from hypothesis import strategies as st

from gateway.execution.transport.connection import Carried, Connection, Fault

REQUEST = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Length: 2\r\n\r\n{}"
BLANK_LINES = re.compile(rb"(\r\n\r\n)[\r\n]+(?=HTTP/)")


@dataclass(frozen=True, slots=True)
class Verdict:
    """What a client makes of an answer's bytes.

    Attributes:
        kind: ``whole``; ``open``, if more is needed; or ``refused``.
        is_reusable: whether the connection may carry another request.
    """

    kind: str
    status: int = 0
    body: bytes = b""
    is_reusable: bool = False


def judged_by_h11(answer: bytes, *, is_closed: bool) -> Verdict:
    """What h11 makes of it, but for blank lines around an answer: it refuses those, and nobody can take them for an answer."""
    client = h11.Connection(h11.CLIENT, max_incomplete_event_size=1 << 20)
    client.send(h11.Request(method="POST", target="/graphql", headers=[("Host", "a"), ("Content-Length", "2")]))
    client.send(h11.Data(data=b"{}"))
    client.send(h11.EndOfMessage())
    status, body = 0, b""
    plain = BLANK_LINES.sub(b"\\1", answer.lstrip(b"\r\n"))
    for piece in [plain, *([b""] if is_closed else [])]:
        try:
            client.receive_data(piece)
            while True:
                event = client.next_event()
                if isinstance(event, h11.Response):
                    status = event.status_code
                elif isinstance(event, h11.Data):
                    body += bytes(event.data)
                elif isinstance(event, h11.EndOfMessage):
                    # What is left belongs to no request.
                    rest = client.trailing_data[0].strip(b"\r\n")
                    is_done = client.their_state is h11.DONE and client.our_state is h11.DONE
                    return Verdict("whole", status, body, is_done and not rest)
                elif event is h11.NEED_DATA or event is h11.PAUSED or isinstance(event, h11.ConnectionClosed):
                    break
        except h11.RemoteProtocolError:
            return Verdict("refused", status, body)
    return Verdict("open", status, body)


class _Transport:
    """The part of an asyncio transport that a connection uses."""

    def __init__(self) -> None:
        self.is_aborted = False

    def write(self, _data: bytes) -> None:
        """Everything is sent at once."""

    def abort(self) -> None:
        """Closes."""
        self.is_aborted = True

    def is_closing(self) -> bool:
        """Whether it is closed."""
        return self.is_aborted

    def get_write_buffer_size(self) -> int:
        """Nothing waits."""
        return 0


class _Answer:
    """An exchange that notes what it is told."""

    def __init__(self) -> None:
        self.connection: Connection | None = None
        self.kind, self.status, self.body = "open", 0, b""
        self.is_length_known = False

    def wire(self, _now: float) -> bytes:
        """Part of `Carried`."""
        return REQUEST

    def fed(self, _count: int) -> None:
        """Part of `Carried`."""

    def header(self, name: bytes, _value: bytes) -> None:
        """Part of `Carried`."""
        self.is_length_known |= name.lower() in (b"content-length", b"transfer-encoding")

    def head(self, status: int) -> None:
        """Part of `Carried`."""
        self.status = status

    def interim(self) -> None:
        """Part of `Carried`."""
        self.is_length_known = False

    def piece(self, data: bytes) -> None:
        """Part of `Carried`."""
        self.body += data

    def is_stale(self) -> bool:
        """Part of `Carried`."""
        return False

    def complete(self) -> None:
        """Part of `Carried`."""
        self.kind = "whole"

    def lost(self) -> None:
        """Part of `Carried`."""
        self.kind = "whole" if self.status and not self.is_length_known else "refused"

    def broken(self, _fault: Fault) -> None:
        """Part of `Carried`."""
        self.kind = "refused"


class _Owner:
    """The owner of one connection, which notes whether it could be used again."""

    def __init__(self) -> None:
        self.is_released = False

    def released(self, _connection: Connection) -> None:
        """Part of `Owner`."""
        self.is_released = True

    def lost(self, _connection: Connection, carried: Carried | None) -> None:
        """Part of `Owner`."""
        if carried is not None:
            carried.lost()

    def surplus(self, _connection: Connection) -> None:
        """Part of `Owner`."""
        self.is_released = False


def judged_by_us(pieces: list[bytes], *, is_closed: bool) -> Verdict:
    """What our own client makes of it."""
    owner, answer, transport = _Owner(), _Answer(), _Transport()
    connection = Connection(owner)
    connection.connection_made(cast(asyncio.Transport, transport))
    connection.begin(answer, 0.0)
    for piece in pieces:
        if transport.is_aborted:
            break
        connection.data_received(piece)
    if is_closed or transport.is_aborted:
        connection.connection_lost(None)
    return Verdict(answer.kind, answer.status, answer.body, owner.is_released and not transport.is_aborted)


_STATUS_LINES = st.sampled_from(
    [b"HTTP/1.1 200 OK"] * 6
    + [
        b"HTTP/1.1 200",
        b"HTTP/1.0 200 OK",
        b"HTTP/1.1 204 No",
        b"HTTP/1.1 304 No",
        b"HTTP/1.1 408 T",
        b"HTTP/1.1 500 E",
    ]
    + [b"HTTP/1.1 099 X", b"HTTP/2.0 200 OK", b"HTTP/1.1 101 S", b"HTTP/1.1 100 C"]
)
_CHUNKED = b"Transfer-Encoding: chunked"
_FRAMED = st.sampled_from(
    [
        (b"Content-Length: 2", b"{}"),
        (b"content-length:02", b"{}"),
        (b"Content-Length: 0", b""),
        (b"Content-Length: 3", b"{}"),
        (b"Content-Length: +2", b"{}"),
        (b"Content-Length : 2", b"{}"),
        (b"Content-Length: 2, 2", b"{}"),
        (_CHUNKED, b"2\r\n{}\r\n0\r\n\r\n"),
        (_CHUNKED, b"1\r\n{\r\n1\r\n}\r\n0\r\n\r\n"),
        (_CHUNKED, b"2;x=y\r\n{}\r\n0\r\nX: y\r\n\r\n"),
        (_CHUNKED, b"02\r\n{}\r\n00\r\n\r\n"),
        (_CHUNKED, b"2\n{}\n0\n\n"),
        (_CHUNKED, b"2\r\n{}0\r\n\r\n"),
        (_CHUNKED, b"-2\r\n{}\r\n0\r\n\r\n"),
        (b"Transfer-Encoding:\tChunked ", b"2\r\n{}\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: gzip, chunked", b"2\r\n{}\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: xchunked", b"2\r\n{}\r\n0\r\n\r\n"),
        (b"Transfer-Encoding: identity", b"{}"),
        (b"Content-Type: application/json", b"{}"),
    ]
)
_HEADERS = st.lists(
    st.sampled_from(
        [b"Content-Type: application/json"] * 4
        + [
            b"Connection: close",
            b"Connection: keep-alive",
            b"Connection: close, x",
            b"Connection: upgrade",
            b"Upgrade: h2c",
        ]
        + [b"Content-Length: 2", _CHUNKED, b"X: a", b" folded", b"X:", b"Trailer: X", b"X: a\rb", b"X\0: a"]
    ),
    max_size=2,
)
_BEFORE = st.sampled_from(
    [b""] * 6
    + [b"HTTP/1.1 100 C\r\n\r\n", b"HTTP/1.1 103 E\r\nContent-Length: 2\r\n\r\n", b"\r\n"]
    + [b"HTTP/1.1 102 P\r\nTransfer-Encoding: chunked\r\n\r\n"]
)
_AFTER = st.sampled_from(
    [b""] * 6
    + [b"\r\n", b"x", b"HTTP/1.1 100 C\r\n\r\n", b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nConte"]
    + [b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n[]", b"HTTP/1.1 200 OK\r\nConte"]
)
_CHANGES = st.lists(
    st.tuples(
        st.sampled_from(["insert", "delete", "replace"]),
        st.integers(0, 400),
        st.sampled_from([bytes([byte]) for byte in b"\r\n :;,0129azA\xff"]),
    ),
    max_size=2,
)


@st.composite
def answers(draw: st.DrawFn) -> list[bytes]:
    """An answer, right or wrong in one way or several, in the pieces in which it comes."""
    end = draw(st.sampled_from([b"\r\n"] * 6 + [b"\n"]))
    framing, body = draw(_FRAMED)
    headers = draw(_HEADERS)
    head = end.join([draw(_STATUS_LINES), framing, *headers, b"", b""])
    answer = draw(_BEFORE) + head + body + draw(_AFTER)
    for change, position, byte in draw(_CHANGES):
        place = position % len(answer)
        kept = answer[place:] if change == "insert" else answer[place + 1 :]
        answer = answer[:place] + (b"" if change == "delete" else byte) + kept
    cuts = [0, *sorted(draw(st.lists(st.integers(0, len(answer)), max_size=3))), len(answer)]
    return [answer[begin:end] for begin, end in pairwise(cuts) if begin < end]
