"""The only place that commits.

    async with database.transaction() as session:   # one write transaction, committed at the end, rolled back on an exception
    async with database.reading() as session:       # a short read; loaders open one each

Both are short: no call to another service inside. What a transaction put into the outbox is announced right after its commit.
"""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager, nullcontext
from dataclasses import dataclass
from typing import Concatenate, ParamSpec, TypeVar

from sqlalchemy import text
from sqlalchemy.ext.asyncio import AsyncSession, async_sessionmaker

from subgraphs.kit.storage.engine import Engines, Synchronous, open_engines

Arguments = ParamSpec("Arguments")
Found = TypeVar("Found")

_WAKES = "kit.wakes"


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
        """A session in one write transaction."""
        async with self.engines.write_lock or nullcontext(), self._writing() as session:
            async with session.begin():
                yield session
            wakes: list[Wake] = session.info.get(_WAKES, [])
        # Outside of the lock: the queue may be slow, and other writers need not wait for it.
        if wakes and self._on_committed is not None:
            await self._on_committed(wakes)

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """A session that only reads."""
        async with self._reading() as session:
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
