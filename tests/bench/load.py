"""A closed loop of clients: each sends a request, waits for its answer, and sends the next.

As a process: `python -m tests.bench.load PORT CONNECTIONS SECONDS < body` prints a `Measured` as JSON.
"""

import asyncio
import sys
import time
from dataclasses import asdict, dataclass
from typing import cast

import httptools
import msgspec
import uvloop


@dataclass(frozen=True, slots=True)
class Measured:
    """What a run of the load saw; times in seconds.

    Attributes:
        wrong: answers that were no 200, or not as long as the first one.
    """

    requests: int
    seconds: float
    p50: float
    p99: float
    wrong: int


class _Client(asyncio.Protocol):
    def __init__(self, run: "_Run") -> None:
        self._run = run
        self._parser = httptools.HttpResponseParser(self)
        self._length = 0
        self._sent_at = 0.0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self._transport = cast(asyncio.Transport, transport)
        self._send()

    def _send(self) -> None:
        self._length = 0
        self._sent_at = time.perf_counter()
        self._transport.write(self._run.request)

    def data_received(self, data: bytes) -> None:
        self._parser.feed_data(data)

    def on_body(self, data: bytes) -> None:
        self._length += len(data)

    def on_message_complete(self) -> None:
        now = time.perf_counter()
        self._run.note(self._parser.get_status_code(), self._length, now - self._sent_at)
        if now < self._run.until:
            # Not from within the parser: it is not done with this answer yet.
            asyncio.get_running_loop().call_soon(self._send)
        else:
            self._transport.close()

    def connection_lost(self, _error: Exception | None) -> None:
        self._run.lost(is_early=time.perf_counter() < self._run.until)


class _Run:
    def __init__(self, request: bytes, connections: int, seconds: float) -> None:
        self.request = request
        self.until = time.perf_counter() + seconds
        self.over = asyncio.Event()
        self.waits: list[float] = []
        self.wrong = 0
        self._length: int | None = None
        self._open = connections

    def note(self, status: int, length: int, wait: float) -> None:
        self._length = length if self._length is None else self._length
        self.wrong += status != 200 or length != self._length
        self.waits.append(wait)

    def lost(self, *, is_early: bool) -> None:
        self.wrong += is_early
        self._open -= 1
        if not self._open:
            self.over.set()


async def measure(port: int, body: bytes, *, connections: int, seconds: float) -> Measured:
    """Loads ``http://127.0.0.1:port/graphql`` with one body."""
    head = (
        b"POST /graphql HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/json\r\nAccept: application/json\r\n"
        b"Content-Length: %d\r\n\r\n"
    )
    run = _Run(head % len(body) + body, connections, seconds)
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    await asyncio.gather(*(loop.create_connection(lambda: _Client(run), "127.0.0.1", port) for _ in range(connections)))
    async with asyncio.timeout(seconds + 30):
        await run.over.wait()
    waits = sorted(run.waits)
    return Measured(
        requests=len(waits),
        seconds=time.perf_counter() - began,
        p50=waits[len(waits) // 2],
        p99=waits[len(waits) * 99 // 100],
        wrong=run.wrong,
    )


if __name__ == "__main__":
    port, connections, seconds = int(sys.argv[1]), int(sys.argv[2]), float(sys.argv[3])
    measured = uvloop.run(measure(port, sys.stdin.buffer.read(), connections=connections, seconds=seconds))
    sys.stdout.buffer.write(msgspec.json.encode(asdict(measured)))
