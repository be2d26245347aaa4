"""`python -m tests.bench.wire`: our HTTP client beside httpcore (on h11) and aiohttp, on the same hostile bytes, and what a small POST costs.

Each client asks twice over one connection at most. The first answer is hostile, every other one good: what counts is what the first caller
gets, and whether the second gets an answer that is its own. Processor time is that of the client's thread; the server has one of its own.
"""

import argparse
import asyncio
import sys
import threading
import time
from collections.abc import Awaitable, Callable
from contextlib import AsyncExitStack
from typing import Any, Final

import aiohttp
import httpcore
import uvloop

from gateway.errors import SubgraphError
from gateway.execution.request import NO_HEADERS, SubgraphEndpoint
from gateway.execution.transport.http import HttpTransport, TransportLimits
from gateway.execution.transport.pool import PoolLimits

Post = Callable[[], Awaitable[tuple[int, bytes]]]

OK: Final = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n"
GOOD: Final = OK + b"Content-Length: 7\r\n\r\n" + b'{"n":2}'
CHUNKS: Final = b"2\r\n{}\r\n0\r\n\r\n"
SECONDS: Final = 2.0

HOSTILE: Final[dict[str, bytes]] = {
    "a second answer": OK + b"Content-Length: 2\r\n\r\n{}" + OK + b"Content-Length: 2\r\n\r\n[]",
    "100 after the answer": OK + b"Content-Length: 2\r\n\r\n{}HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 OK\r\nConte",
    "length and chunks": OK + b"Content-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n" + CHUNKS,
    "two equal lengths": OK + b"Content-Length: 2\r\nContent-Length: 2\r\n\r\n{}",
    "two lengths": OK + b"Content-Length: 2\r\nContent-Length: 3\r\n\r\n{}",
    "length +2": OK + b"Content-Length: +2\r\n\r\n{}",
    "gzip, chunked": OK + b"Transfer-Encoding: gzip, chunked\r\n\r\n" + CHUNKS,
    "xchunked": OK + b"Transfer-Encoding: xchunked\r\n\r\n" + CHUNKS,
    "line ends of LF": b"HTTP/1.1 200 OK\nContent-Length: 2\n\n{}",
    "a folded header": OK + b"X: a\r\n b\r\nContent-Length: 2\r\n\r\n{}",
    "chunk size -2": OK + b"Transfer-Encoding: chunked\r\n\r\n-2\r\n{}\r\n0\r\n\r\n",
    "status 099": b"HTTP/1.1 099 X\r\nContent-Length: 2\r\n\r\n{}",
    "101": b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n{}",
    "200,000 headers": OK + b"a:b\r\n" * 200_000 + b"Content-Length: 2\r\n\r\n{}",
    "a header of 3 MB": OK + b"X: " + b"x" * 3_000_000 + b"\r\nContent-Length: 2\r\n\r\n{}",
    "trailers of 3 MB": OK + b"Transfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n" + b"X: y\r\n" * 500_000 + b"\r\n",
    "1xx without end": b"HTTP/1.1 100 C\r\n\r\n" * 50_000 + OK + b"Content-Length: 2\r\n\r\n{}",
}


class Server:
    """Answers the first request since `arm` with hostile bytes, and all others well; in a thread of its own."""

    def __init__(self) -> None:
        self.port = 0
        self._hostile: bytes | None = None
        self._loop = asyncio.new_event_loop()
        self._is_up = threading.Event()
        self._thread = threading.Thread(target=self._run, daemon=True)
        self._thread.start()
        self._is_up.wait()

    def arm(self, hostile: bytes) -> None:
        """Answer the next request with these bytes."""
        self._hostile = hostile

    def close(self) -> None:
        """Stop."""
        self._loop.call_soon_threadsafe(self._loop.stop)
        self._thread.join()

    def _run(self) -> None:
        server = self._loop.run_until_complete(asyncio.start_server(self._serve, "127.0.0.1", 0))
        self.port = server.sockets[0].getsockname()[1]
        self._is_up.set()
        self._loop.run_forever()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                await reader.readexactly(length)
                hostile, self._hostile = self._hostile, None
                writer.write(GOOD if hostile is None else hostile)
                await writer.drain()
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            writer.close()


async def ours(stack: AsyncExitStack, url: str, body: bytes) -> Post:
    """Our client."""
    transport = HttpTransport(TransportLimits(pool=PoolLimits(max_connections=1)))
    stack.push_async_callback(transport.close)
    service, loop = SubgraphEndpoint("a", url), asyncio.get_running_loop()

    async def post() -> tuple[int, bytes]:
        reply = await transport.post(
            service, body, NO_HEADERS, hop_headers=NO_HEADERS, deadline=loop.time() + SECONDS, is_safe=True
        )
        return reply.status, reply.body

    return post


