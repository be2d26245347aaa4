"""The HTTP transport against servers of bytes: what a subgraph may send, and what it costs."""

import asyncio
import socket
import ssl
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from ipaddress import ip_address
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.hashes import SHA256
from cryptography.hazmat.primitives.serialization import Encoding, NoEncryption, PrivateFormat
from cryptography.x509.oid import NameOID

from gateway.errors import InternalError, SubgraphError
from gateway.execution.request import NO_HEADERS, SubgraphEndpoint, header_lines
from gateway.execution.transport.http import HttpTransport, TransportLimits
from gateway.execution.transport.interface import Reply
from gateway.execution.transport.pool import PoolLimits

Handler = Callable[[bytes, asyncio.StreamReader, asyncio.StreamWriter], Awaitable[None]]


class Server:
    """A server of one handler a request.

    Attributes:
        requests: what was received, head and body.
        connections: how many were accepted.
        open: how many of them are open.
    """

    def __init__(self, handler: Handler) -> None:
        self.requests: list[bytes] = []
        self.connections = 0
        self.open = 0
        self.service = SubgraphEndpoint("books", "")
        self._handler = handler

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        self.connections += 1
        self.open += 1
        try:
            while True:
                head = await reader.readuntil(b"\r\n\r\n")
                length = int(head.lower().split(b"content-length: ")[1].split(b"\r\n")[0])
                request = head + await reader.readexactly(length)
                self.requests.append(request)
                await self._handler(request, reader, writer)
        except (asyncio.IncompleteReadError, ConnectionError):
            pass
        finally:
            self.open -= 1
            writer.close()


@asynccontextmanager
async def serving(handler: Handler) -> AsyncIterator[Server]:
    server = Server(handler)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0)
    server.service = SubgraphEndpoint("books", f"http://127.0.0.1:{listening.sockets[0].getsockname()[1]}/graphql?v=1")
    try:
        yield server
    finally:
        listening.close()
        await listening.wait_closed()


@asynccontextmanager
async def transporting(limits: TransportLimits | None = None) -> AsyncIterator[HttpTransport]:
    transport = HttpTransport(limits)
    try:
        yield transport
    finally:
        await transport.close()
        await asyncio.sleep(0)


