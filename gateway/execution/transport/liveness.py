"""Whether the process that a fetch waits for still runs.

A process that waits for a lock, a bank or a disk answers another request at once; one that is stopped answers none. So when a
fetch has waited for a while, its subgraph is asked for a path that needs nothing but the process, on a connection of its own. Only
silence ends fetches: any byte of the answer says that the process lives, and a connection that is refused or closed says nothing, since a process
that drains takes none and still answers what it has.

    sent          after_seconds          timeout_seconds
    |-------------------|-----------------------|
                        probe                   no answer: the fetch ends as by its time-out

Three rules keep a fetch to a process that lives from being ended:

- A probe ends the fetches that were sent before it, and no others: each had the whole probe's time beside its own.
- A whole answer to any fetch of the origin, on a connection that is kept, counts as an answer to the probe. A loaded server takes new
  connections late, and goes on answering on those that it has.
- The time-out is counted in parts, each a turn of our own loop at least: one stall of the gateway uses up one part.

What is left is a process whose loop is blocked for the whole of `timeout_seconds`. It is taken for stopped.
"""

import asyncio
from typing import Final

import structlog
from prometheus_client import Counter

from gateway.execution.request import Liveness
from gateway.execution.transport.exchange import Exchange
from gateway.execution.transport.pool import LOG_SECONDS, Pool

PARTS: Final = 5

PROBES: Final = Counter(
    "gateway_subgraph_liveness_probes_total",
    "Probes of processes that fetches waited for, by origin and outcome: answered, refused, silent.",
    ["origin", "outcome"],
)
SILENT: Final = Counter(
    "gateway_subgraph_silent_fetches_total",
    "Fetches that ended because the process that they waited for answered no probe, by origin.",
    ["origin"],
)

log = structlog.get_logger(__name__)


class Watch:
    """The fetches to one origin that have waited for long, and the probe that is under way for all of them.

    Args:
        pool: The origin's connections.
        host: Value of the Host header.
    """

    def __init__(self, pool: Pool, liveness: Liveness, host: str, loop: asyncio.AbstractEventLoop) -> None:
        self._pool = pool
        self._liveness = liveness
        self._request = (
            f"GET {liveness.path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: yarmarka-gateway\r\n"
            "Accept: */*\r\nConnection: close\r\n\r\n"
        ).encode("ascii")
        self._loop = loop
        self._name = f"{pool.origin.host}:{pool.origin.port}"
        self._waiting: set[Exchange] = set()
        self._probing: asyncio.Task[None] | None = None
        self._logged_until = 0.0

    def add(self, exchange: Exchange) -> None:
        """Probe the process until the exchange is over."""
        self._waiting.add(exchange)
        exchange.add_done_callback(self._waiting.discard)
        if self._probing is None:
            self._probing = self._loop.create_task(self._probe_while_any_waits(), name=f"liveness of {self._name}")

    async def close(self) -> None:
        """Stop probing."""
        if self._probing is not None:
            self._probing.cancel()
            await asyncio.gather(self._probing, return_exceptions=True)

    async def _probe_while_any_waits(self) -> None:
        try:
            while self._waiting:
                began = self._loop.time()
                outcome = await self._outcome(began)
                PROBES.labels(self._name, outcome).inc()
                if outcome == "silent":
                    self._end_sent_before(began)
                else:
                    await asyncio.sleep(self._liveness.after_seconds)
        finally:
            self._probing = None

    async def _outcome(self, began: float) -> str:
        """Send one probe; return what came of it."""
        asking = self._loop.create_task(self._ask())
        try:
            for _ in range(PARTS):
                await asyncio.wait({asking}, timeout=self._liveness.timeout_seconds / PARTS)
                if asking.done():
                    return asking.result()
                if self._pool.answered_at > began:
                    return "answered"
            return "silent"
        finally:
            asking.cancel()
            await asyncio.gather(asking, return_exceptions=True)

    async def _ask(self) -> str:
        origin = self._pool.origin
        try:
            reader, writer = await asyncio.open_connection(origin.host, origin.port, ssl=origin.tls)
        except (OSError, UnicodeError):
            return "refused"
        try:
            writer.write(self._request)
            return "answered" if await reader.read(1) else "refused"
        except OSError:
            return "refused"
        finally:
            writer.transport.abort()

    def _end_sent_before(self, moment: float) -> None:
        silent = {exchange for exchange in self._waiting if exchange.sent_at <= moment and not exchange.done()}
        for exchange in silent:
            exchange.expire()
        self._waiting -= silent
        SILENT.labels(self._name).inc(len(silent))
        now = self._loop.time()
        if silent and now >= self._logged_until:
            self._logged_until = now + LOG_SECONDS
            log.warning(
                "subgraph.silent",
                origin=self._name,
                path=self._liveness.path,
                seconds=self._liveness.timeout_seconds,
                fetches=len(silent),
            )
