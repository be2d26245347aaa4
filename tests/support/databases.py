"""A database of its own for each test, on SQLite and on a real PostgreSQL.

PostgreSQL is a private server, one for the session, started on first use. Where its programs are missing the tests on it are skipped, and in CI they fail.
"""

from collections.abc import Callable, Iterator
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import make_url

from tests.support.postgres import SUPERUSER, must_have_postgres, running_postgres, runs


@pytest.fixture(scope="session")
def postgres_port() -> Iterator[int]:
    """The port of the session's PostgreSQL server."""
    must_have_postgres()
    with running_postgres() as server:
        yield server.port


def make_postgres_database(port: int) -> str:
    """The URL of a new, empty database."""
    name = f"test_{uuid4().hex}"
    assert runs(f'CREATE DATABASE "{name}"', port)
    return f"postgresql+asyncpg://{SUPERUSER}@127.0.0.1:{port}/{name}?ssl=disable"


def drop_postgres_database(url: str) -> None:
    """Remove a database of the private server with whatever is connected to it: its files are in memory."""
    parts = make_url(url)
    assert parts.port is not None
    assert runs(f'DROP DATABASE "{parts.database}" WITH (FORCE)', parts.port)


@pytest.fixture(params=["sqlite", "postgresql"])
def database_url(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[str]:
    """The URL of a new, empty database; the test runs once on each engine."""
    if request.param == "sqlite":
        yield f"sqlite+aiosqlite:///{tmp_path / 'test.db'}"
        return
    url = make_postgres_database(request.getfixturevalue("postgres_port"))
    yield url
    drop_postgres_database(url)


@pytest.fixture
def more_databases(database_url: str, tmp_path: Path) -> Iterator[Callable[[str], str]]:
    """Makes more databases on the engine of the test, each by a name; its URL."""
    made: list[str] = []

    def make(name: str) -> str:
        if database_url.startswith("sqlite"):
            return f"sqlite+aiosqlite:///{tmp_path / f'{name}.db'}"
        port = make_url(database_url).port
        assert port is not None
        made.append(make_postgres_database(port))
        return made[-1]

    yield make
    for url in made:
        drop_postgres_database(url)


@pytest.fixture
def postgres_url(postgres_port: int) -> Iterator[str]:
    """The URL of a new, empty PostgreSQL database, for what only PostgreSQL does."""
    url = make_postgres_database(postgres_port)
    yield url
    drop_postgres_database(url)
