"""The faults, each a context manager: what is wrong during its block is right again, or left to the market to mend, after it."""

import os
import resource
import signal
from collections.abc import AsyncIterator, Callable, Iterator
from contextlib import AbstractAsyncContextManager, asynccontextmanager, contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path

import redis

from tests.faults.databases import Databases, locked
from tests.support.market import LocalMarket

SERVICES = ("user", "catalog", "feed", "recommendation", "order", "payment", "notification", "config")
PROCESSES = (*SERVICES, "worker", "gateway", "redis", "bank", "mail")
COMMANDS = {
    **{name: f"subgraphs.{name} serve" for name in SERVICES},
    "worker": "workers run",
    "gateway": "gateway serve",
    "bank": "subgraphs.payment.sandbox",
    "mail": "local.mail_sink",
}
SILENT_SECONDS, SHORT_SILENT_SECONDS = 20.0, 6.0
LOCKED_SECONDS = 5.0
AWAY_SECONDS = 10.0
FULL_BYTES = 1024


@dataclass(frozen=True, slots=True)
class Patient:
    """The market under test, and what the faults need to reach it."""

    market: LocalMarket
    databases: Databases

    def pid(self, process: str) -> int:
        """The process id of one of PROCESSES."""
        if process == "redis":  # it writes its own title
            return self.market.pid_of(f"127.0.0.1:{self.market.ports['REDIS_PORT']}")
        return self.market.pid_of(COMMANDS[process])

    def redis(self) -> "redis.Redis":
        """A connection to the market's Redis."""
        return redis.Redis(port=self.market.ports["REDIS_PORT"], socket_timeout=5)


@dataclass(frozen=True, slots=True)
class Fault:
    """A fault with its name in the table.

    Attributes:
        inject: Makes the block faulty.
        seconds: How long the block lasts.
        empties_redis: Behaviour events that were accepted may be lost, as the API says.
    """

    name: str
    inject: Callable[[Patient], AbstractAsyncContextManager[None]]
    seconds: float = 0.0
    empties_redis: bool = False


def faults(*, is_short: bool, is_sqlite: bool, hold_seconds: float) -> list[Fault]:
    """What is done to the market, in order.

    Args:
        is_short: Only faults that fit into five minutes: each kind of dependency once, at the processes that move orders and money.
        hold_seconds: How long the market holds stock for an order that is not paid.
    """
    if is_short:
        return [
            *(Fault(f"kill -9 {name}", _killed(name)) for name in ("order", "payment", "worker")),
            Fault("kill -9 redis", _killed("redis")),
            Fault("redis emptied", _emptied, empties_redis=True),
            Fault("catalog stopped", _stopped("catalog"), SHORT_SILENT_SECONDS),
            Fault("bank silent", _stopped("bank"), SHORT_SILENT_SECONDS),
            Fault("order's database locked", _locked("order", "orders"), LOCKED_SECONDS),
        ]
    return [
        *(Fault(f"kill -9 {name}", _killed(name)) for name in PROCESSES),
        *(Fault(f"{name} stopped", _stopped(name), SILENT_SECONDS) for name in (*SERVICES, "gateway")),
        Fault("worker stopped beyond the hold", _stopped("worker"), 1.5 * hold_seconds),
        Fault("redis silent", _stopped("redis"), AWAY_SECONDS),
        Fault("redis away", _away, AWAY_SECONDS),
        Fault("redis emptied", _emptied, empties_redis=True),
        *(
            Fault(f"{name}'s database locked", _locked(name, table), LOCKED_SECONDS)
            for name, table in (("order", "orders"), ("payment", "payments"), ("catalog", "products"))
        ),
        # The services of PostgreSQL write no files.
        *(
            Fault(f"{name}'s disk full", _full(name), AWAY_SECONDS)
            for name in ("order", "payment", "redis")
            if is_sqlite
        ),
        Fault("bank silent", _stopped("bank"), SILENT_SECONDS),
    ]


def _killed(process: str) -> Callable[[Patient], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def inject(patient: Patient) -> AsyncIterator[None]:
        os.kill(patient.pid(process), signal.SIGKILL)
        yield

    return inject


def _stopped(process: str) -> Callable[[Patient], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def inject(patient: Patient) -> AsyncIterator[None]:
        group = patient.pid(process)  # each child of the supervisor leads a group
        os.killpg(group, signal.SIGSTOP)
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                os.killpg(group, signal.SIGCONT)

    return inject


def _full(process: str) -> Callable[[Patient], AbstractAsyncContextManager[None]]:
    """The process may write no file beyond 1 KiB: what SQLite then gets from the system is an error of the disk, as of a full one."""

    @asynccontextmanager
    async def inject(patient: Patient) -> AsyncIterator[None]:
        pid = patient.pid(process)
        _, most = resource.prlimit(pid, resource.RLIMIT_FSIZE)
        resource.prlimit(pid, resource.RLIMIT_FSIZE, (FULL_BYTES, most))
        try:
            yield
        finally:
            with suppress(ProcessLookupError):
                resource.prlimit(pid, resource.RLIMIT_FSIZE, (most, most))

    return inject


def _locked(service: str, table: str) -> Callable[[Patient], AbstractAsyncContextManager[None]]:
    @asynccontextmanager
    async def inject(patient: Patient) -> AsyncIterator[None]:
        async with locked(patient.databases.urls[service], table):
            yield

    return inject


@asynccontextmanager
async def _emptied(patient: Patient) -> AsyncIterator[None]:
    with patient.redis() as client:
        client.flushall()
    yield


@asynccontextmanager
async def _away(patient: Patient) -> AsyncIterator[None]:
    """Redis is killed and cannot start: its folder has another name meanwhile."""
    folder = patient.market.data_dir / "redis"
    with _renamed(folder):
        os.kill(patient.pid("redis"), signal.SIGKILL)
        yield


@contextmanager
def _renamed(folder: Path) -> Iterator[None]:
    elsewhere = folder.with_name(f"{folder.name}.away")
    folder.rename(elsewhere)
    try:
        yield
    finally:
        elsewhere.rename(folder)
