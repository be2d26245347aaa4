"""A fetch that waits, by whether the process that it waits for lives: servers of bytes that are stopped, slow, busy or draining."""

import asyncio
import itertools
import socket
import threading
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager, suppress
from functools import partial

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from gateway.errors import SubgraphError
from gateway.execution.request import NO_HEADERS, Liveness, SubgraphEndpoint
from gateway.execution.transport.http import HttpTransport, TransportLimits
from gateway.execution.transport.interface import Reply
from gateway.execution.transport.pool import PoolLimits

LONG_SECONDS = 60.0
"""The deadline of each fetch: what ends one earlier is a probe, which is counted."""

AT_ONCE = Liveness("/health?of=it", after_seconds=0.02, timeout_seconds=0.2)
PATIENT = Liveness("/health", after_seconds=0.02, timeout_seconds=LONG_SECONDS / 2)

OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: 2\r\n\r\n{}"
ALIVE = b"HTTP/1.1 503 Service Unavailable\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"


class Subgraph:
    """A subgraph that holds its answers until it may give them.

    Attributes:
        may_answer: The answers to mutations with the body ``slow``.
        is_alive: The answers to probes; those that came before it is set are never answered.
        probes: The requests for the path of liveness, as they came.
        asked: How many requests for GraphQL came.
        probes_at_once: The most that were under way at one time.
        open: Connections.
    """

    def __init__(self) -> None:
        self.may_answer = asyncio.Event()
        self.is_alive = True
        self.probes: list[bytes] = []
        self.asked = 0
        self.probes_at_once = 0
        self.origin = ""
        self.listening: asyncio.Server | None = None
        self.open = 0
        self._probing = 0

    def service(self, liveness: Liveness | None) -> SubgraphEndpoint:
        return SubgraphEndpoint("books", f"http://{self.origin}/graphql", liveness=liveness)

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.open += 1
        with suppress(asyncio.IncompleteReadError, ConnectionError):
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                if head.startswith(b"GET "):
                    await self._answer_probe(head, reader, writer)
                    break
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                body = await reader.readexactly(length)
                self.asked += 1
                if body == b"slow":
                    await self.may_answer.wait()
                writer.write(OK)
        writer.close()
        with suppress(ConnectionError):
            await writer.wait_closed()
        self.open -= 1

    async def _answer_probe(self, head: bytes, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.probes.append(head)
        self._probing += 1
        self.probes_at_once = max(self.probes_at_once, self._probing)
        if self.is_alive:
            writer.write(ALIVE)
        await reader.read()  # until the other side has closed
        self._probing -= 1


@asynccontextmanager
async def serving() -> AsyncIterator[Subgraph]:
    subgraph = Subgraph()
    subgraph.listening = await asyncio.start_server(subgraph.serve, "127.0.0.1", 0)
    host, port = subgraph.listening.sockets[0].getsockname()
    subgraph.origin = f"{host}:{port}"
    try:
        yield subgraph
    finally:
        subgraph.may_answer.set()
        subgraph.listening.close()
        await subgraph.listening.wait_closed()
        await until(lambda: subgraph.open == 0)


@asynccontextmanager
async def transporting(limits: TransportLimits | None = None) -> AsyncIterator[HttpTransport]:
    transport = HttpTransport(limits)
    try:
        yield transport
    finally:
        await transport.close()
        await asyncio.sleep(0)


@contextmanager
def stopped() -> Iterator[str]:
    """The address of a process that is stopped: the kernel takes its connections, and nobody reads them."""
    with socket.create_server(("127.0.0.1", 0), backlog=64) as listening:
        yield f"127.0.0.1:{listening.getsockname()[1]}"


def post(
    transport: HttpTransport, service: SubgraphEndpoint, body: bytes = b"slow", *, is_safe: bool = False
) -> asyncio.Future[Reply]:
    deadline = asyncio.get_running_loop().time() + LONG_SECONDS
    return transport.post(service, body, NO_HEADERS, hop_headers=NO_HEADERS, deadline=deadline, is_safe=is_safe)


def count(name: str, **labels: str) -> float:
    return REGISTRY.get_sample_value(name, labels) or 0.0


def is_probed(subgraph: Subgraph, *, times: int) -> bool:
    return len(subgraph.probes) >= times


def is_probing(origin: str) -> bool:
    return any(task.get_name() == f"liveness of {origin}" for task in asyncio.all_tasks())


async def until(claim: Callable[[], object]) -> None:
    async with asyncio.timeout(LONG_SECONDS):
        while not claim():  # noqa: ASYNC110 - the servers under test have no event to wait for
            await asyncio.sleep(0.001)


@pytest.mark.parametrize(("is_safe", "is_unknown"), [(True, False), (False, True)], ids=["query", "mutation"])
async def test_a_fetch_to_a_stopped_process_ends_long_before_its_deadline(*, is_safe: bool, is_unknown: bool) -> None:
    with stopped() as origin, capture_logs() as logs:
        async with transporting() as transport:
            service = SubgraphEndpoint("books", f"http://{origin}/graphql", liveness=AT_ONCE)
            fetches = [post(transport, service, is_safe=is_safe) for _ in range(3)]
            for ended in await asyncio.gather(*fetches, return_exceptions=True):
                assert isinstance(ended, SubgraphError)
                assert ended.code == "SUBGRAPH_TIMEOUT"
                assert ended.service == "books"
                assert ("unknown" in ended.message) is is_unknown
            with pytest.raises(SubgraphError):
                await post(transport, service, is_safe=is_safe)
    assert count("gateway_subgraph_silent_fetches_total", origin=origin) == 4
    assert count("gateway_subgraph_liveness_probes_total", origin=origin, outcome="silent") >= 2
    told = [entry for entry in logs if entry["event"] == "subgraph.silent"]
    assert [(entry["origin"], entry["path"]) for entry in told] == [(origin, AT_ONCE.path)], "once a minute"


async def test_a_fetch_that_waits_for_a_connection_to_a_stopped_process_was_not_sent_and_ends_too() -> None:
    limits = TransportLimits(pool=PoolLimits(max_connections=1, max_wait_seconds=LONG_SECONDS))
    with stopped() as origin:
        async with transporting(limits) as transport:
            service = SubgraphEndpoint("books", f"http://{origin}/graphql", liveness=AT_ONCE)
            first, second = await asyncio.gather(*(post(transport, service) for _ in range(2)), return_exceptions=True)
    assert isinstance(first, SubgraphError)
    assert isinstance(second, SubgraphError)
    assert (first.code, second.code) == ("SUBGRAPH_TIMEOUT", "SUBGRAPH_TIMEOUT")
    assert "unknown" in first.message
    assert "unknown" not in second.message


async def test_a_slow_subgraph_that_lives_loses_nothing() -> None:
    async with serving() as subgraph, transporting() as transport:
        fetches = [post(transport, subgraph.service(AT_ONCE)) for _ in range(20)]
        await until(lambda: len(subgraph.probes) >= 4)
        subgraph.may_answer.set()
        assert [(await fetch).body for fetch in fetches] == [b"{}"] * 20
        assert subgraph.asked == 20
        # All that wait share one probe, whose answer may be any.
        assert subgraph.probes_at_once == 1
        assert subgraph.probes[0].startswith(b"GET /health?of=it HTTP/1.1\r\nHost: " + subgraph.origin.encode())


async def test_probes_end_with_what_waits_and_begin_again_with_what_waits_next() -> None:
    async with serving() as subgraph, transporting() as transport:
        for _ in range(2):
            before = len(subgraph.probes)
            subgraph.may_answer.clear()
            slow = post(transport, subgraph.service(AT_ONCE))
            await until(partial(is_probed, subgraph, times=before + 1))
            subgraph.may_answer.set()
            await slow
            await until(lambda: not is_probing(subgraph.origin))


async def test_a_probe_ends_what_was_sent_before_it_and_the_next_one_the_rest() -> None:
    async with serving() as subgraph, transporting() as transport:
        subgraph.is_alive = False
        service = subgraph.service(AT_ONCE)
        first = post(transport, service)
        await until(lambda: len(subgraph.probes) == 1)
        second = post(transport, service)
        await asyncio.wait({first})
        assert not second.done()
        await asyncio.wait({second})
        assert len(subgraph.probes) >= 2
        assert count("gateway_subgraph_silent_fetches_total", origin=subgraph.origin) == 2


async def test_a_process_that_lives_again_is_waited_for() -> None:
    async with serving() as subgraph, transporting() as transport:
        subgraph.is_alive = False
        service = subgraph.service(AT_ONCE)
        first = post(transport, service)
        await until(lambda: len(subgraph.probes) == 1)
        second = post(transport, service)
        subgraph.is_alive = True
        await asyncio.wait({first})
        await until(lambda: len(subgraph.probes) >= 3)
        subgraph.may_answer.set()
        assert (await second).body == b"{}"


async def test_the_answer_of_another_fetch_says_that_the_process_lives() -> None:
    """A loaded server takes new connections late, and answers on those that it has."""
    async with serving() as subgraph, transporting() as transport:
        subgraph.is_alive = False
        slow = post(transport, subgraph.service(AT_ONCE))
        while len(subgraph.probes) < 4 and not slow.done():
            await post(transport, subgraph.service(None), b"quick")
        subgraph.may_answer.set()
        assert (await slow).body == b"{}"
        assert count("gateway_subgraph_liveness_probes_total", origin=subgraph.origin, outcome="silent") == 0


async def test_a_process_that_drains_takes_no_probes_and_answers_what_it_has() -> None:
    async with serving() as subgraph, transporting() as transport:
        slow = post(transport, subgraph.service(AT_ONCE))
        await until(lambda: subgraph.asked == 1)
        assert subgraph.listening is not None
        subgraph.listening.close()
        await until(
            lambda: count("gateway_subgraph_liveness_probes_total", origin=subgraph.origin, outcome="refused") >= 2
        )
        subgraph.may_answer.set()
        assert (await slow).body == b"{}"


async def test_a_stall_of_the_gateway_is_not_taken_for_silence_of_the_subgraph() -> None:
    """A stall as long as the probe's time begins while its connection opens: what the other side does meanwhile still counts."""
    loop = asyncio.get_running_loop()
    may_answer = threading.Event()
    probes = []

    def serve(listening: socket.socket) -> None:
        with suppress(OSError):
            for number in itertools.count():
                connection, _ = listening.accept()
                if 1 <= number <= 3:  # the first one carries the fetch
                    loop.call_soon_threadsafe(time.sleep, AT_ONCE.timeout_seconds)
                threading.Thread(target=answer, args=(connection,), daemon=True).start()

    def answer(connection: socket.socket) -> None:
        with connection:
            if connection.recv(65536).startswith(b"GET "):
                probes.append(1)
                connection.sendall(ALIVE)
            else:
                may_answer.wait(60)
                connection.sendall(OK)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        origin = f"127.0.0.1:{listening.getsockname()[1]}"
        threading.Thread(target=serve, args=(listening,), daemon=True).start()
        try:
            async with transporting() as transport:
                slow = post(transport, SubgraphEndpoint("books", f"http://{origin}/graphql", liveness=AT_ONCE))
                await until(lambda: len(probes) >= 5 or slow.done())
                may_answer.set()
                assert (await slow).body == b"{}"
        finally:
            may_answer.set()


async def test_closing_ends_probes() -> None:
    async with serving() as subgraph:
        subgraph.is_alive = False
        async with transporting() as transport:
            slow = post(transport, subgraph.service(PATIENT))
            await until(lambda: subgraph.probes)
        with pytest.raises(SubgraphError) as raised:
            await slow
        assert raised.value.code == "SUBGRAPH_UNREACHABLE"
        assert not is_probing(subgraph.origin)