def answering(*pieces: bytes, is_closed: bool = False) -> Handler:
    async def handle(_request: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        for piece in pieces:
            writer.write(piece)
            await writer.drain()
        if is_closed:
            writer.close()
            raise ConnectionError

    return handle


async def until(claim: Callable[[], bool]) -> None:
    """Returns when `claim` holds; fails after five seconds."""
    async with asyncio.timeout(5):
        while not claim():  # noqa: ASYNC110 - the servers under test have no event to wait for
            await asyncio.sleep(0.001)


def post(
    transport: HttpTransport,
    service: SubgraphEndpoint,
    *,
    seconds: float = 5.0,
    is_safe: bool = True,
    body: bytes = b"{}",
) -> asyncio.Future[Reply]:
    deadline = asyncio.get_running_loop().time() + seconds
    return transport.post(
        service,
        body,
        header_lines([("X-One", "1")]),
        hop_headers=header_lines([("traceparent", "t")]),
        deadline=deadline,
        is_safe=is_safe,
    )


OK = b"HTTP/1.1 200 OK\r\nContent-Type: application/json; charset=utf-8\r\nContent-Length: 2\r\n\r\n{}"


async def test_a_request_is_a_plain_post_and_its_reply_comes_back() -> None:
    async with serving(answering(OK)) as server, transporting() as transport:
        reply = await post(transport, server.service, body=b'{"query":"{a}"}')
        assert reply == Reply(200, "application/json", b"{}")
        head, _, body = server.requests[0].partition(b"\r\n\r\n")
        assert body == b'{"query":"{a}"}'
        lines = head.split(b"\r\n")
        assert lines[0] == b"POST /graphql?v=1 HTTP/1.1"
        assert {b"Content-Type: application/json", b"X-One: 1", b"traceparent: t"} <= set(lines)
        assert not any(line.lower().startswith(b"accept-encoding") for line in lines)


async def test_connections_are_kept_and_used_again() -> None:
    async with serving(answering(OK)) as server, transporting() as transport:
        for _ in range(5):
            await post(transport, server.service)
        assert server.connections == 1


async def test_connections_are_bounded_and_the_rest_wait_in_order() -> None:
    limits = TransportLimits(pool=PoolLimits(max_connections=3))
    async with serving(answering(OK)) as server, transporting(limits) as transport:
        replies = await asyncio.gather(*(post(transport, server.service) for _ in range(50)))
        assert len(replies) == 50
        assert server.connections <= 3


async def test_too_many_waiting_are_refused_at_once() -> None:
    limits = TransportLimits(pool=PoolLimits(max_connections=1, max_waiting=2))
    async with serving(answering()) as server, transporting(limits) as transport:
        held = post(transport, server.service)
        await until(lambda: len(server.requests) == 1)
        waiting = [post(transport, server.service) for _ in range(2)]
        with pytest.raises(SubgraphError) as raised:
            await post(transport, server.service)
        assert raised.value.code == "SUBGRAPH_OVERLOADED"
        for future in (held, *waiting):
            future.cancel()


@pytest.mark.parametrize(
    ("pieces", "expected"),
    [
        ((b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1\r\n{\r\n", b"1\r\n}\r\n0\r\n\r\n"), b"{}"),
        ((OK[:20], OK[20:-1], OK[-1:]), b"{}"),
        ((b"HTTP/1.1 100 Continue\r\n\r\n", OK), b"{}"),
        ((b"HTTP/1.1 103 Early Hints\r\nLink: x\r\n\r\n" + OK,), b"{}"),
        ((b"HTTP/1.1 204 No Content\r\n\r\n",), b""),
    ],
)
async def test_replies_are_whole_however_they_are_framed(pieces: tuple[bytes, ...], expected: bytes) -> None:
    async with serving(answering(*pieces)) as server, transporting() as transport:
        assert (await post(transport, server.service)).body == expected
        assert (await post(transport, server.service)).body == expected
        assert server.connections == 1


async def test_a_body_may_end_with_its_connection() -> None:
    handler = answering(b"HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n", b'{"a":1}', is_closed=True)
    async with serving(handler) as server, transporting() as transport:
        assert (await post(transport, server.service)).body == b'{"a":1}'


@pytest.mark.parametrize(
    ("handler", "code"),
    [
        (answering(is_closed=True), "SUBGRAPH_UNREACHABLE"),
        (answering(OK[:-1], is_closed=True), "SUBGRAPH_UNREACHABLE"),
        (answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\n{", is_closed=True), "SUBGRAPH_UNREACHABLE"),
        (answering(b"SSH-2.0-OpenSSH\r\n\r\n\r\n"), "SUBGRAPH_MALFORMED_RESPONSE"),
        (answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n"), "SUBGRAPH_MALFORMED_RESPONSE"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 99999999\r\n\r\n"), "SUBGRAPH_RESPONSE_TOO_LARGE"),
        (answering(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n", *[b"fff\r\n" + b"x" * 4095 + b"\r\n"] * 100), "SUBGRAPH_RESPONSE_TOO_LARGE"),
        (answering(b"HTTP/1.1 200 OK\r\n", *[b"X-Long: " + b"x" * 8000 + b"\r\n"] * 100), "SUBGRAPH_RESPONSE_TOO_LARGE"),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n{"), "SUBGRAPH_TIMEOUT"),
        (answering(), "SUBGRAPH_TIMEOUT"),
    ],
)  # fmt: skip
async def test_a_reply_that_never_becomes_whole_is_an_error_of_the_subgraph(handler: Handler, code: str) -> None:
    async with serving(handler) as server, transporting(TransportLimits(max_response_bytes=65536)) as transport:
        with pytest.raises(SubgraphError) as raised:
            await post(transport, server.service, seconds=0.2)
        assert (raised.value.code, raised.value.service) == (code, "books")
        await until(lambda: server.open == 0)


@pytest.mark.parametrize("small", [b"{}", b"[]", b"0", b'""', b'{"a":1}'])
async def test_more_values_than_the_limit_fail_before_they_are_decoded(small: bytes) -> None:
    def of(count: int) -> Handler:
        body = b"[" + b",".join([small] * count) + b"]"
        return answering(b"HTTP/1.1 200 OK\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body))

    limits = TransportLimits(max_response_values=10_000)
    async with serving(of(3_000)) as server, transporting(limits) as transport:
        assert (await post(transport, server.service)).status == 200
    async with serving(of(10_001)) as server, transporting(limits) as transport:
        with pytest.raises(SubgraphError, match="more than 10000 values") as raised:
            await post(transport, server.service)
        assert raised.value.code == "SUBGRAPH_RESPONSE_TOO_LARGE"


@pytest.mark.parametrize(("is_safe", "is_unknown"), [(True, False), (False, True)], ids=["query", "mutation"])
async def test_a_mutation_that_was_sent_and_not_answered_has_an_unknown_outcome(
    is_safe: bool, is_unknown: bool, monkeypatch: pytest.MonkeyPatch
) -> None:
    loop = asyncio.get_running_loop()
    now = loop.time

    async def outlast_the_deadline(
        _request: bytes, _reader: asyncio.StreamReader, _writer: asyncio.StreamWriter
    ) -> None:
        monkeypatch.setattr(loop, "time", lambda: now() + 3600)

    async with serving(outlast_the_deadline) as server, transporting() as transport:
        with pytest.raises(SubgraphError) as raised:
            await post(transport, server.service, seconds=60.0, is_safe=is_safe)
    assert raised.value.code == "SUBGRAPH_TIMEOUT"
    assert ("unknown" in raised.value.message) is is_unknown


async def test_an_endless_drip_ends_with_the_deadline() -> None:
    async def drip(_request: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
        while True:
            writer.write(b"1\r\n \r\n")
            await writer.drain()
            await asyncio.sleep(0.005)

    async with serving(drip) as server, transporting() as transport:
        with pytest.raises(SubgraphError) as raised:
            await post(transport, server.service, seconds=0.1)
        assert raised.value.code == "SUBGRAPH_TIMEOUT"
        await until(lambda: server.open == 0)


async def test_nobody_listening_is_unreachable_at_once() -> None:
    async with serving(answering(OK)) as server:
        service = server.service
    async with transporting() as transport:
        outcomes = await asyncio.gather(*(post(transport, service) for _ in range(10)), return_exceptions=True)
        assert {getattr(outcome, "code", None) for outcome in outcomes} == {"SUBGRAPH_UNREACHABLE"}


async def test_an_unknown_host_is_unreachable() -> None:
    async with transporting() as transport:
        with pytest.raises(SubgraphError) as raised:
            await post(transport, SubgraphEndpoint("books", "http://no-such-host.invalid/graphql"))
        assert raised.value.code == "SUBGRAPH_UNREACHABLE"


def dying_after_one() -> Handler:
    """Answers the first request of a connection, and closes it when the second comes."""
    seen: set[int] = set()

    async def handle(_request: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if id(writer) in seen:
            writer.transport.abort()
            raise ConnectionError
        seen.add(id(writer))
        kept.append(writer)
        writer.write(OK)

    kept: list[Any] = []
    return handle


async def test_a_query_on_a_dead_kept_connection_is_sent_once_more() -> None:
    async with serving(dying_after_one()) as server, transporting() as transport:
        await post(transport, server.service)
        assert (await post(transport, server.service)).status == 200
        assert server.connections == 2


async def test_a_mutation_on_a_dead_kept_connection_is_not_sent_again() -> None:
    async with serving(dying_after_one()) as server, transporting() as transport:
        await post(transport, server.service)
        with pytest.raises(SubgraphError) as raised:
            await post(transport, server.service, is_safe=False)
        assert raised.value.code == "SUBGRAPH_UNREACHABLE"
        assert len(server.requests) == 2


async def test_nothing_is_sent_again_once_a_byte_came_back() -> None:
    calls = 0

    async def handle(_request: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal calls
        calls += 1
        if calls > 1:
            writer.write(b"HTTP/1.1 200 OK\r\n")
            await writer.drain()
            writer.close()
            raise ConnectionError
        writer.write(OK)

    async with serving(handle) as server, transporting() as transport:
        await post(transport, server.service)
        with pytest.raises(SubgraphError):
            await post(transport, server.service)
        assert len(server.requests) == 2


async def test_bytes_that_nobody_asked_for_are_never_taken_for_an_answer() -> None:
    poison = b"HTTP/1.1 200 OK\r\nContent-Length: 8\r\n\r\npoisoned"
    async with serving(answering(OK + poison)) as server, transporting() as transport:
        assert (await post(transport, server.service)).body == b"{}"
        assert (await post(transport, server.service)).body == b"{}"
        assert server.connections == 2


def reply_to(request: bytes) -> bytes:
    """An answer that repeats the body of its request."""
    body = request.split(b"\r\n\r\n", 1)[1]
    return b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n%b" % (len(body), body)


async def test_answers_that_come_twice_are_given_to_nobody_else() -> None:
    """The first answer comes twice at once, later one in twenty does so within two milliseconds; 40 callers ask.

    Until the first surplus byte arrives nothing tells such a connection apart; after it no caller gets another one's answer.
    """
    count = 0

    async def handle(request: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal count
        count += 1
        writer.write(reply_to(request))
        await writer.drain()
        if count % 20 == 1:
            await asyncio.sleep(count % 3 / 1000 if count > 1 else 0)
            writer.write(reply_to(request))

    wrong = 0

    async def ask(transport: HttpTransport, service: SubgraphEndpoint, caller: int) -> None:
        nonlocal wrong
        for turn in range(25):
            body = b'{"caller":%d,"turn":%d}' % (caller, turn)
            try:
                reply = await post(transport, service, body=body)
            except SubgraphError:
                continue
            wrong += reply.body != body

    async with serving(handle) as server, transporting() as transport:
        await post(transport, server.service)
        await until(lambda: server.open == 0)
        await asyncio.gather(*(ask(transport, server.service, caller) for caller in range(40)))
    assert wrong == 0


@pytest.mark.parametrize(
    "surplus",
    [b"H", b"HTTP/1.1 100 C\r\n\r\n", b"HTTP/1.1 100 C\r\n\r\nHTTP/1.1 200 O", b"garbage", OK],
    ids=["a byte", "an interim answer", "an interim answer and a part", "garbage", "an answer"],
)
async def test_a_connection_with_bytes_after_its_answer_is_closed(surplus: bytes) -> None:
    async with serving(answering(OK + surplus)) as server, transporting() as transport:
        assert (await post(transport, server.service)).body == b"{}"
        assert (await post(transport, server.service)).body == b"{}"
        assert server.connections == 2


async def test_after_unasked_bytes_no_connection_of_the_origin_is_used_again() -> None:
    is_doubled = True

    async def handle(_: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(OK + OK if is_doubled else OK)

    async with serving(handle) as server, transporting() as transport:
        await post(transport, server.service)
        is_doubled = False
        for _ in range(3):
            await post(transport, server.service)
        assert server.connections == 4


async def test_interim_answers_are_passed_over_with_their_headers() -> None:
    interim = b"HTTP/1.1 103 Early Hints\r\nContent-Type: text/html\r\nContent-Length: 999999999\r\n\r\n"
    async with (
        serving(answering(interim + OK)) as server,
        transporting(TransportLimits(max_response_bytes=100)) as transport,
    ):
        reply = await post(transport, server.service)
        assert (reply.content_type, reply.body) == ("application/json", b"{}")


@pytest.mark.parametrize(
    ("pieces", "code", "words"),
    [
        ((b"HTTP/1.1 099 Odd\r\nContent-Length: 2\r\n\r\n{}",), "SUBGRAPH_MALFORMED_RESPONSE", "the status 99"),
        (
            (b"HTTP/1.1 101 S\r\nUpgrade: x\r\nConnection: upgrade\r\n\r\n",),
            "SUBGRAPH_MALFORMED_RESPONSE",
            "an upgrade",
        ),
        ((b"HTTP/1.1 200 OK\r\nX: " + b"y" * 3_000_000,), "SUBGRAPH_RESPONSE_TOO_LARGE", "a head longer than"),
        ((b"HTTP/1.1 200 OK\r\n" + b"a: b\r\n" * 1_000,), "SUBGRAPH_RESPONSE_TOO_LARGE", "more than 500 headers"),
        (
            (
                b"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n",
                b"T: " + b"y" * 70_000 + b"\r\n\r\n",
            ),
            "SUBGRAPH_RESPONSE_TOO_LARGE",
            "trailers longer than",
        ),
        ((b"SSH-2.0-OpenSSH\r\n",), "SUBGRAPH_MALFORMED_RESPONSE", "no HTTP/1.1 (Expected HTTP/"),
    ],
    ids=["status 099", "an upgrade", "a header of 3 MB", "a thousand headers", "trailers", "another protocol"],
)
async def test_what_is_wrong_with_an_answer_is_said(pieces: tuple[bytes, ...], code: str, words: str) -> None:
    async with serving(answering(*pieces)) as server, transporting() as transport:
        with pytest.raises(SubgraphError) as raised:
            await post(transport, server.service)
        assert raised.value.code == code
        assert words in raised.value.message


@asynccontextmanager
async def answering_early(
    listener: socket.socket,
) -> AsyncIterator[tuple[SubgraphEndpoint, list[asyncio.StreamWriter]]]:
    """A subgraph that answers before it has read the body, and reads no more; with the connections that were made to it."""
    connections: list[asyncio.StreamWriter] = []
    is_over = asyncio.Event()

    async def answer(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        connections.append(writer)
        await reader.readuntil(b"\r\n\r\n")
        writer.write(OK)
        await is_over.wait()
        writer.close()

    listening = await asyncio.start_server(answer, sock=listener, limit=1024)
    try:
        yield SubgraphEndpoint("books", f"http://127.0.0.1:{listener.getsockname()[1]}/"), connections
    finally:
        is_over.set()
        listening.close()
        await listening.wait_closed()


async def test_a_connection_whose_request_was_not_sent_whole_is_not_used_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        async with answering_early(listener) as (service, connections), transporting() as transport:
            await post(transport, service, body=b"x" * 20_000_000)
            await post(transport, service, body=b"{}")
            assert len(connections) == 2


async def test_a_connection_whose_request_waits_in_the_kernel_is_not_used_again() -> None:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        # The gateway's own kernel takes the whole request; this side takes some of it.
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
        async with answering_early(listener) as (service, connections), transporting() as transport:
            await post(transport, service, body=b"x" * 500_000)
            await post(transport, service, body=b"{}")
            assert len(connections) == 2


async def test_a_time_out_on_a_kept_connection_is_asked_again_on_a_new_one() -> None:
    late = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    async def handle(_: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(late if len(server.requests) == 2 else OK)

    async with serving(handle) as server, transporting() as transport:
        await post(transport, server.service)
        assert (await post(transport, server.service)).status == 200
        assert (len(server.requests), server.connections) == (3, 2)


async def test_a_mutation_that_met_a_time_out_is_not_sent_again() -> None:
    late = b"HTTP/1.1 408 Request Timeout\r\nContent-Length: 0\r\nConnection: close\r\n\r\n"

    async def handle(_: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(late if len(server.requests) == 2 else OK)

    async with serving(handle) as server, transporting() as transport:
        await post(transport, server.service, is_safe=False)
        assert (await post(transport, server.service, is_safe=False)).status == 408
        assert len(server.requests) == 2


async def test_a_request_that_waits_too_long_for_a_connection_is_not_sent() -> None:
    may_answer = asyncio.Event()

    async def hang(_: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        writer.write(OK)

    limits = TransportLimits(pool=PoolLimits(max_connections=1, max_wait_seconds=0.05))
    async with serving(hang) as server, transporting(limits) as transport:
        first = post(transport, server.service)
        with pytest.raises(SubgraphError, match="too busy") as raised:
            await post(transport, server.service)
        assert raised.value.code == "SUBGRAPH_OVERLOADED"
        may_answer.set()
        assert (await first).body == b"{}"
        assert len(server.requests) == 1


def told_ms(request: bytes) -> int:
    return int(request.split(b"x-deadline-ms: ")[1].split(b"\r\n")[0])


async def test_a_subgraph_that_wants_to_know_is_told_the_time_left_when_the_request_is_sent() -> None:
    may_answer = asyncio.Event()

    async def hold(_: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        await may_answer.wait()
        writer.write(OK)

    limits = TransportLimits(pool=PoolLimits(max_connections=1))
    async with serving(hold) as server, transporting(limits) as transport:
        service = replace(server.service, deadline_header=b"x-deadline-ms")
        loop = asyncio.get_running_loop()
        deadline = loop.time() + 30
        first, second = (
            transport.post(service, b"{}", NO_HEADERS, hop_headers=NO_HEADERS, deadline=deadline, is_safe=True)
            for _ in range(2)
        )
        await until(lambda: len(server.requests) == 1)
        left_ms = (deadline - loop.time()) * 1000
        may_answer.set()
        assert [(await future).body for future in (first, second)] == [b"{}", b"{}"]
        assert left_ms - 1 < told_ms(server.requests[0]) <= 30_000
        # The second waited for the connection meanwhile.
        assert told_ms(server.requests[1]) <= left_ms
        assert server.requests[0].endswith(b"Content-Length: 2\r\n\r\n{}")
        await post(transport, server.service)
        assert b"x-deadline-ms" not in server.requests[2]


@pytest.mark.parametrize("is_safe", [True, False])
async def test_what_cannot_be_answered_in_time_is_not_sent(is_safe: bool) -> None:
    async with serving(answering(OK)) as server, transporting() as transport:
        await post(transport, server.service)
        with pytest.raises(SubgraphError) as raised:
            await post(transport, server.service, seconds=0.0, is_safe=is_safe)
        assert raised.value.code == "SUBGRAPH_TIMEOUT"
        assert (await post(transport, server.service)).body == b"{}"
        assert (len(server.requests), server.connections) == (2, 1)


async def test_a_cancelled_request_closes_its_connection() -> None:
    async with serving(answering()) as server, transporting() as transport:
        future = post(transport, server.service)
        await until(lambda: len(server.requests) == 1)
        future.cancel()
        await until(lambda: server.open == 0)


async def test_an_idle_connection_that_grew_old_is_not_used() -> None:
    limits = TransportLimits(pool=PoolLimits(keep_alive_seconds=-1.0))
    async with serving(answering(OK)) as server, transporting(limits) as transport:
        await post(transport, server.service)
        await post(transport, server.service)
        assert server.connections == 2


async def test_closing_fails_what_is_under_way() -> None:
    async with serving(answering()) as server:
        transport = HttpTransport()
        future = post(transport, server.service)
        await until(lambda: len(server.requests) == 1)
        await transport.close()
        with pytest.raises(SubgraphError) as raised:
            await future
        assert raised.value.code == "SUBGRAPH_UNREACHABLE"


@pytest.mark.parametrize(
    "url", ["", "books", "ftp://books/", "http://", "http://books:no/", "http://books/\u00fc", "http://books/ \r\nX: 1"]
)
async def test_an_address_that_is_not_http_is_refused(url: str) -> None:
    async with transporting() as transport:
        with pytest.raises(InternalError):
            await post(transport, SubgraphEndpoint("books", url))


def self_signed(folder: Path) -> Path:
    """A file with a key and a certificate for 127.0.0.1 that nobody else has signed."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "127.0.0.1")])
    now = datetime.now(UTC)
    certificate = (
        x509.CertificateBuilder(name, name, key.public_key(), x509.random_serial_number(), now, now + timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ip_address("127.0.0.1"))]), critical=False)
        .sign(key, SHA256())
    )
    file = folder / "server.pem"
    file.write_bytes(
        key.private_bytes(Encoding.PEM, PrivateFormat.PKCS8, NoEncryption()) + certificate.public_bytes(Encoding.PEM)
    )
    return file


@pytest.mark.parametrize("is_trusted", [True, False])
async def test_tls_is_verified(tmp_path: Path, is_trusted: bool) -> None:
    file = self_signed(tmp_path)
    server = Server(answering(OK))
    serving_tls = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    serving_tls.load_cert_chain(file)
    listening = await asyncio.start_server(server.serve, "127.0.0.1", 0, ssl=serving_tls)
    service = SubgraphEndpoint("books", f"https://127.0.0.1:{listening.sockets[0].getsockname()[1]}/graphql")
    transport = HttpTransport(tls=ssl.create_default_context(cafile=str(file) if is_trusted else None))
    try:
        if is_trusted:
            assert (await post(transport, service)).body == b"{}"
        else:
            with pytest.raises(SubgraphError) as raised:
                await post(transport, service)
            assert raised.value.code == "SUBGRAPH_UNREACHABLE"
    finally:
        await transport.close()
        listening.close()
        await until(lambda: server.open == 0)


def streaming(content_type: bytes, *pieces: bytes, is_closed: bool = False) -> Handler:
    chunks = [b"%x\r\n%b\r\n" % (len(piece), piece) for piece in pieces]
    head = b"HTTP/1.1 200 OK\r\nContent-Type: " + content_type + b"\r\nTransfer-Encoding: chunked\r\n\r\n"
    return answering(head, *chunks, *([] if is_closed else [b"0\r\n\r\n"]), is_closed=is_closed)


async def events_of(server: Server, limits: TransportLimits | None = None) -> tuple[list[bytes], str | None]:
    """The events of a subscription, and the code of the error that ended it, if one did."""
    events = []
    async with transporting(limits) as transport:
        deadline = asyncio.get_running_loop().time() + 2
        try:
            async for event in transport.subscribe(
                server.service, b"{}", NO_HEADERS, hop_headers=NO_HEADERS, deadline=deadline
            ):
                events.append(event)  # noqa: PERF401 - what came before an error counts
        except SubgraphError as error:
            return events, error.code
    return events, None


@pytest.mark.parametrize(
    ("handler", "events", "code"),
    [
        (
            streaming(b"text/event-stream", b':\n\nevent: next\ndata: {"a":1}\n\n', b'event: next\r\ndata: {"a":\r', b'\ndata: 2}\r\n\r\n', b"event: complete\ndata:\n\n"),
            [b'{"a":1}', b'{"a":\n2}'],
            None,
        ),
        (
            streaming(b'multipart/mixed; boundary="-"', b'\r\n---\r\nContent-Type: application/json\r\n\r\n{}\r\n---', b'\r\nContent-Type: application/json\r\n\r\n{"payload":{"data":{"a":1}}}\r\n-', b'----\r\n'),
            [b'{"data":{"a":1}}'],
            None,
        ),
        (
            streaming(b"multipart/mixed;boundary=graphql", b'--graphql\r\n\r\n{"payload":null,"errors":[{"message":"no"}]}\r\n--graphql\r\n\r\n{"payload":{}}\r\n--graphql--'),
            [b'{"data":null,"errors":[{"message":"no"}]}'],
            None,
        ),
        (streaming(b"application/json", b'{"errors":', b"[]}"), [b'{"errors":[]}'], None),
        (answering(b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\n\r\n", b'{"errors":[]}', is_closed=True), [b'{"errors":[]}'], None),
        (streaming(b"text/event-stream", b"data: [" + b"0," * 20_000 + b"0]\n\n"), [], "SUBGRAPH_RESPONSE_TOO_LARGE"),
        (streaming(b"text/html", b"<html>"), [], "SUBGRAPH_MALFORMED_RESPONSE"),
        (answering(b"HTTP/1.1 503 No\r\nContent-Length: 0\r\n\r\n"), [], "SUBGRAPH_HTTP_ERROR"),
        (streaming(b"text/event-stream", b"data: {}\n\n", is_closed=True), [b"{}"], "SUBGRAPH_STREAM_LOST"),
        (streaming(b"text/event-stream", *[b"data: " + b"x" * 4000] * 30), [], "SUBGRAPH_MALFORMED_RESPONSE"),
        (streaming(b"multipart/mixed;boundary=-", *[b"x" * 4000] * 30), [], "SUBGRAPH_MALFORMED_RESPONSE"),
        (answering(), [], "SUBGRAPH_TIMEOUT"),
        (answering(is_closed=True), [], "SUBGRAPH_STREAM_LOST"),
    ],
)  # fmt: skip
async def test_events_come_out_of_their_framing(handler: Handler, events: list[bytes], code: str | None) -> None:
    async with serving(handler) as server:
        limits = TransportLimits(max_response_bytes=65536, max_response_values=10_000)
        assert await events_of(server, limits) == (events, code)
        await until(lambda: server.open == 0)


async def test_a_slow_consumer_holds_the_subgraph_back() -> None:
    sent = 0

    async def flood(_request: bytes, _reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        nonlocal sent
        writer.write(b"HTTP/1.1 200 OK\r\nContent-Type: text/event-stream\r\n\r\n")
        event = b"data: " + b"x" * 65536 + b"\n\n"
        for _ in range(2000):
            writer.write(event)
            await writer.drain()
            sent += 1

    async with serving(flood) as server, transporting(TransportLimits(max_events=4)) as transport:
        deadline = asyncio.get_running_loop().time() + 5
        stream = transport.subscribe(server.service, b"{}", NO_HEADERS, hop_headers=NO_HEADERS, deadline=deadline)
        await anext(stream)
        stalled = -1
        async with asyncio.timeout(5):
            while stalled != sent:
                stalled = sent
                await asyncio.sleep(0.05)
        assert sent < 1000
        for _ in range(100):
            assert len(await anext(stream)) == 65536
        await stream.aclose()
        await until(lambda: server.open == 0)
