"""What `task faults` does to PostgreSQL: it is away, silent or without room, and keeps what it acknowledged."""

import signal
from collections.abc import Iterator
from contextlib import suppress

import asyncpg
import pytest

from tests.support.postgres import PostgresServer, must_have_postgres, running_postgres, runs

ROWS = "SELECT 1 / (count(*) = 2)::int FROM kept"
"""An error unless the table has two rows."""


@pytest.fixture
def server() -> Iterator[PostgresServer]:
    must_have_postgres()
    with running_postgres(is_durable=True) as running:
        assert runs("CREATE TABLE kept AS SELECT 1 AS a", running.port)
        assert runs("INSERT INTO kept VALUES (2)", running.port)
        yield running


def test_a_killed_server_is_away_until_it_is_started_and_has_all_rows(server: PostgresServer) -> None:
    server.kill()
    assert not runs("SELECT 1", server.port)
    server.start()
    assert runs(ROWS, server.port)


def test_a_stopped_server_answers_when_it_goes_on(server: PostgresServer) -> None:
    server.signal(signal.SIGSTOP)
    assert not runs("SELECT 1", server.port, seconds=0.5)
    server.signal(signal.SIGCONT)
    server.start()
    assert runs(ROWS, server.port)


def test_a_server_without_room_refuses_writes_and_has_all_rows_afterwards(server: PostgresServer) -> None:
    server.limit_files("1024")
    with suppress(asyncpg.PostgresError, asyncpg.InterfaceError):
        assert not runs("INSERT INTO kept SELECT generate_series(1, 100000)", server.port)
    server.limit_files("unlimited")
    server.start()
    assert runs(ROWS, server.port)