async def by_httpcore(stack: AsyncExitStack, url: str, body: bytes) -> Post:
    """httpcore, whose parser is h11."""
    pool = await stack.enter_async_context(httpcore.AsyncConnectionPool(max_connections=1))
    headers: list[tuple[bytes | str, bytes | str]] = [
        ("Content-Type", "application/json"),
        ("Content-Length", str(len(body))),
    ]

    async def post() -> tuple[int, bytes]:
        async with asyncio.timeout(SECONDS):
            response = await pool.request("POST", url, headers=headers, content=body)
        return response.status, response.content

    return post


async def by_aiohttp(stack: AsyncExitStack, url: str, body: bytes) -> Post:
    """aiohttp, whose parser is llhttp."""
    session = await stack.enter_async_context(aiohttp.ClientSession(connector=aiohttp.TCPConnector(limit=1)))
    timeout = aiohttp.ClientTimeout(total=SECONDS)

    async def post() -> tuple[int, bytes]:
        async with session.post(
            url, data=body, headers={"Content-Type": "application/json"}, timeout=timeout
        ) as answer:
            return answer.status, await answer.read()

    return post


CLIENTS: Final[dict[str, Callable[[AsyncExitStack, str, bytes], Awaitable[Post]]]] = {
    "ours": ours,
    "httpcore": by_httpcore,
    "aiohttp": by_aiohttp,
}


async def outcome(make: Callable[[AsyncExitStack, str, bytes], Awaitable[Post]], server: Server, hostile: bytes) -> str:
    """What the first caller gets, and MIXED UP if the second gets what is not its own; with the processor time."""
    async with AsyncExitStack() as stack:
        post = await make(stack, f"http://127.0.0.1:{server.port}/", b"{}")
        server.arm(hostile)
        began = time.thread_time()
        first = await told(post)
        second = await told(post)
        cpu_ms = (time.thread_time() - began) * 1000
    what = first if second == '200 {"n":2}' else f"{first}, then {'MIXED UP' if second.startswith('200') else second}"
    return f"{what} ({cpu_ms:.0f} ms)" if cpu_ms >= 20 else what


async def told(post: Post) -> str:
    """The status and the body, or the name of the error."""
    try:
        status, body = await post()
    except SubgraphError as error:
        return error.code.removeprefix("SUBGRAPH_").lower()
    except (aiohttp.ClientError, httpcore.ProtocolError, httpcore.NetworkError, ValueError, OSError) as error:
        return type(error).__name__
    return f"{status} {body[:12].decode('latin-1')}"


async def microseconds(
    make: Callable[[AsyncExitStack, str, bytes], Awaitable[Post]], server: Server, count: int
) -> float:
    """Processor time of a small POST."""
    async with AsyncExitStack() as stack:
        post = await make(stack, f"http://127.0.0.1:{server.port}/", b'{"query":"{ a }"}')
        for _ in range(100):
            await post()
        began = time.thread_time()
        for _ in range(count):
            await post()
        return (time.thread_time() - began) / count * 1e6


async def table(count: int) -> str:
    """Both tables."""
    server = Server()
    try:
        lines = [f"{'':22}" + "".join(f"{name:36}" for name in CLIENTS)]
        for name, hostile in HOSTILE.items():
            lines.append(
                f"{name:22}" + "".join([f"{await outcome(make, server, hostile):36}" for make in CLIENTS.values()])
            )
        costs = [f"{await microseconds(make, server, count):.0f} us" for make in CLIENTS.values()]
        lines.append(f"{'a small POST':22}" + "".join(f"{cost:36}" for cost in costs))
    finally:
        server.close()
    return "\n".join(line.rstrip() for line in lines) + "\n"


def main(arguments: list[str]) -> int:
    """Print the table; gives the exit status: 1 if our client hands an answer to another's request."""
    parser = argparse.ArgumentParser(prog="python -m tests.bench.wire", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--posts", type=int, default=3_000, help="of which the processor time is the mean")
    options: Any = parser.parse_args(arguments)
    with asyncio.Runner(loop_factory=uvloop.new_event_loop) as runner:
        text = runner.run(table(options.posts))
    sys.stdout.write(text)
    return int(any("MIXED UP" in line[22:58] for line in text.splitlines()))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
