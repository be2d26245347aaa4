"""All flags as they are in service, read again only when the revision has moved, and who waits for it to move.

A row that is no flag, or a flag whose evaluation fails, is left out of the answer, counted and logged; the others are served.
Administrators see it by `Flag.problem` and the metric `config_flags_left_out_total`.

The replica that makes a change reads it at once. The others poll the one row that says the revision, twice a second, so a change
reaches them all without a message. Services wait here for the next revision: a long poll each, however many they are.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import structlog
from prometheus_client import Counter
from sqlalchemy.exc import SQLAlchemyError

from subgraphs.config import queries
from subgraphs.config.conditions import Subject
from subgraphs.config.definitions import flag_of
from subgraphs.config.model import Evaluation, Flag, evaluate
from subgraphs.config.repository import definition_of
from subgraphs.config.tables import FlagRow
from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.storage.faults import DatabaseUnavailable
from subgraphs.kit.storage.session import Database

POLL_SECONDS = 0.5

_log = structlog.get_logger(__name__)
_left_out = Counter("config_flags_left_out", "Flags left out of an answer because they cannot be evaluated.", ["flag"])


@dataclass(frozen=True, slots=True)
class Snapshot:
    """Every flag at a revision."""

    revision: int
    flags: Mapping[str, Flag]

    def evaluated(self, subject: Subject, *, keys: Collection[str] | None = None) -> list[Evaluation]:
        """Return what the flags say to a caller, in the order of their keys.

        Args:
            keys: Only these flags; None is all.
        """
        found = []
        for flag in self.flags.values():
            if keys is not None and flag.key not in keys:
                continue
            try:
                found.append(evaluate(flag, subject))
            except Exception:  # noqa: BLE001 - one flag's rules must not cost a client all others
                _leave_out(flag.key, self.revision)
        return found


def _flags_of(rows: Iterable[FlagRow], revision: int) -> Iterator[tuple[str, Flag]]:
    for row in rows:
        try:
            yield row.key, flag_of(definition_of(row), version=row.version)
        except Exception:  # noqa: BLE001 - one row must not cost a client all others
            _leave_out(row.key, revision)


def _leave_out(key: str, revision: int) -> None:
    _left_out.labels(key).inc()
    _log.exception("config.flag_left_out", flag=key, revision=revision)


class Snapshots:
    """The newest snapshot."""

    def __init__(self, database: Database) -> None:
        self._database = database
        self._newest: Snapshot | None = None
        self._moved = asyncio.Condition()
        self._is_draining = False
        self.loop = Loop("config.snapshots", self.newest, pause_seconds=POLL_SECONDS)

    async def newest(self) -> Snapshot:
        """The flags as they are now; one statement if nothing has changed since."""
        async with self._database.reading() as session:
            revision = await queries.revision(session)
            if self._newest is not None and self._newest.revision == revision:
                return self._newest
            rows = await queries.flags(session)
        self._newest = Snapshot(revision, dict(_flags_of(rows, revision)))
        async with self._moved:
            self._moved.notify_all()
        return self._newest

    async def changes(self) -> AsyncIterator[Snapshot]:
        """The snapshot now, and then each newer one; of several changes at once, the last."""
        seen = await self.newest()
        yield seen
        while (newer := await self.newer_than(seen.revision)) is not None:
            seen = newer
            yield seen

    async def wake(self) -> None:
        """Read what was just committed here, for all who wait; if it cannot be read, the loop finds it."""
        try:
            await self.newest()
        except (DatabaseUnavailable, SQLAlchemyError, OSError) as error:
            _log.warning("config.wake_failed", error=type(error).__name__)

    async def newer_than(self, revision: int) -> Snapshot | None:
        """Wait for another revision than this one; None when the process is about to stop."""
        async with self._moved:
            await self._moved.wait_for(lambda: self._is_draining or self._has_moved_from(revision))
            return None if self._is_draining else self._newest

    async def drain(self) -> None:
        """End all waiting, now and later, so that the process can stop."""
        async with self._moved:
            self._is_draining = True
            self._moved.notify_all()

    def _has_moved_from(self, revision: int) -> bool:
        return self._newest is not None and self._newest.revision != revision
