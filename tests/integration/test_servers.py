"""A server under test that cannot start fails its own test and no other; ports are given to one test process."""

import socket
import subprocess
import sys

import pytest
from starlette.applications import Starlette

from tests.support.bank import Servers
from tests.support.ports import HELD, HIGHEST, LOWEST, free_port, free_ports, kept_port


async def test_a_taken_port_is_an_error_of_the_test_that_wanted_it() -> None:
    with socket.socket() as taken:
        port = free_port()
        taken.bind(("127.0.0.1", port))
        taken.listen()
        async with Servers() as servers:
            with pytest.raises(RuntimeError, match=str(port)):
                await servers.serve(Starlette(), port=port)


def test_a_port_that_one_process_holds_is_given_to_no_other() -> None:
    held = free_ports(HELD)
    assert len(set(held)) == HELD
    assert all(LOWEST <= port <= HIGHEST for port in held)
    ask = "import sys; from tests.support import ports; ports.LOWEST, ports.HIGHEST = map(int, sys.argv[1:]); print(ports.free_port())"
    first = held[0]
    other = subprocess.run(
        [sys.executable, "-c", ask, str(first), str(first + 40)], capture_output=True, text=True, check=True, timeout=60
    )
    assert int(other.stdout) not in held


def test_a_port_that_is_kept_is_held_however_many_are_taken_after_it() -> None:
    port = kept_port()
    free_ports(HELD)
    with socket.socket(type=socket.SOCK_DGRAM) as other, pytest.raises(OSError, match="in use"):
        other.bind(("127.0.0.1", port))
