"""All flags as they are in service, read again only when the revision has moved, and who waits for it to move.

A row that is no flag, or a flag whose evaluation fails, is left out of the answer, counted and logged; the others are served.
Administrators see it by `Flag.problem` and the metric `config_flags_left_out_total`.

Every replica polls the one row that says the revision, four times a second, so a change reaches them all without a message.
"""

import asyncio
from collections.abc import AsyncIterator, Collection, Iterable, Iterator, Mapping
from dataclasses import dataclass

import structlog
from prometheus_client import Counter

from subgraphs.config import queries
from subgraphs.config.conditions import Subject
from subgraphs.config.definitions import flag_of
from subgraphs.config.model import Evaluation, Flag, evaluate
from subgraphs.config.repository import definition_of
from subgraphs.config.tables import FlagRow
from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.storage.session import Database

POLL_SECONDS = 0.25

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
        while True:
            async with self._moved:
                while self._newest is None or self._newest.revision == seen.revision:
                    await self._moved.wait()
                seen = self._newest
            yield seen
