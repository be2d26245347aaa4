"""Accepts connections in batches: everything that waits, up to a bound, in one turn of the event loop.

libuv accepts one connection in each turn. A turn of a busy loop takes as long as all requests that are ready in it, so the twentieth of
twenty new clients waited for twenty turns: 0.47 s in the middle and 0.98 s at most beside 300 busy clients, and the probes of an
orchestrator are among them (``python -m tests.bench.arrivals``).
"""

import asyncio
import errno
import socket
from collections.abc import Callable
from typing import Final

import structlog

ACCEPTS_PER_TURN: Final = 64
"""Requests that are under way wait for at most as many new connections, and a worker leaves the rest to the others."""

PAUSE_SECONDS: Final = 1.0
"""After the process has run out of file descriptors or memory: the connection stays in the queue, and a poll would find it at once."""

_EXHAUSTED = frozenset({errno.EMFILE, errno.ENFILE, errno.ENOBUFS, errno.ENOMEM})

log = structlog.get_logger(__name__)


class Acceptor:
    """Makes a connection of each client that one listening socket has.

    Args:
        listening: A socket that listens; other processes may accept on it too. Stays open after `close`.
        make_protocol: Called once for each connection.
    """

    def __init__(self, listening: socket.socket, make_protocol: Callable[[], asyncio.Protocol]) -> None:
        self._loop = asyncio.get_running_loop()
        self._listening = listening
        self._make_protocol = make_protocol
        self._resuming: asyncio.TimerHandle | None = None
        self._adopting: set[asyncio.Task[None]] = set()
        self._is_closed = False
        listening.setblocking(False)
        self._loop.add_reader(listening, self._accept)

    def close(self) -> None:
        """Accept nothing more. Connections that are accepted already are served."""
        if not self._is_closed:
            self._is_closed = True
            self._loop.remove_reader(self._listening)
            if self._resuming is not None:
                self._resuming.cancel()

    def _accept(self) -> None:
        for _ in range(ACCEPTS_PER_TURN):
            try:
                connection, _ = self._listening.accept()
            except (BlockingIOError, InterruptedError):
                return
            except ConnectionAbortedError:
                continue
            except OSError as error:
                if error.errno not in _EXHAUSTED:
                    raise
                self._pause(error)
                return
            task = self._loop.create_task(self._adopt(connection))
            self._adopting.add(task)
            task.add_done_callback(self._adopting.discard)

    async def _adopt(self, connection: socket.socket) -> None:
        try:
            connection.setblocking(False)
            if connection.family in (socket.AF_INET, socket.AF_INET6):
                # asyncio sets it only on sockets that have a protocol number, which those of a plain listener do not: small answers
                # then waited 44 ms for the client's delayed acknowledgement.
                connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
            await self._loop.connect_accepted_socket(self._make_protocol, connection)
        except OSError as error:
            connection.close()
            log.warning("connection.not_adopted", error=str(error))

    def _pause(self, error: OSError) -> None:
        log.error("connections.not_accepted", error=error.strerror, pause_seconds=PAUSE_SECONDS)
        self._loop.remove_reader(self._listening)
        self._resuming = self._loop.call_later(PAUSE_SECONDS, self._resume)

    def _resume(self) -> None:
        self._resuming = None
        if not self._is_closed:
            self._loop.add_reader(self._listening, self._accept)
