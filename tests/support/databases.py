"""A database of its own for each test, on SQLite and on a real PostgreSQL.

PostgreSQL is a private server, one for the session, started on first use. Where its programs are missing the tests on it are skipped, and in CI they fail.
"""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from uuid import uuid4

import asyncpg
import pytest
from sqlalchemy import make_url

from tests.support.ports import free_port
from tests.support.processes import must_have_servers, stop, wait_until

SUPERUSER = "yarmarka"
IN_MEMORY = Path("/dev/shm")
MIN_MEMORY_BYTES = 6 * 2**30
"""Each new database is 8 MB of files, of which a session makes some hundreds: on a busy disk that took a minute to write and remove."""


def program(name: str) -> Path | None:
    """The path of one of PostgreSQL's programs, or None where it is not installed."""
    found = shutil.which(name)
    if found:
        return Path(found)
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return packaged[-1] if packaged else None


def _as_server_user() -> tuple[list[str], int | None]:
    # PostgreSQL refuses to run as root.
    if os.geteuid() != 0:
        return [], None
    for name in ("postgres", "nobody"):
        try:
            user = pwd.getpwnam(name)
        except KeyError:
            continue
        return ["setpriv", f"--reuid={user.pw_uid}", f"--regid={user.pw_gid}", "--clear-groups"], user.pw_uid
    pytest.fail("running as root, and there is no user to run PostgreSQL as")


def _runs(statement: str, port: int, database: str = "postgres") -> bool:
    async def run() -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=port, user=SUPERUSER, database=database, timeout=2, ssl=False
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    try:
        asyncio.run(run())
    except (OSError, asyncpg.CannotConnectNowError, TimeoutError):
        return False
    return True


def _folder() -> Path:
    """A new folder for a server's files: in memory where the system has a place for that with room, else among temporary files."""
    has_room = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free >= MIN_MEMORY_BYTES
    return Path(tempfile.mkdtemp(prefix="yarmarka-postgres-", dir=IN_MEMORY if has_room else None))


@contextmanager
def running_postgres() -> Iterator[int]:
    """The port of a private PostgreSQL server that trusts loopback; it ends with the block, and its files are removed.

    Raises:
        FileNotFoundError: when its programs are not installed.
    """
    initdb, postgres = program("initdb"), program("postgres")
    if initdb is None or postgres is None:
        raise FileNotFoundError("there is no PostgreSQL here")
    as_user, uid = _as_server_user()
    folder = _folder()
    if uid is not None:
        os.chown(folder, uid, -1)
    data, port = folder / "data", free_port()
    try:
        subprocess.run(
            [*as_user, initdb, "-D", data, "-U", SUPERUSER, "-A", "trust", "-E", "UTF8", "--no-sync", "--locale=C"],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        options = ["-F", "-c", "synchronous_commit=off", "-c", "full_page_writes=off", "-c", "max_connections=200"]
        with (folder / "log").open("wb") as log:
            process = subprocess.Popen(
                [*as_user, postgres, "-D", data, "-p", str(port), "-h", "127.0.0.1", "-k", str(folder), *options],
                stdout=log,
                stderr=log,
                cwd=folder,
            )
        try:
            wait_until(lambda: _runs("SELECT 1", port), process, "PostgreSQL")
            yield port
        finally:
            stop(process, by=signal.SIGINT)
    finally:
        shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def postgres_port() -> Iterator[int]:
    """The port of the session's PostgreSQL server."""
    if program("initdb") is None or program("postgres") is None:
        if must_have_servers():
            pytest.fail("PostgreSQL is needed in CI")
        pytest.skip("there is no PostgreSQL here")
    with running_postgres() as port:
        yield port


def make_postgres_database(port: int) -> str:
    """The URL of a new, empty database."""
    name = f"test_{uuid4().hex}"
    assert _runs(f'CREATE DATABASE "{name}"', port)
    return f"postgresql+asyncpg://{SUPERUSER}@127.0.0.1:{port}/{name}?ssl=disable"


def drop_postgres_database(url: str) -> None:
    """Remove a database of the private server with whatever is connected to it: its files are in memory."""
    parts = make_url(url)
    assert parts.port is not None
    assert _runs(f'DROP DATABASE "{parts.database}" WITH (FORCE)', parts.port)


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
