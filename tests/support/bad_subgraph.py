"""A subgraph that answers as badly as it is told to, on a real socket."""

import contextlib
import gzip
import socket
import threading
from collections.abc import Callable, Iterator
from typing import Any

Answer = Callable[["BadSubgraph", socket.socket], None]
"""What is done to a connection on which a whole request has come; it is closed afterwards."""


class BadSubgraph:
    """Answers every request by `answer`.

    Attributes:
        answer: may be replaced at any time.
        requests: how many have come.
        sent: bytes that `flooding` has sent.
        open: connections that are being answered.
    """

    def __init__(self) -> None:
        self.answer: Answer = replying(b'{"data": {}}')
        self.requests = 0
        self.sent = 0
        self.open = 0
        self.released = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=128)
        self._lock = threading.Lock()
        self._threads: list[threading.Thread] = []
        self._accepting = threading.Thread(target=self._accept)

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/graphql"

    def __enter__(self) -> "BadSubgraph":
        self._accepting.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()
        for thread in self._threads:
            thread.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                thread = threading.Thread(target=self._answer, args=(connection,))
                self._threads.append(thread)
                thread.start()

    def _answer(self, connection: socket.socket) -> None:
        with connection, contextlib.suppress(OSError):
            connection.settimeout(10)
            if not _read_request(connection):
                return
            with self._lock:
                self.requests += 1
                self.open += 1
            try:
                self.answer(self, connection)
            finally:
                with self._lock:
                    self.open -= 1


def _read_request(connection: socket.socket) -> bool:
    """Reads a whole request; whether there was one."""
    received = b""
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return False
        received += piece
    head, _, body = received.partition(b"\r\n\r\n")
    lines = head.lower().split(b"\r\n")
    length = next(int(line.partition(b":")[2]) for line in lines if line.startswith(b"content-length:"))
    while len(body) < length:
        body += connection.recv(65536)
    return True


def sending(*pieces: bytes) -> Answer:
    """These bytes, whatever they are, and the end."""

    def answer(_subgraph: BadSubgraph, connection: socket.socket) -> None:
        for piece in pieces:
            connection.sendall(piece)

    return answer


def replying(
    body: bytes,
    *,
    status: str = "200 OK",
    content_type: str = "application/json",
    length: int | None = None,
    more: str = "",
) -> Answer:
    """A response.

    Args:
        length: what the header claims, if that is not the truth.
        more: further header lines, each with its line end.
    """
    claimed = len(body) if length is None else length
    head = f"HTTP/1.1 {status}\r\nContent-Type: {content_type}\r\nContent-Length: {claimed}\r\n{more}\r\n"
    return sending(head.encode() + body)


def compressing(body: bytes) -> Answer:
    """A compressed response that nobody has asked for."""
    return replying(gzip.compress(body), more="Content-Encoding: gzip\r\n")


def flooding(total: int, *, is_length_told: bool = False) -> Answer:
    """A body of so many bytes, made as it is sent: a JSON string that does not end before."""
    piece = b"x" * 65536

    def pieces() -> Iterator[bytes]:
        yield b'{"data":{"any":"'
        for _ in range(total // len(piece)):
            yield piece
        yield b'"}}'

    def answer(subgraph: BadSubgraph, connection: socket.socket) -> None:
        framing = f"Content-Length: {total}" if is_length_told else "Transfer-Encoding: chunked"
        connection.sendall(f"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n{framing}\r\n\r\n".encode())
        for each in pieces():
            connection.sendall(each if is_length_told else b"%x\r\n%b\r\n" % (len(each), each))
            subgraph.sent += len(each)

    return answer


def dripping(
    first: bytes = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 1000\r\n\r\n",
) -> Answer:
    """The head, and then a space from time to time, until the gateway hangs up."""

    def answer(subgraph: BadSubgraph, connection: socket.socket) -> None:
        connection.sendall(first)
        while not subgraph.released.wait(0.05):
            connection.sendall(b" ")

    return answer


def silent(subgraph: BadSubgraph, connection: socket.socket) -> None:
    """Nothing, until the gateway hangs up."""
    connection.settimeout(0.1)
    while not subgraph.released.is_set():
        with contextlib.suppress(TimeoutError):
            if not connection.recv(1):
                return


def streaming(content_type: str, *events: bytes) -> Answer:
    """A stream with these events, already framed, which then says nothing until the gateway hangs up."""

    def answer(subgraph: BadSubgraph, connection: socket.socket) -> None:
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {content_type}\r\nTransfer-Encoding: chunked\r\n\r\n"
        connection.sendall(head.encode() + b"".join(b"%x\r\n%b\r\n" % (len(event), event) for event in events))
        silent(subgraph, connection)

    return answer


def nested(depth: int) -> Any:
    """JSON of so many lists in each other, as bytes."""
    return b"[" * depth + b"]" * depth
