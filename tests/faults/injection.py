"""The faults, each a context manager: what is wrong during its block is right again, or left to the market to mend, after it."""

import asyncio
import os
import resource
import signal
import time
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import aiohttp
import redis

from local.keys import development_secrets
from subgraphs import SERVICES
from tests.faults import clocks
from tests.faults.databases import locked
from tests.support.market import LocalMarket
from tests.support.postgres import PostgresServer

PROCESSES = (*SERVICES, "worker", "gateway", "redis", "bank", "mail")
COMMANDS = {
    **{name: f"subgraphs.{name} serve" for name in SERVICES},
    "worker": "workers run",
    "gateway": "gateway serve",
    "bank": "subgraphs.payment.sandbox",
    "mail": "local.mail_sink",
}
FULL_BYTES = 1024
START_SECONDS = 120.0
PAUSE_SECONDS = 0.2


@dataclass(frozen=True, slots=True)
class Patient:
    """The market under test, and what the faults need to reach it.

    Attributes:
        urls: Of the databases, by service.
        clocks: The folder in which its processes read what time they are told.
        postgres: The server of all databases; None on SQLite.
    """

    market: LocalMarket
    urls: dict[str, str]
    clocks: Path
    postgres: PostgresServer | None

    async def pid(self, process: str) -> int:
        """The process id of one of PROCESSES, which leads a group; waits while the supervisor starts it again.

        Raises:
            AssertionError: when it does not come.
        """
        # Redis writes its own title.
        command = f"127.0.0.1:{self.market.ports['REDIS_PORT']}" if process == "redis" else COMMANDS[process]
        until = time.monotonic() + START_SECONDS
        while True:
            try:
                return self.market.pid_of(command)
            except AssertionError:
                if time.monotonic() > until:
                    raise
            await asyncio.sleep(PAUSE_SECONDS)

    def redis(self) -> "redis.Redis":
        """A connection to the market's Redis."""
        return redis.Redis(port=self.market.ports["REDIS_PORT"], socket_timeout=60)

    async def tell_bank(self, path: str, what: dict[str, object]) -> None:
        """Set what goes wrong at the bank, of its webhooks or of its answers."""
        key = development_secrets(self.market.data_dir)["BANK_API_KEY"]
        async with (
            aiohttp.ClientSession(headers={"authorization": f"Bearer {key}"}) as session,
            session.put(self.market.url("BANK_PORT", f"/v1/test/{path}"), json=what) as answer,
        ):
            answer.raise_for_status()


Injection = Callable[[Patient], AbstractAsyncContextManager[None]]


def killed(process: str) -> Injection:
    """The process ends at once, as by a crash; the supervisor starts it again."""

    @asynccontextmanager
    async def inject(patient: Patient) -> AsyncIterator[None]:
        os.kill(await patient.pid(process), signal.SIGKILL)
        yield

    return inject


def stopped(process: str) -> Injection:
    """The process takes connections and answers nothing."""

    @asynccontextmanager
    async def inject(patient: Patient) -> AsyncIterator[None]:
        group = await patient.pid(process)
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGCONT)

    return inject


def disk_full(process: str) -> Injection:
    """The process may write no file beyond 1 KiB: what SQLite then gets from the system is an error of the disk, as of a full one."""

    @asynccontextmanager
    async def inject(patient: Patient) -> AsyncIterator[None]:
        pid = await patient.pid(process)
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL_BYTES, most))
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))

    return inject


def database_locked(service: str, table: str) -> Injection:
    """A stranger holds the lock of the service's database."""

    @asynccontextmanager
    async def inject(patient: Patient) -> AsyncIterator[None]:
        async with locked(patient.urls[service], table):
            yield

    return inject


def clock_jumps(process: str, *, ahead_seconds: float) -> Injection:
    """The wall clock of the process jumps, and jumps back in the end."""

    @asynccontextmanager
    async def inject(patient: Patient) -> AsyncIterator[None]:
        group = await patient.pid(process)
        await asyncio.to_thread(clocks.jump, patient.clocks, group, ahead_seconds=ahead_seconds)
        try:
            yield
        finally:
            await asyncio.to_thread(clocks.jump, patient.clocks, group, ahead_seconds=0)

    return inject


def bank_answers(**faults: object) -> Injection:
    """The bank is slow, fails, or loses its answers; its restart would end it."""
    return _at_bank("answers", faults)


def webhooks(**faults: object) -> Injection:
    """The bank's webhooks are lost, late, doubled or in reverse order."""
    return _at_bank("webhooks", faults)


@asynccontextmanager
async def redis_emptied(patient: Patient) -> AsyncIterator[None]:
    """Everything in Redis is gone."""
    with patient.redis() as client:
        client.flushall()
    yield


@asynccontextmanager
async def redis_away(patient: Patient) -> AsyncIterator[None]:
    """Redis is killed and cannot start: its folder has another name meanwhile."""
    folder = patient.market.data_dir / "redis"
    pid = await patient.pid("redis")
    with _renamed(folder):
        os.kill(pid, signal.SIGKILL)
        yield


@asynccontextmanager
async def postgres_killed(patient: Patient) -> AsyncIterator[None]:
    """All processes of PostgreSQL end at once, as by a crash; it is started again in the end."""
    server = _postgres(patient)
    server.kill()
    try:
        yield
    finally:
        await asyncio.to_thread(server.start)


@asynccontextmanager
async def postgres_stopped(patient: Patient) -> AsyncIterator[None]:
    """PostgreSQL takes connections and answers nothing."""
    server = _postgres(patient)
    server.signal(signal.SIGSTOP)
    try:
        yield
    finally:
        server.signal(signal.SIGCONT)


@asynccontextmanager
async def postgres_disk_full(patient: Patient) -> AsyncIterator[None]:
    """PostgreSQL can write nothing; it crashes, cannot recover, and is started again in the end."""
    server = _postgres(patient)
    server.limit_files(str(FULL_BYTES))
    try:
        yield
    finally:
        server.limit_files("unlimited")
        await asyncio.to_thread(server.start)


def _postgres(patient: Patient) -> PostgresServer:
    assert patient.postgres is not None, "the fault is played on PostgreSQL alone"
    return patient.postgres


def _at_bank(path: str, faults: dict[str, object]) -> Injection:
    @asynccontextmanager
    async def inject(patient: Patient) -> AsyncIterator[None]:
        await patient.tell_bank(path, faults)
        try:
            yield
        finally:
            await patient.tell_bank(path, {})

    return inject


@contextmanager
def _renamed(folder: Path) -> Iterator[None]:
    elsewhere = folder.with_name(f"{folder.name}.away")
    folder.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(folder)
