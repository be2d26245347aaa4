"""A subgraph on a real socket that keeps its connections, and answers each request by what an attack says."""

import contextlib
import json
import socket
import threading
from collections.abc import Callable
from typing import Any

Json = dict[str, Any]
Behaviour = Callable[["HostileSubgraph", socket.socket, bytes], bool]
"""Answers a request, given its body; gives whether the connection is kept."""

JSON_HEAD = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n"


class HostileSubgraph:
    """Answers every request by `behaviour`.

    Attributes:
        behaviour: may be replaced at any time.
        requests: how many have come.
        busy: requests that are being answered.
        connections: how many were accepted.
        is_early: a request is answered when its first bytes are there; the rest is not read.
    """

    def __init__(self, name: str) -> None:
        self.name = name
        self.behaviour: Behaviour = replying({"data": {}})
        self.requests = 0
        self.busy = 0
        self.connections = 0
        self.is_early = False
        self.released = threading.Event()
        self._listener = socket.create_server(("127.0.0.1", 0), backlog=512)
        # So that a long request does not fit: what is not read stays with the gateway.
        self._listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        self._lock = threading.Lock()
        self._accepting = threading.Thread(target=self._accept, daemon=True)
        self._accepting.start()

    @property
    def url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self._listener.getsockname()[1]}/graphql"

    def close(self) -> None:
        """Stop listening, and let its connections end."""
        self.released.set()
        with contextlib.suppress(OSError):
            self._listener.shutdown(socket.SHUT_RDWR)
        self._listener.close()
        self._accepting.join()

    def _accept(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                connection, _ = self._listener.accept()
                threading.Thread(target=self._serve, args=(connection,), daemon=True).start()

    def _serve(self, connection: socket.socket) -> None:
        with self._lock:
            self.connections += 1
        received = bytearray()
        with connection, contextlib.suppress(OSError):
            connection.settimeout(60)
            while (body := self._read(connection, received)) is not None:
                with self._lock:
                    self.requests += 1
                    self.busy += 1
                try:
                    if not self.behaviour(self, connection, body):
                        return
                finally:
                    with self._lock:
                        self.busy -= 1

    def _read(self, connection: socket.socket, received: bytearray) -> bytes | None:
        return (connection.recv(64) or None) if self.is_early else read_request(connection, received)


def read_request(connection: socket.socket, received: bytearray) -> bytes | None:
    """A whole request's body; None at the end of the connection.

    Args:
        received: what came after the request before; takes what comes after this one.
    """
    while b"\r\n\r\n" not in received:
        piece = connection.recv(65536)
        if not piece:
            return None
        received += piece
    head = bytes(received[: received.index(b"\r\n\r\n")])
    lengths = [line for line in head.lower().split(b"\r\n") if line.startswith(b"content-length:")]
    end = len(head) + 4 + int(lengths[0].partition(b":")[2])
    while len(received) < end:
        piece = connection.recv(65536)
        if not piece:
            return None
        received += piece
    body = bytes(received[len(head) + 4 : end])
    del received[:end]
    return body


def answer_bytes(body: bytes, *, more: bytes = b"") -> bytes:
    """A good answer's bytes; `more` are header lines."""
    return JSON_HEAD % len(body) + more + b"\r\n" + body


def replying(answer: object) -> Behaviour:
    """The same good answer to everything."""
    return sending(answer_bytes(json.dumps(answer).encode()), is_kept=True)


def sending(*pieces: bytes, is_kept: bool = False) -> Behaviour:
    """These bytes, whatever they are."""

    def behave(_subgraph: HostileSubgraph, connection: socket.socket, _body: bytes) -> bool:
        for piece in pieces:
            connection.sendall(piece)
        return is_kept

    return behave


def hanging(subgraph: HostileSubgraph, connection: socket.socket, _body: bytes) -> bool:
    """Nothing, until the gateway hangs up."""
    connection.settimeout(0.1)
    while not subgraph.released.is_set():
        try:
            if not connection.recv(1):
                return False
        except TimeoutError:
            continue
    return False


def number_in(body: bytes) -> int:
    """The `n` that a request asks for."""
    number: int = json.loads(body)["variables"]["n"]
    return number
