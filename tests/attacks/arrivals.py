"""Attacks by load on those who come new: busy clients beside new ones and an orchestrator's probes."""

import contextlib
import os
import signal
import socket
import time
from typing import Final

from tests.attacks.attack import Attack, AttackSucceeded
from tests.attacks.world import World

BUSY_CLIENTS: Final = 50
BUSY_REQUESTS: Final = 60
"""Of each busy client, sent at once on its connection."""

NEW_CLIENTS: Final = 150
PROBES: Final = (b"/health", b"/ready") * 5
CONNECTION_SECONDS: Final = 120.0


def new_clients(world: World) -> str:
    """New clients and probes that come while others have sent 3,000 requests.

    The gateway is stopped until all are there, and its own log tells in which order it answered. If it accepts all that wait, and starts
    requests in turn, each new client waits for about one request of each other client. If it accepts one connection in each turn of its
    loop, the last new one waits for hundreds.
    """
    pid = world.gateway.process.pid
    with contextlib.ExitStack() as stack:
        busy = [stack.enter_context(_connected(world)) for _ in range(BUSY_CLIENTS)]
        for client in busy:
            _finish(client, _request("First"), 1)
        os.kill(pid, signal.SIGSTOP)
        try:
            for client in busy:
                client.sendall(_request("Busy") * BUSY_REQUESTS)
            new = [stack.enter_context(_connected(world)) for _ in range(NEW_CLIENTS)]
            for client in new:
                client.sendall(_request("New"))
            probes = [stack.enter_context(_connected(world)) for _ in PROBES]
            for client, path in zip(probes, PROBES, strict=True):
                client.sendall(b"GET %b HTTP/1.1\r\nHost: a\r\n\r\n" % path)
        finally:
            os.kill(pid, signal.SIGCONT)
        began = time.monotonic()
        for client in probes:
            _finish(client, b"", 1)
        probed = time.monotonic() - began
        for client in new:
            _finish(client, b"", 1)
        answered = time.monotonic() - began
        for client in busy:
            _finish(client, b"", BUSY_REQUESTS)
    waited = _wait_of_the_last(world)
    if waited > 2 * (BUSY_CLIENTS + NEW_CLIENTS):
        raise AttackSucceeded(f"the last of {NEW_CLIENTS} new clients waits for {waited} requests")
    return f"new ones wait for {waited} of 3,000 requests; probes {probed * 1000:.0f} ms, new {answered * 1000:.0f} ms"


def _connected(world: World) -> socket.socket:
    return socket.create_connection(("127.0.0.1", world.gateway.port), timeout=CONNECTION_SECONDS)


def _request(name: str) -> bytes:
    body = b'{"query":"query %b { me { name } }"}' % name.encode()
    head = b"POST /graphql HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
    return head % len(body) + body


def _finish(client: socket.socket, request: bytes, count: int) -> None:
    """Send a request, and read until so many answers have come."""
    client.sendall(request)
    received = b""
    while received.count(b"HTTP/1.1 200") < count or not received.endswith(b"}"):
        piece = client.recv(65536)
        if not piece:
            raise AttackSucceeded("a client is not served")
        received += piece


def _served(world: World) -> list[str]:
    """The names of both kinds of operations in the order in which they were answered."""
    names = (event.get("operation.name") for event in world.gateway.log() if event["event"] == "request")
    return [name for name in names if name in ("Busy", "New")]


def _wait_of_the_last(world: World) -> int:
    """How many requests were answered until the last new client was."""
    until = time.monotonic() + CONNECTION_SECONDS
    while (served := _served(world)).count("New") < NEW_CLIENTS:
        if time.monotonic() > until:
            raise AttackSucceeded("new clients are not served")
        time.sleep(0.1)
    return len(served) - served[::-1].index("New")


ATTACKS = (Attack("1.10", "150 new clients beside 3,000 requests", new_clients, max_cpu_ms=10_000),)
