"""The connections to one origin: kept alive, bounded, the last used first.

Invariant: `_open` counts the connections that are open or being opened, and never passes `max_connections`. An exchange is
carried by a connection, or waits in `_waiting`, or is done. Whenever a connection becomes free, the exchange that has waited
longest gets it; whenever one is lost, a new one is opened if somebody waits. Using the last used first lets a burst's spare
connections grow old and close.

Two rules protect callers from a subgraph in trouble:

- Bytes that no exchange asked for mean that answers may be one behind: on other connections, too, since the same program wrote them.
  For `DISTRUST_SECONDS` no connection to the origin carries a second exchange.
- An exchange that waited too long, or whose deadline is nearer than an answer usually takes, is not sent: its answer would come
  for nobody, and take the time of one that could still be in time. Where no exchange waits, one is sent unless no answer came
  so fast lately: it cannot succeed, and a mutation would be carried out for an error.
"""

import asyncio
import ssl
from collections import deque
from dataclasses import dataclass
from typing import Final

import structlog
from prometheus_client import Counter

from gateway.execution.transport.answer_times import AnswerTimes
from gateway.execution.transport.connection import Carried, Connection
from gateway.execution.transport.exchange import Exchange

DISTRUST_SECONDS: Final = 60.0
"""How long connections are not used again after an origin sent bytes that no exchange asked for. With 40 clients and 5 % of the answers
doubled, 2,999 of 25,056 requests got another one's answer; after this rule 1 of 16,649, the one that the first doubled answer met."""

LOG_SECONDS: Final = 60.0

SURPLUS = Counter(
    "gateway_subgraph_surplus_total",
    "Times that a subgraph sent bytes that no request asked for, by origin.",
    ["origin"],
)

log = structlog.get_logger(__name__)


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
        max_wait_seconds: how long an exchange may wait for a connection before it fails with ``SUBGRAPH_OVERLOADED``.
        connect_timeout_seconds: for a connection to open, TLS included.
        keep_alive_seconds: an idle connection older than that is not used again.
    """

    max_connections: int = 256
    max_waiting: int = 4096
    max_wait_seconds: float = 3.0
    connect_timeout_seconds: float = 5.0
    keep_alive_seconds: float = 55.0


class Pool:
    """All connections to an origin.

    Attributes:
        origin: Where they go.
    """

    def __init__(self, origin: Origin, limits: PoolLimits, loop: asyncio.AbstractEventLoop) -> None:
        self.origin = origin
        self._limits = limits
        self._loop = loop
        self._idle: list[Connection] = []
        self._waiting: deque[Exchange] = deque()
        self._open = 0
        self._connections: set[Connection] = set()
        self._connecting: set[asyncio.Task[None]] = set()
        self._is_closed = False
        self._distrusted_until = 0.0
        self._logged_until = 0.0
        self._times = AnswerTimes(loop.time())
        self._sweep: asyncio.TimerHandle | None = None

    @property
    def answered_at(self) -> float:
        """When the last answer came on a connection that is kept, by the loop's clock; 0 before the first."""
        return self._times.latest_at

    def submit(self, exchange: Exchange) -> None:
        """Sends an exchange as soon as there is a connection for it."""
        idle = self._idle
        while idle:
            connection = idle.pop()
            if not connection.is_usable:
                continue
            now = self._loop.time()
            if now - connection.idle_since > self._limits.keep_alive_seconds:
                connection.abort()
                continue
            left = exchange.deadline - now
            if left <= self._times.shortest_seconds and self._times.is_hopeless(left, now):
                idle.append(connection)
                _too_late(exchange)
                return
            connection.begin(exchange, now)
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
        exchange.queued_at = self._loop.time()
        self._waiting.append(exchange)
        if self._sweep is None:
            self._sweep = self._loop.call_later(self._limits.max_wait_seconds, self._fail_late)
        self._open_one()

    def _fail_late(self) -> None:
        """Fail the exchanges that have waited too long; no connection may become free to find them."""
        self._sweep = None
        late = self._loop.time() - self._limits.max_wait_seconds
        while self._waiting and (self._waiting[0].done() or self._waiting[0].queued_at <= late):
            _overloaded(self._waiting.popleft())
        if self._waiting:
            self._sweep = self._loop.call_at(
                self._waiting[0].queued_at + self._limits.max_wait_seconds, self._fail_late
            )

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
                    lambda: Connection(self),
                    self.origin.host,
                    self.origin.port,
                    ssl=self.origin.tls,
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

    def released(self, connection: Connection) -> None:
        """Part of `Owner`: a connection whose exchange is over is used again, unless its origin is distrusted."""
        now = self._loop.time()
        self._times.note(now - connection.begun_at, now)
        if now < self._distrusted_until:
            connection.abort()
        else:
            self._use(connection)

    def surplus(self, connection: Connection) -> None:
        """Part of `Owner`: distrust all connections of the origin for a while."""
        now = self._loop.time()
        origin = f"{self.origin.host}:{self.origin.port}"
        SURPLUS.labels(origin).inc()
        self._distrusted_until = now + DISTRUST_SECONDS
        if now >= self._logged_until:
            self._logged_until = now + LOG_SECONDS
            log.warning(
                "subgraph.unasked_bytes",
                origin=origin,
                exchanges=connection.exchanges,
                no_reuse_seconds=DISTRUST_SECONDS,
            )
        for idle in self._idle:
            idle.abort()

    def _use(self, connection: Connection) -> None:
        """Gives a free connection to whoever waits longest, or keeps it."""
        exchange = self._next_waiting()
        if exchange is not None:
            connection.begin(exchange, self._loop.time())
        else:
            connection.idle_since = self._loop.time()
            self._idle.append(connection)

    def _next_waiting(self) -> Exchange | None:
        """The exchange that has waited longest and can still be answered in time; those before it fail."""
        while self._waiting:
            exchange = self._waiting.popleft()
            if exchange.done():
                continue
            now = self._loop.time()
            left = exchange.deadline - now
            if now - exchange.queued_at > self._limits.max_wait_seconds or left < self._times.mean_seconds:
                _overloaded(exchange)
                continue
            return exchange
        return None

    def lost(self, connection: Connection, carried: Carried | None) -> None:
        """Part of `Owner`: a query on a kept connection that was dead is sent once more."""
        if connection not in self._connections:
            return
        self._connections.discard(connection)
        self._open -= 1
        if connection in self._idle:
            self._idle.remove(connection)
        if isinstance(carried, Exchange) and not carried.done():
            was_kept = connection.exchanges > 1
            if was_kept and carried.is_safe and not carried.is_retried and not connection.has_answered:
                carried.restart()
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
        if self._sweep is not None:
            self._sweep.cancel()
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


def _too_late(exchange: Exchange) -> None:
    exchange.fail("SUBGRAPH_TIMEOUT", f"Subgraph {exchange.service.name!r} cannot answer in the time that is left.")


def _overloaded(exchange: Exchange) -> None:
    exchange.fail(
        "SUBGRAPH_OVERLOADED", f"Subgraph {exchange.service.name!r} is too busy to answer this request in time."
    )
