"""The bank's memory: one SQLite file. What it answered is on disk first, so a restart forgets nothing.

One connection, one transaction at a time: a change, its event and the answer kept under its idempotency key are written together or not at all.
"""

import asyncio
import json
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import aiosqlite

from subgraphs.payment.sandbox.cards import Failure
from subgraphs.payment.sandbox.rules import CaptureMode, Intent, IntentStatus, Refund
from subgraphs.payment.sandbox.wire import time_text

_SCHEMA = """
CREATE TABLE IF NOT EXISTS intents (
  id TEXT PRIMARY KEY, reference TEXT NOT NULL, amount INTEGER NOT NULL CHECK (amount > 0), currency TEXT NOT NULL,
  capture_mode TEXT NOT NULL, status TEXT NOT NULL, method TEXT,
  captured INTEGER NOT NULL CHECK (captured BETWEEN 0 AND amount),
  refunded INTEGER NOT NULL CHECK (refunded BETWEEN 0 AND captured),
  failure TEXT, return_url TEXT, action_token TEXT, settles_at TEXT, created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS intents_by_reference ON intents (reference);
CREATE INDEX IF NOT EXISTS intents_by_settles_at ON intents (settles_at) WHERE settles_at IS NOT NULL;
CREATE TABLE IF NOT EXISTS refunds (
  id TEXT PRIMARY KEY, intent_id TEXT NOT NULL REFERENCES intents (id), reference TEXT NOT NULL,
  amount INTEGER NOT NULL CHECK (amount > 0), created_at TEXT NOT NULL
);
CREATE INDEX IF NOT EXISTS refunds_by_intent ON refunds (intent_id);
CREATE TABLE IF NOT EXISTS answers (
  idempotency_key TEXT PRIMARY KEY, fingerprint TEXT NOT NULL, status INTEGER NOT NULL, body TEXT NOT NULL
);
CREATE TABLE IF NOT EXISTS events (
  sequence INTEGER PRIMARY KEY AUTOINCREMENT, id TEXT NOT NULL UNIQUE, body TEXT NOT NULL,
  attempts INTEGER NOT NULL DEFAULT 0, due_at TEXT NOT NULL, delivered_at TEXT
);
CREATE INDEX IF NOT EXISTS events_due ON events (due_at) WHERE delivered_at IS NULL;
"""


@dataclass(frozen=True, slots=True)
class KeptAnswer:
    """What was answered under an idempotency key, and to what."""

    fingerprint: str
    status: int
    body: dict[str, Any]


@dataclass(frozen=True, slots=True)
class Event:
    """Something that happened, in the order of `sequence`; `attempts` counts how often it was sent."""

    sequence: int
    id: str
    body: dict[str, Any]
    attempts: int


class Store:
    """The file, between `open` and `close`. Reads and writes go through `transaction`, which nobody holds while waiting on the network."""

    def __init__(self, file: Path) -> None:
        self._file = file
        self._opened: aiosqlite.Connection | None = None
        self._turn = asyncio.Lock()

    async def open(self) -> None:
        """Open the file, made with its tables when it is not there."""
        self._file.parent.mkdir(parents=True, exist_ok=True)
        connection = await aiosqlite.connect(self._file, isolation_level=None)
        connection.row_factory = aiosqlite.Row
        for pragma in ("journal_mode = WAL", "synchronous = FULL", "foreign_keys = ON", "busy_timeout = 5000"):
            await connection.execute(f"PRAGMA {pragma}")
        await connection.executescript(_SCHEMA)
        self._opened = connection

    async def close(self) -> None:
        """Close the file."""
        if self._opened is not None:
            await self._opened.close()
            self._opened = None

    @asynccontextmanager
    async def transaction(self) -> AsyncIterator["Transaction"]:
        """One transaction: committed at the end of the block, undone when it raises."""
        assert self._opened is not None, "the store is open while the app runs"
        connection = self._opened
        async with self._turn:
            try:
                await connection.execute("BEGIN IMMEDIATE")
                yield Transaction(connection)
                await connection.execute("COMMIT")
            except BaseException:
                # Also for a cancelled BEGIN, which the connection's thread may still carry out; does nothing outside of a transaction.
                await connection.rollback()
                raise


