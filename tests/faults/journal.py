"""The journal: every request of every client, when it was sent, and what the client knows of it since."""

import json
import math
import time
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from enum import StrEnum
from pathlib import Path
from typing import Any, TextIO


class Outcome(StrEnum):
    """What a client knows of a request.

    ACKNOWLEDGED: the answer says that it was done; for a read, it is whole.
    REFUSED: the answer says that nothing was done, and why; for a read, a part is missing.
    UNKNOWN: no answer, or one that leaves open whether it was done.
    """

    ACKNOWLEDGED = "acknowledged"
    REFUSED = "refused"
    UNKNOWN = "unknown"


@dataclass(slots=True)
class Attempt:
    """One request over HTTP.

    Attributes:
        sent, ended: Seconds by the monotonic clock; `ended` is absent while the client waits.
        key: The intention that it belongs to; a repetition has the same.
        why: Error codes, or how the connection failed; empty when it was acknowledged.
    """

    operation: str
    key: str
    sent: float
    ended: float | None = None
    outcome: Outcome | None = None
    why: str = ""


@dataclass(slots=True)
class Write:
    """What a client wants to change, over all its attempts.

    Attributes:
        wanted: The variables that matter to the oracle.
        answer: What was acknowledged.
    """

    operation: str
    key: str
    wanted: dict[str, Any]
    outcome: Outcome | None = None
    answer: dict[str, Any] = field(default_factory=dict)


class Journal:
    """All attempts and writes, and the wrong answers; each is also a line of the file.

    Args:
        path: JSON Lines, written as things happen.
    """

    def __init__(self, path: Path) -> None:
        self.attempts: list[Attempt] = []
        self.writes: list[Write] = []
        self.wrong: list[str] = []
        self._file: TextIO = path.open("a")

    def sent(self, operation: str, key: str) -> Attempt:
        """Note a request that is about to be sent."""
        attempt = Attempt(operation, key, time.monotonic())
        self.attempts.append(attempt)
        self._line("sent", operation=operation, key=key)
        return attempt

    def ended(self, attempt: Attempt, outcome: Outcome, why: str = "") -> None:
        """Note what came of a request."""
        attempt.ended, attempt.outcome, attempt.why = time.monotonic(), outcome, why
        self._line(outcome.value, operation=attempt.operation, key=attempt.key, why=why)

    def is_wrong(self, what: str) -> None:
        """Note an answer that should not have been given."""
        self.wrong.append(what)
        self._line("wrong", what=what)

    def event(self, what: str) -> None:
        """Note what was done to the market."""
        self._line("fault", what=what)

    def close(self) -> None:
        """Close the file."""
        self._file.close()

    def milliseconds(self, since: float, until: float) -> list[float]:
        """How long requests took that were sent in a time, in milliseconds; those that are still open, until now."""
        now = time.monotonic()
        return [((each.ended or now) - each.sent) * 1000 for each in self._sent_in(since, until)]

    def count(self, outcome: Outcome, since: float, until: float) -> int:
        """How many requests of a time had an outcome."""
        return sum(each.outcome is outcome for each in self._sent_in(since, until))

    def _sent_in(self, since: float, until: float) -> Iterator[Attempt]:
        return (each for each in self.attempts if since <= each.sent < until)

    def _line(self, kind: str, **more: object) -> None:
        self._file.write(json.dumps({"at": round(time.time(), 3), "kind": kind, **more}) + "\n")


def p99(milliseconds: Iterable[float]) -> float | None:
    """The 99th percentile by nearest rank; None of nothing."""
    ordered = sorted(milliseconds)
    return ordered[math.ceil(0.99 * len(ordered)) - 1] if ordered else None
