"""The connections to one origin: kept alive, bounded, the last used first.

Invariant: `_open` counts the connections that are open or being opened, and never passes `max_connections`. An exchange is
carried by a connection, or waits in `_waiting`, or is done. Whenever a connection becomes free, the exchange that has waited
longest gets it; whenever one is lost, a new one is opened if somebody waits. Using the last used first lets a burst's spare
connections grow old and close.
"""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass

from gateway.execution.connection import Carried, Connection
from gateway.execution.exchange import Exchange


@dataclass(frozen=True, slots=True)
class Origin:
    """Where connections of a pool go; `tls` is None for plain HTTP."""

    host: str
    port: int
    tls: ssl.SSLContext | None


@dataclass(frozen=True, slots=True)
class PoolLimits:
    """Bounds of one origin's connections.

    Attributes:
        max_connections: open at once.
        max_waiting: exchanges that wait for a connection; one more fails at once with ``SUBGRAPH_OVERLOADED``.
        connect_timeout_seconds: for a connection to open, TLS included.
        keep_alive_seconds: an idle connection older than that is not used again.
    """

    max_connections: int = 256
    max_waiting: int = 4096
    connect_timeout_seconds: float = 5.0
    keep_alive_seconds: float = 55.0


class Pool:
    """All connections to an origin."""

    def __init__(self, origin: Origin, limits: PoolLimits, loop: asyncio.AbstractEventLoop) -> None:
        self._origin = origin
        self._limits = limits
        self._loop = loop
        self._idle: list[Connection] = []
        self._waiting: deque[Exchange] = deque()
        self._open = 0
        self._connections: set[Connection] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._is_closed = False

    def submit(self, exchange: Exchange) -> None:
        """Sends an exchange as soon as there is a connection for it."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            if not connection.is_usable:
                continue
            if self._loop.time() - connection.idle_since > self._limits.keep_alive_seconds:
                connection.abort()
                continue
            connection.begin(exchange)
            return
        self._enqueue(exchange)

    def _enqueue(self, exchange: Exchange) -> None:
        """Lets an exchange wait for the next connection, opening one if that is allowed."""
        if self._is_closed:
            exchange.fail(
                "SUBGRAPH_UNREACHABLE", f"Subgraph {exchange.service.name!r} cannot be reached: shutting down."
            )
            return
        if len(self._waiting) >= self._limits.max_waiting:
            self._drop_done()
            if len(self._waiting) >= self._limits.max_waiting:
                exchange.fail("SUBGRAPH_OVERLOADED", f"Too many requests wait for subgraph {exchange.service.name!r}.")
                return
        self._waiting.append(exchange)
        self._open_one()

    def _open_one(self) -> None:
        if self._open < self._limits.max_connections and len(self._connecting) < len(self._waiting):
            self._open += 1
            task = self._loop.create_task(self._connect())
            self._connecting.add(task)
            task.add_done_callback(self._connecting.discard)

    async def _connect(self) -> None:
        try:
            async with asyncio.timeout(self._limits.connect_timeout_seconds):
                _, connection = await self._loop.create_connection(
                    lambda: Connection(self._use, self._lost),
                    self._origin.host,
                    self._origin.port,
                    ssl=self._origin.tls,
                )
        except (OSError, TimeoutError, UnicodeError) as error:
            self._not_opened(type(error).__name__)
        except BaseException:
            self._open -= 1
            raise
        else:
            self._forget_task()
            if connection.is_usable:
                self._connections.add(connection)
                self._use(connection)
            else:
                self._not_opened("closed at once")

    def _not_opened(self, why: str) -> None:
        """Costs the exchange that has waited longest its answer; the next one gets an attempt of its own."""
        self._open -= 1
        exchange = self._next_waiting()
        if exchange is not None:
            exchange.fail("SUBGRAPH_UNREACHABLE", f"Subgraph {exchange.service.name!r} cannot be reached: {why}.")
        self._forget_task()
        if self._waiting:
            self._open_one()

    def _forget_task(self) -> None:
        """Counts the running attempt as over: whoever waits from now on needs another."""
        if (task := asyncio.current_task()) is not None:
            self._connecting.discard(task)

    def _use(self, connection: Connection) -> None:
        """Gives a free connection to whoever waits longest, or keeps it."""
        exchange = self._next_waiting()
        if exchange is not None:
            connection.begin(exchange)
        else:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)

    def _next_waiting(self) -> Exchange | None:
        while self._waiting:
            exchange = self._waiting.popleft()
            if not exchange.done():
                return exchange
        return None

    def _lost(self, connection: Connection, carried: Carried | None) -> None:
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._open -= 1
        if connection in self._idle:
            self._idle.remove(connection)
        if isinstance(carried, Exchange) and not carried.done():
            was_kept = connection.exchanges > 1
            if was_kept and carried.is_safe and not carried.is_retried and not connection.has_answered:
                carried.is_retried = True
                carried.connection = None
                self._enqueue(carried)
            else:
                carried.lost()
        if self._waiting:
            self._open_one()

    def _drop_done(self) -> None:
        self._waiting = deque(exchange for exchange in self._waiting if not exchange.done())

    async def close(self) -> None:
        """Closes every connection; exchanges under way fail as unreachable."""
        self._is_closed = True
        connecting = list(self._connecting)
        for task in connecting:
            task.cancel()
        while (exchange := self._next_waiting()) is not None:
            exchange.fail(
                "SUBGRAPH_UNREACHABLE", f"Subgraph {exchange.service.name!r} cannot be reached: shutting down."
            )
        for connection in list(self._connections):
            connection.close()
        await asyncio.gather(*connecting, return_exceptions=True)
