"""A database that undoes transactions, for tests of commands that run again."""

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager

from sqlalchemy.ext.asyncio import AsyncSession

from subgraphs.kit.storage.faults import TransactionConflict
from subgraphs.kit.storage.session import Database


class UndoneOnce(Database):
    """A database that undoes every second transaction, as a deadlock does, from the first one on.

    Attributes:
        undone: How many it undid.
    """

    def __init__(self, real: Database) -> None:
        self._real = real
        self._begun = 0
        self.undone = 0

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator[AsyncSession]:
        """See `Database.transaction`."""
        self._begun += 1
        is_undone = self._begun % 2 == 1
        async with self._real.transaction() as session:
            yield session
            await session.flush()
            if is_undone:
                self.undone += 1
                raise TransactionConflict("SQLSTATE 40P01")

    @asynccontextmanager
    async def reading(self) -> AsyncIterator[AsyncSession]:
        """See `Database.reading`."""
        async with self._real.reading() as session:
            yield session
