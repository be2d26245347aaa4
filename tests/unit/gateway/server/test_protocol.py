"""One connection: each answer's head leaves with the first piece of its body, and what a client no longer uses is closed."""

import asyncio
from collections.abc import Awaitable, Callable, Iterable
from typing import Any

import pytest
import uvicorn
from uvicorn._types import ASGIReceiveCallable, ASGISendCallable, HTTPResponseStartEvent, Scope

from gateway.server.protocol import EdgeProtocol, EdgeState

Application = Callable[[Scope, ASGIReceiveCallable, ASGISendCallable], Awaitable[None]]


class RecordingTransport(asyncio.Transport):
    """Keeps each write as the system call that it would be."""

    def __init__(self) -> None:
        super().__init__()
        self.writes: list[bytes] = []
        self._is_closing = False

    def write(self, data: Any) -> None:
        assert not self._is_closing
        if data:
            self.writes.append(bytes(data))

    def writelines(self, list_of_data: Iterable[Any]) -> None:
        self.write(b"".join(list_of_data))

    def close(self) -> None:
        self._is_closing = True

    def is_closing(self) -> bool:
        return self._is_closing

    def pause_reading(self) -> None:
        """Nothing: the test hands over what it has."""

    def resume_reading(self) -> None:
        """Nothing, as `pause_reading`."""

    def get_extra_info(self, _name: str, default: Any = None) -> Any:
        return default


def start(status: int = 200, *headers: tuple[bytes, bytes]) -> HTTPResponseStartEvent:
    return {"type": "http.response.start", "status": status, "headers": headers}


def connected(application: Application) -> tuple[EdgeProtocol, RecordingTransport]:
    """Connect a client to an application."""
    config = uvicorn.Config(application, http=EdgeProtocol, ws="none", lifespan="off", log_config=None)
    config.load()
    protocol, transport = EdgeProtocol(config, EdgeState(), {}), RecordingTransport()
    protocol.connection_made(transport)
    return protocol, transport


async def all_answered(protocol: EdgeProtocol) -> None:
    """Wait until all that the client has asked is answered."""
    while protocol.tasks:
        await asyncio.wait(protocol.tasks)


async def answered(application: Application, request: bytes) -> RecordingTransport:
    """Send a request to an application; its connection, once the application has ended."""
    protocol, transport = connected(application)
    protocol.data_received(request)
    await all_answered(protocol)
    return transport


GET = b"GET / HTTP/1.1\r\nHost: a\r\n\r\n"
LENGTH = (b"content-length", b"2")


async def whole(_scope: Scope, _receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
    await send(start(200, LENGTH))
    await send({"type": "http.response.body", "body": b"{}", "more_body": False})


async def test_an_answer_is_one_write() -> None:
    assert (await answered(whole, GET)).writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"]


async def test_an_answer_that_closes_the_connection_is_sent_before_it_closes() -> None:
    transport = await answered(whole, b"GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n")

    assert transport.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\nconnection: close\r\n\r\n{}"]
    assert transport.is_closing()


async def test_two_answers_of_a_connection_come_in_their_order() -> None:
    transport = await answered(whole, GET + GET)

    assert transport.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n{}"] * 2


async def test_the_answer_to_head_is_its_head() -> None:
    transport = await answered(whole, b"HEAD / HTTP/1.1\r\nHost: a\r\n\r\n")

    assert transport.writes == [b"HTTP/1.1 200 OK\r\ncontent-length: 2\r\n\r\n"]


async def test_a_stream_begins_with_its_first_piece() -> None:
    async def streaming(_scope: Scope, _receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await send(start())
        for piece, more in ((b"a", True), (b"b", True), (b"", False)):
            await send({"type": "http.response.body", "body": piece, "more_body": more})

    head = b"HTTP/1.1 200 OK\r\ntransfer-encoding: chunked\r\n\r\n"
    assert (await answered(streaming, GET)).writes == [head + b"1\r\na\r\n", b"1\r\nb\r\n", b"0\r\n\r\n"]


async def test_a_failure_before_the_first_piece_is_answered_with_500() -> None:
    async def failing(_scope: Scope, _receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await send(start(200, LENGTH))
        raise RuntimeError("it fails")

    (write,) = (await answered(failing, GET)).writes
    assert write.startswith(b"HTTP/1.1 500 Internal Server Error\r\n")


@pytest.mark.parametrize("value", [b"a\r\nset-cookie: b", b"a\0"])
async def test_a_header_that_would_end_its_line_is_not_sent(value: bytes) -> None:
    async def injecting(_scope: Scope, _receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await send(start(200, LENGTH, (b"x", value)))
        await send({"type": "http.response.body", "body": b"{}", "more_body": False})

    transport = await answered(injecting, GET)
    assert transport.writes == []
    assert transport.is_closing()


async def test_a_connection_is_closed_once_it_was_idle_for_long() -> None:
    protocol, transport = connected(whole)
    protocol.data_received(GET)
    await all_answered(protocol)
    assert protocol.idle_since is not None

    protocol.sweep(late=0.0, stale=protocol.idle_since)
    assert not transport.is_closing()
    protocol.sweep(late=0.0, stale=protocol.idle_since + 0.001)
    assert transport.is_closing()


@pytest.mark.parametrize("behind", [b"", GET, b"GET / HT"], ids=["nothing", "a request", "half a request"])
async def test_a_connection_is_idle_once_the_end_of_an_answered_request_has_come(behind: bytes) -> None:
    """An application may answer without the body; its connection must not be kept for ever."""
    protocol, transport = connected(whole)
    protocol.data_received(b"POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\n\r\n")
    await all_answered(protocol)
    protocol.data_received(b"x" + behind)
    await all_answered(protocol)

    protocol.sweep(late=0.0, stale=float("inf"))
    assert transport.is_closing() is not (behind == b"GET / HT")


@pytest.mark.parametrize("begun", [GET, b"G"], ids=["a request under way", "a request that arrives"])
async def test_a_connection_with_a_request_is_not_idle(begun: bytes) -> None:
    is_over = asyncio.Event()

    async def waiting(scope: Scope, receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        await is_over.wait()
        await whole(scope, receive, send)

    protocol, transport = connected(waiting)
    is_over.set()
    protocol.data_received(GET)
    await all_answered(protocol)
    is_over.clear()
    protocol.data_received(begun)

    protocol.sweep(late=0.0, stale=float("inf"))
    assert not transport.is_closing()
    is_over.set()
    await all_answered(protocol)


async def test_a_connection_with_half_a_request_behind_an_answered_one_is_not_idle() -> None:
    protocol, transport = connected(whole)
    protocol.data_received(GET + b"G")
    await all_answered(protocol)

    protocol.sweep(late=0.0, stale=float("inf"))
    assert not transport.is_closing()
