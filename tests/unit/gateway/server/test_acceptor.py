"""Connections that wait are accepted together, whatever the event loop; requests are started a few in each turn."""

import asyncio
import errno
import os
import socket
from collections.abc import Callable, Iterator
from contextlib import ExitStack

import pytest
import uvloop

from gateway.server import acceptor as acceptors
from gateway.server.acceptor import ACCEPTS_PER_TURN, Acceptor
from gateway.server.start_queue import STARTS_PER_TURN, StartQueue

LOOPS = pytest.mark.parametrize("make_loop", [asyncio.new_event_loop, uvloop.new_event_loop], ids=["asyncio", "uvloop"])

MakeLoop = Callable[[], asyncio.AbstractEventLoop]


class Listener(socket.socket):
    """A listening socket as the gateway makes it, without a protocol number; its first `failures` attempts to accept fail."""

    failures = 0

    def accept(self) -> tuple[socket.socket, object]:
        if self.failures:
            self.failures -= 1
            raise OSError(errno.EMFILE, os.strerror(errno.EMFILE))
        return super().accept()


@pytest.fixture
def listening() -> Iterator[Listener]:
    with Listener(socket.AF_INET, socket.SOCK_STREAM) as listener:
        listener.bind(("127.0.0.1", 0))
        listener.listen(256)
        yield listener


class Connected(asyncio.Protocol):
    """A connection that remembers in which turn of the loop it was made."""

    def __init__(self, made: list["Connected"], turn: list[int]) -> None:
        self._made = made
        self._turn = turn

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport = transport
        self.turn = self._turn[0]
        connection = transport.get_extra_info("socket")
        self.has_no_delay = bool(connection.getsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY))
        self._made.append(self)


async def accept_all(listening: Listener, count: int) -> list[Connected]:
    """Connect `count` clients, then accept them; in the order in which they were made."""
    made: list[Connected] = []
    turn = [0]
    with ExitStack() as stack:
        for _ in range(count):
            stack.enter_context(socket.create_connection(listening.getsockname()))
        acceptor = Acceptor(listening, lambda: Connected(made, turn))
        async with asyncio.timeout(60):
            while len(made) < count:
                turn[0] += 1
                await asyncio.sleep(0)
        acceptor.close()
        for connection in made:
            connection.transport.close()
        await asyncio.sleep(0)
    return made


@LOOPS
def test_all_that_wait_are_accepted_in_one_turn(make_loop: MakeLoop, listening: Listener) -> None:
    with asyncio.Runner(loop_factory=make_loop) as runner:
        made = runner.run(accept_all(listening, 50))
    assert made[-1].turn - made[0].turn <= 2


@LOOPS
def test_a_turn_accepts_a_bounded_number(make_loop: MakeLoop, listening: Listener) -> None:
    with asyncio.Runner(loop_factory=make_loop) as runner:
        made = runner.run(accept_all(listening, 2 * ACCEPTS_PER_TURN))
    assert made[ACCEPTS_PER_TURN].turn > made[0].turn


@LOOPS
def test_accepted_connections_send_small_answers_at_once(make_loop: MakeLoop, listening: Listener) -> None:
    with asyncio.Runner(loop_factory=make_loop) as runner:
        assert all(connection.has_no_delay for connection in runner.run(accept_all(listening, 3)))


@LOOPS
def test_it_accepts_again_once_there_are_file_descriptors(
    make_loop: MakeLoop, listening: Listener, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(acceptors, "PAUSE_SECONDS", 0.01)
    listening.failures = 2
    with asyncio.Runner(loop_factory=make_loop) as runner:
        assert len(runner.run(accept_all(listening, 2))) == 2


def put(starts: StartQueue, start: Callable[[], object]) -> None:
    """Start now if the turn has room, as the protocol does; else in a later one."""
    if starts.has_room(asyncio.get_running_loop()):
        start()
    else:
        starts.wait(start)


async def test_a_turn_starts_a_bounded_number_of_requests_in_their_order() -> None:
    starts, started = StartQueue(), list[int]()
    for number in range(STARTS_PER_TURN + 2):
        put(starts, lambda number=number: started.append(number))  # type: ignore[misc]
    assert started == list(range(STARTS_PER_TURN))
    put(starts, lambda: started.append(-1))
    assert started == list(range(STARTS_PER_TURN))
    await asyncio.sleep(0)
    assert started == [*range(STARTS_PER_TURN + 2), -1]
    put(starts, lambda: started.append(-2))
    assert started[-1] == -2


async def test_a_turn_has_its_number_whether_they_waited_or_not() -> None:
    starts, started = StartQueue(), list[int]()
    for number in range(3 * STARTS_PER_TURN):
        put(starts, lambda number=number: started.append(number))  # type: ignore[misc]
    await asyncio.sleep(0)
    put(starts, lambda: started.append(-1))
    assert started == list(range(2 * STARTS_PER_TURN))
    await asyncio.sleep(0)
    assert started == list(range(3 * STARTS_PER_TURN))
    await asyncio.sleep(0)
    assert started[-1] == -1


async def test_a_start_that_fails_does_not_keep_those_behind_it_from_starting() -> None:
    def fail() -> None:
        raise MemoryError

    reported: list[object] = []
    asyncio.get_running_loop().set_exception_handler(lambda _loop, context: reported.append(context["exception"]))
    starts, started = StartQueue(), list[int]()
    for _ in range(STARTS_PER_TURN):
        put(starts, lambda: None)
    put(starts, fail)
    put(starts, lambda: started.append(1))
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    put(starts, lambda: started.append(2))
    await asyncio.sleep(0)
    assert started == [1, 2]
    assert [type(error) for error in reported] == [MemoryError]