class Transaction:
    """The statements, inside one transaction."""

    def __init__(self, connection: aiosqlite.Connection) -> None:
        self._connection = connection

    async def intent(self, intent_id: str) -> Intent | None:
        """The intent, or None."""
        rows = await self._rows("SELECT * FROM intents WHERE id = ?", intent_id)
        return _intent(rows[0]) if rows else None

    async def intents(
        self, *, reference: str | None, created_from: datetime | None, after: str, limit: int
    ) -> list[Intent]:
        """Intents with an id above `after`, in that order; ids sort by time."""
        rows = await self._rows(
            "SELECT * FROM intents WHERE id > ? AND (? IS NULL OR reference = ?) AND created_at >= ? ORDER BY id LIMIT ?",
            after,
            reference,
            reference,
            "" if created_from is None else time_text(created_from),
            limit,
        )
        return [_intent(row) for row in rows]

    async def settling(self, now: datetime) -> list[Intent]:
        """The slow payments whose time has come."""
        rows = await self._rows("SELECT * FROM intents WHERE settles_at <= ? ORDER BY settles_at", time_text(now))
        return [_intent(row) for row in rows]

    async def save(self, intent: Intent) -> None:
        """Write a new intent, or a known one's new state."""
        failure = intent.failure
        await self._connection.execute(
            "INSERT INTO intents (id, reference, amount, currency, capture_mode, created_at, status, method, captured, refunded,"
            " failure, return_url, action_token, settles_at) VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)"
            " ON CONFLICT (id) DO UPDATE SET status = excluded.status, method = excluded.method, captured = excluded.captured,"
            " refunded = excluded.refunded, failure = excluded.failure, return_url = excluded.return_url,"
            " action_token = excluded.action_token, settles_at = excluded.settles_at",
            (
                intent.id,
                intent.reference,
                intent.amount,
                intent.currency,
                intent.capture_mode,
                time_text(intent.created_at),
                intent.status,
                intent.method,
                intent.captured,
                intent.refunded,
                json.dumps([failure.code, failure.message, failure.is_retryable]) if failure else None,
                intent.return_url,
                intent.action_token,
                time_text(intent.settles_at) if intent.settles_at else None,
            ),
        )

    async def refunds(self, intent_id: str) -> list[Refund]:
        """The refunds of an intent, oldest first."""
        rows = await self._rows("SELECT * FROM refunds WHERE intent_id = ? ORDER BY created_at, id", intent_id)
        return [
            Refund(
                row["id"], row["intent_id"], row["reference"], row["amount"], datetime.fromisoformat(row["created_at"])
            )
            for row in rows
        ]

    async def add_refund(self, refund: Refund) -> None:
        """Write a new refund."""
        await self._connection.execute(
            "INSERT INTO refunds (id, intent_id, reference, amount, created_at) VALUES (?, ?, ?, ?, ?)",
            (refund.id, refund.intent_id, refund.reference, refund.amount, time_text(refund.created_at)),
        )

    async def answer(self, key: str) -> KeptAnswer | None:
        """What was answered under the idempotency key, or None."""
        rows = await self._rows("SELECT * FROM answers WHERE idempotency_key = ?", key)
        return KeptAnswer(rows[0]["fingerprint"], rows[0]["status"], json.loads(rows[0]["body"])) if rows else None

    async def keep_answer(self, key: str, answer: KeptAnswer) -> None:
        """Remember an answer under its idempotency key."""
        await self._connection.execute(
            "INSERT INTO answers (idempotency_key, fingerprint, status, body) VALUES (?, ?, ?, ?)",
            (key, answer.fingerprint, answer.status, json.dumps(answer.body)),
        )

    async def add_event(self, event_id: str, body: dict[str, Any], *, at: datetime) -> None:
        """Write an event, due at once."""
        await self._connection.execute(
            "INSERT INTO events (id, body, due_at) VALUES (?, ?, ?)", (event_id, json.dumps(body), time_text(at))
        )

    async def events(self, *, after: int, limit: int) -> list[Event]:
        """Events with a sequence above `after`, in that order."""
        return [
            _event(row)
            for row in await self._rows(
                "SELECT * FROM events WHERE sequence > ? ORDER BY sequence LIMIT ?", after, limit
            )
        ]

    async def undelivered(self, *, now: datetime, limit: int) -> list[Event]:
        """Events that wait to be sent and whose time has come, oldest first."""
        rows = await self._rows(
            "SELECT * FROM events WHERE delivered_at IS NULL AND due_at <= ? ORDER BY sequence LIMIT ?",
            time_text(now),
            limit,
        )
        return [_event(row) for row in rows]

    async def mark_delivered(self, event: Event, *, at: datetime) -> None:
        """The event was taken."""
        await self._connection.execute(
            "UPDATE events SET delivered_at = ?, attempts = attempts + 1 WHERE sequence = ?",
            (time_text(at), event.sequence),
        )

    async def mark_refused(self, event: Event, *, due_at: datetime) -> None:
        """The event was not taken; send it again at `due_at`."""
        await self._connection.execute(
            "UPDATE events SET due_at = ?, attempts = attempts + 1 WHERE sequence = ?",
            (time_text(due_at), event.sequence),
        )

    async def put_off(self, event: Event, *, due_at: datetime) -> None:
        """Send the event at `due_at` and not before; this is no attempt."""
        await self._connection.execute(
            "UPDATE events SET due_at = ? WHERE sequence = ?", (time_text(due_at), event.sequence)
        )

    async def next_due(self, *, with_events: bool) -> datetime | None:
        """The earliest time at which something is to be settled, or, `with_events`, to be sent."""
        rows = await self._rows(
            "SELECT min(due) AS due FROM (SELECT min(settles_at) AS due FROM intents WHERE settles_at IS NOT NULL"
            " UNION ALL SELECT min(due_at) FROM events WHERE delivered_at IS NULL AND ?)",
            with_events,
        )
        return datetime.fromisoformat(rows[0]["due"]) if rows[0]["due"] else None

    async def _rows(self, statement: str, *values: object) -> list[aiosqlite.Row]:
        return list(await self._connection.execute_fetchall(statement, values))


def _intent(row: aiosqlite.Row) -> Intent:
    return Intent(
        id=row["id"],
        reference=row["reference"],
        amount=row["amount"],
        currency=row["currency"],
        capture_mode=CaptureMode(row["capture_mode"]),
        created_at=datetime.fromisoformat(row["created_at"]),
        status=IntentStatus(row["status"]),
        method=row["method"],
        captured=row["captured"],
        refunded=row["refunded"],
        failure=Failure(*json.loads(row["failure"])) if row["failure"] else None,
        return_url=row["return_url"],
        action_token=row["action_token"],
        settles_at=datetime.fromisoformat(row["settles_at"]) if row["settles_at"] else None,
    )


def _event(row: aiosqlite.Row) -> Event:
    return Event(row["sequence"], row["id"], json.loads(row["body"]), row["attempts"])
