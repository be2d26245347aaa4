"""The only place that commits.

    async with database.transaction() as session:   # one write transaction, committed at the end, rolled back on an exception
    async with database.reading() as session:       # a short read; loaders open one each

Both are short: no call to another service inside. What a transaction put into the outbox is announced right after its commit.
Both raise `DatabaseUnavailable` for a fault that passes by itself: a locked file, no free connection, a server that restarts.

A deadlock or a serialization failure undoes a transaction. Its function runs again, whole, when it is decorated:

    @run_again_on_conflict
    async def rename(database, ..):             # one transaction, and no effect outside of it
        async with database.transaction() as session:
"""

import asyncio
import random
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import asynccontextmanager
from dataclasses import dataclass
from functools import wraps
from typing import Any, Concatenate, ParamSpec, TypeVar

import structlog
from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from subgraphs.kit.storage.engine import BUSY_TIMEOUT_OPTION, Engines, Synchronous, open_engines
from subgraphs.kit.storage.faults import TransactionConflict, typed_connect_faults, typed_faults

Arguments = ParamSpec("Arguments")
Found = TypeVar("Found")

CONFLICT_ROUNDS = 5
CONFLICT_PAUSE_SECONDS = 0.02

_WAKES = "kit.wakes"

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class Wake:
    """What to tell the queue after a commit: which actor should look at which row."""

    queue: str
    actor_name: str
    job_id: str


OnCommitted = Callable[[list[Wake]], Awaitable[None]]


def wake_after_commit(session: AsyncSession, wake: Wake) -> None:
    """Note a wake-up; it goes out when the session's transaction has committed, and never when it was rolled back."""
    session.info.setdefault(_WAKES, []).append(wake)


def run_again_on_conflict(
    command: Callable[Arguments, Awaitable[Found]],
) -> Callable[Arguments, Coroutine[Any, Any, Found]]:
    """Run the function again, whole, when the database undid its transaction for the sake of another one; five times in all.

    Only for a function with one transaction and no effect outside of it: a call to another service would be made again.
    """

    @wraps(command)
    async def run(*arguments: Arguments.args, **named: Arguments.kwargs) -> Found:
        for round_ in range(1, CONFLICT_ROUNDS):
            try:
                return await command(*arguments, **named)
            except TransactionConflict as conflict:
                _log.warning("database.conflict", command=command.__qualname__, cause=str(conflict), round=round_)
                # A random pause: the two that were in each other's way do not meet again at once.
                await asyncio.sleep(random.uniform(0, CONFLICT_PAUSE_SECONDS * 2**round_))  # noqa: S311 - no secret
        return await command(*arguments, **named)

    return run


class Database:
    """One service's database.

    Args:
        on_committed: called with the wake-ups of each committed transaction; it must not raise.
    """

    def __init__(
        self, url: str, *, synchronous: Synchronous = "NORMAL", on_committed: OnCommitted | None = None
    ) -> None:
        self.url = url
        self.engines: Engines = open_engines(url, synchronous=synchronous)
        self._on_committed = on_committed
        self._writing = async_sessionmaker(self.engines.writer, expire_on_commit=False, autoflush=False)
        self._reading = async_sessionmaker(self.engines.reader, expire_on_commit=False, autoflush=False)

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """A session in one write transaction.

        Raises:
            TransactionConflict: when the database undid it for the sake of another one.
            DatabaseUnavailable: when the database cannot answer now.
        """
        async with self._turn() as options:
            with typed_faults():
                async with self._writing() as session:
                    async with session.begin():
                        with typed_connect_faults():
                            await session.connection(execution_options=options)
                        yield session
                    wakes: list[Wake] = session.info.get(_WAKES, [])
        # Outside of the turn: the queue may be slow, and other writers need not wait for it.
        if wakes and self._on_committed is not None:
            await self._on_committed(wakes)

    @asynccontextmanager
    async def _turn(self) -> AsyncIterator[dict[str, Any]]:
        """The execution options of a transaction whose turn it is."""
        if self.engines.write_queue is None:
            yield {}
            return
        async with self.engines.write_queue.turn() as seconds:
            yield {BUSY_TIMEOUT_OPTION: round(seconds * 1000)}

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads.

        Raises:
            DatabaseUnavailable: when the database cannot answer now.
        """
        with typed_faults():
            async with self._reading() as session:
                with typed_connect_faults():
                    await session.connection()
                yield session

    def reads(
        self, query: Callable[Concatenate[AsyncSession, Arguments], Awaitable[Found]]
    ) -> Callable[Arguments, Awaitable[Found]]:
        """The query as a function of its other arguments, run in a short reading session of its own each time."""

        async def read(*arguments: Arguments.args, **named: Arguments.kwargs) -> Found:
            async with self.reading() as session:
                return await query(session, *arguments, **named)

        return read

    async def ready(self) -> None:
        """A readiness check: raises unless the database answers and has been migrated."""
        async with self.reading() as session:
            if (await session.scalar(text("SELECT version_num FROM alembic_version"))) is None:
                raise LookupError("the database has not been migrated")

    async def close(self) -> None:
        """Close every connection."""
        await asyncio.shield(self.engines.dispose())
