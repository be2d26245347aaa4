"""A page of another origin reads why it was refused, also where the refusal is written before a request is routed."""

import contextlib
import socket
from typing import Any

import pytest

from tests.support.gateway import RunningGateway

ORIGIN = "https://shop.test"
HEAD = b"POST /graphql HTTP/1.1\r\nhost: x\r\n"
LATE_BODY = b"content-type: application/json\r\ncontent-length: 1000\r\n\r\n{"
TOO_MANY = b"x-more: y\r\n" * 100


@pytest.fixture(scope="module")
def settings() -> dict[str, Any]:
    return {"server": {"cors_origins": [ORIGIN], "read_timeout_seconds": 1.0, "max_connections": 4}}


def refused(gateway: RunningGateway, sent: bytes) -> tuple[int, dict[str, str]]:
    """Status and header fields of the one answer on a new connection."""
    with socket.create_connection(("127.0.0.1", gateway.port), timeout=60) as client:
        client.sendall(sent)
        got = b""
        while data := client.recv(65536):
            got += data
    first, *lines = got.partition(b"\r\n\r\n")[0].decode().split("\r\n")
    return int(first.split()[1]), {name.lower(): value for name, value in (line.split(": ", 1) for line in lines)}


CASES = [
    (LATE_BODY, 408),
    (b"x-head: late\r\n", 408),
    (TOO_MANY + b"\r\n", 431),
    (b"host: y\r\n\r\n", 400),
    (b"transfer-encoding: gzip, chunked\r\n\r\n", 501),
]


@pytest.mark.parametrize(("rest", "status"), CASES)
def test_the_page_can_read_a_refusal_before_routing(gateway: RunningGateway, rest: bytes, status: int) -> None:
    answered, fields = refused(gateway, HEAD + f"origin: {ORIGIN}\r\n".encode() + rest)
    assert answered == status
    assert fields["access-control-allow-origin"] == ORIGIN
    assert fields["access-control-allow-credentials"] == "true"
    assert fields["vary"] == "Origin"


@pytest.mark.parametrize(("rest", "status"), CASES)
@pytest.mark.parametrize("origin", [b"", b"origin: https://other.test\r\n", b"origin: https://shop.test\r\n" * 2])
def test_no_other_page_can(gateway: RunningGateway, origin: bytes, rest: bytes, status: int) -> None:
    answered, fields = refused(gateway, HEAD + origin + rest)
    assert (answered, "access-control-allow-origin" in fields) == (status, False)


def test_the_page_can_read_that_there_are_too_many_connections(gateway: RunningGateway) -> None:
    with contextlib.ExitStack() as others:
        for _ in range(4):
            others.enter_context(socket.create_connection(("127.0.0.1", gateway.port), timeout=60))
        answered, fields = refused(gateway, HEAD + f"origin: {ORIGIN}\r\ncontent-length: 0\r\n\r\n".encode())
    assert (answered, fields.get("access-control-allow-origin"), fields["retry-after"]) == (503, ORIGIN, "1")
