"""Free ports for servers under test.

A port that the system picks is free for an instant only: until a server listens on it, any outgoing connection may get it as its own end. The ports given
here lie below those that the system picks from, and whoever takes one holds the UDP socket of the same number, so that other test processes pass it over.
"""

import socket
from collections import deque
from contextlib import suppress
from secrets import randbelow

LOWEST, HIGHEST = 10_000, 32_767
HELD = 256
"""How many ports a process holds: more than the servers that it starts before the first of them listens."""

_held: deque[socket.socket] = deque()
_kept: list[socket.socket] = []


def free_port() -> int:
    """A port on loopback on which nothing listens, and which no other test process takes meanwhile."""
    while True:
        port = LOWEST + randbelow(HIGHEST - LOWEST + 1)
        with suppress(OSError):
            _hold(port)
            return port


def kept_port() -> int:
    """A port as `free_port` gives it, which no other test process takes until this one ends: for servers that come and go on it."""
    port = free_port()
    _kept.append(_held.pop())
    return port


def free_ports(count: int) -> list[int]:
    """As many such ports, all different."""
    return [free_port() for _ in range(count)]


def _hold(port: int) -> None:
    """Hold the port, and give up the one that was held for the longest.

    Raises:
        OSError: when somebody listens on it or holds it.
    """
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", port))
    claim = socket.socket(type=socket.SOCK_DGRAM)
    try:
        claim.bind(("127.0.0.1", port))
    except OSError:
        claim.close()
        raise
    _held.append(claim)
    if len(_held) > HELD:
        _held.popleft().close()
