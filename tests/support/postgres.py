"""A private PostgreSQL server that trusts loopback, and what can happen to it."""

import asyncio
import os
import pwd
import shutil
import signal
import subprocess
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path

import asyncpg
import pytest

from tests.support.ports import free_port
from tests.support.processes import START_SECONDS, must_have_servers, stop

SUPERUSER = "yarmarka"
IN_MEMORY = Path("/dev/shm")
MIN_MEMORY_BYTES = 6 * 2**30
"""Each new database is 8 MB of files, of which a session makes some hundreds: on a busy disk that took a minute to write and remove."""

AWAY = (
    asyncpg.CannotConnectNowError,
    asyncpg.AdminShutdownError,
    asyncpg.CrashShutdownError,
    asyncpg.ConnectionDoesNotExistError,
)
"""Errors of a server that starts, recovers, or ends while it is asked."""

FAST = ("-c", "synchronous_commit=off", "-c", "full_page_writes=off")
"""What a server may skip that no test kills. None needs to survive the machine, so nothing is synced in any case (`-F`)."""


def program(name: str) -> Path | None:
    """The path of one of PostgreSQL's programs, or None where it is not installed."""
    found = shutil.which(name)
    if found:
        return Path(found)
    packaged = sorted(Path("/usr/lib/postgresql").glob(f"*/bin/{name}"))
    return packaged[-1] if packaged else None


def must_have_postgres() -> None:
    """Skip the test where PostgreSQL is not installed; in CI fail it."""
    if program("initdb") is None or program("postgres") is None:
        if must_have_servers():
            pytest.fail("PostgreSQL is needed in CI")
        pytest.skip("there is no PostgreSQL here")


def runs(statement: str, port: int, *, seconds: float = 30.0) -> bool:
    """True when the server on the port carries out a statement; False while it is away, starts, ends, or takes no connection within the time."""

    async def run() -> None:
        connection = await asyncpg.connect(
            host="127.0.0.1", port=port, user=SUPERUSER, database="postgres", timeout=seconds, ssl=False
        )
        try:
            await connection.execute(statement)
        finally:
            await connection.close()

    try:
        asyncio.run(run())
    except (OSError, *AWAY):
        return False
    return True


class PostgresServer:
    """A server on its folder; it runs between `start` and `kill` or `close`.

    Args:
        folder: Made by initdb, with the log beside the data.
        as_user: Words of the command that runs another as the server's user.
        options: Words of the server's command line.
    """

    def __init__(self, folder: Path, *, as_user: list[str], options: tuple[str, ...]) -> None:
        self._folder = folder
        self._as_user = as_user
        self._options = options
        self._process: subprocess.Popen[bytes] | None = None
        self.port = free_port()

    def start(self) -> None:
        """Start it unless it runs, and wait until it answers.

        Raises:
            TimeoutError: when it does not.
        """
        until = time.monotonic() + START_SECONDS
        while not self.is_running() or not runs("SELECT 1", self.port, seconds=2.0):
            if time.monotonic() > until:
                raise TimeoutError(
                    f"PostgreSQL did not answer within {START_SECONDS:g} s:\n{self._log.read_text()[-2000:]}"
                )
            # A server whose predecessor was killed refuses to start until the last of that one's processes has ended.
            if not self.is_running():
                self._process = self._started()
            time.sleep(0.02)

    def is_running(self) -> bool:
        """True while its main process lives."""
        return self._process is not None and self._process.poll() is None

    def pids(self) -> list[int]:
        """Its main process and those of its connections and tasks, the main one first."""
        assert self._process is not None, "it was started"
        main = str(self._process.pid)
        listing = subprocess.run(["ps", "-o", "pid=", "--ppid", main], capture_output=True, text=True, check=False)
        return [self._process.pid, *map(int, listing.stdout.split())]

    def signal(self, number: signal.Signals) -> None:
        """Send a signal to each of its processes; the main one gets it first, so that it starts no other."""
        os.kill(self.pids()[0], signal.SIGSTOP)
        for pid in reversed(self.pids()):
            with suppress(ProcessLookupError):
                os.kill(pid, number)

    def kill(self) -> None:
        """End all its processes at once, as a crash would."""
        self.signal(signal.SIGKILL)
        assert self._process is not None
        self._process.wait()

    def limit_files(self, most: str) -> None:
        """Set how many bytes its processes may write into one file, or `unlimited`; those that have ended are passed over."""
        for pid in self.pids():
            # As its user: to do that to another user's process is more than root may do in some containers.
            command = [*self._as_user, "prlimit", "--pid", str(pid), f"--fsize={most}:unlimited"]
            subprocess.run(command, check=False, stderr=subprocess.DEVNULL, cwd=self._folder)

    def close(self) -> None:
        """Stop it if it runs."""
        if self._process is not None and self.is_running():
            stop(self._process, by=signal.SIGINT)

    @property
    def _log(self) -> Path:
        return self._folder / "log"

    def _started(self) -> "subprocess.Popen[bytes]":
        command = [*self._as_user, str(program("postgres")), "-D", str(self._folder / "data")]
        listening = ["-p", str(self.port), "-h", "127.0.0.1", "-k", str(self._folder)]
        with self._log.open("ab") as log:
            return subprocess.Popen([*command, *listening, *self._options], stdout=log, stderr=log, cwd=self._folder)


@contextmanager
def running_postgres(*, is_durable: bool = False) -> Iterator[PostgresServer]:
    """A server that ends with the block, and its files with it.

    Args:
        is_durable: Whether what it acknowledged survives its kill.

    Raises:
        FileNotFoundError: when its programs are not installed.
    """
    initdb = program("initdb")
    if initdb is None or program("postgres") is None:
        raise FileNotFoundError("there is no PostgreSQL here")
    as_user, uid = _as_server_user()
    folder = _folder()
    if uid is not None:
        os.chown(folder, uid, -1)
    try:
        subprocess.run(
            [
                *as_user,
                initdb,
                "-D",
                folder / "data",
                "-U",
                SUPERUSER,
                "-A",
                "trust",
                "-E",
                "UTF8",
                "--no-sync",
                "--locale=C",
            ],
            check=True,
            stdout=subprocess.DEVNULL,
            cwd=folder,
        )
        options = ("-F", "-c", "max_connections=200", *(() if is_durable else FAST))
        server = PostgresServer(folder, as_user=as_user, options=options)
        try:
            server.start()
            yield server
        finally:
            server.close()
    finally:
        shutil.rmtree(folder, ignore_errors=True)


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


def _folder() -> Path:
    """A new folder for a server's files: in memory where the system has a place for that with room, else among temporary files."""
    has_room = IN_MEMORY.is_dir() and shutil.disk_usage(IN_MEMORY).free >= MIN_MEMORY_BYTES
    return Path(tempfile.mkdtemp(prefix="yarmarka-postgres-", dir=IN_MEMORY if has_room else None))
