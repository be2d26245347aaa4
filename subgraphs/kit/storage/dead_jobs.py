"""Jobs that were given up, and how many of a table are due or dead: for operators and metrics."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import func, select

from subgraphs.kit.messaging.jobs import is_due
from subgraphs.kit.storage.instants import database_now
from subgraphs.kit.storage.session import Database

LISTED = 1_000


@dataclass(frozen=True, slots=True)
class Dead:
    """A job or entry that was given up.

    Attributes:
        place: the table or stream.
        about: what it is: an event's type and subject, a viewer, a channel.
        attempts: tries that counted; None where the stream keeps no count.
        dead_at: None where the stream keeps no time.
    """

    place: str
    id: str
    about: str
    attempts: int | None
    dead_at: datetime | None
    error: str

    @property
    def line(self) -> str:
        """One line for a terminal."""
        since = self.dead_at.isoformat(timespec="seconds") if self.dead_at else "-"
        tries = "-" if self.attempts is None else self.attempts
        return f"{self.place}  {self.id}  {self.about}  dead since {since}  tries {tries}  {self.error}"


async def dead_jobs(database: Database, table: type[Any], *, place: str) -> list[Dead]:
    """Return the jobs of a table that were given up, up to 1,000, the longest dead first."""
    given_up = select(table).where(table.dead_at.is_not(None), table.settled_at.is_(None)).order_by(table.dead_at)
    async with database.reading() as session:
        rows = await session.scalars(given_up.limit(LISTED))
        return [
            Dead(place, row.id, _about(row), row.attempts, row.dead_at, row.last_error or "no error was noted")
            for row in rows
        ]


async def job_counts(database: Database, table: type[Any]) -> dict[str, int]:
    """Return how many jobs of a table are due, and how many are dead, by state."""
    async with database.reading() as session:
        states = {"due": is_due(table, await database_now(session)), "dead": table.dead_at.is_not(None)}
        return {
            state: await session.scalar(select(func.count()).select_from(table).where(condition)) or 0
            for state, condition in states.items()
        }


def _about(row: Any) -> str:
    if hasattr(row, "envelope"):
        return f"{row.type} {row.subject}"
    return str(getattr(row, "channel", None) or getattr(row, "category_id", None) or "")
