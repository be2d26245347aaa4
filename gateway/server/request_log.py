"""One wide event a request, written to standard output as a line of JSON; nothing of the client's data is in it.

Lines are gathered and written a few times a second: one system call for many requests, and none in the way of an answer. structlog
says the same for all rare events; here it would cost as much as decoding the request.
"""

import asyncio
import sys
from datetime import UTC, datetime
from typing import Any, BinaryIO, Literal

import orjson

FLUSH_SECONDS = 0.2
MAX_WAITING_BYTES = 256 * 1024


class RequestLog:
    """Writes the events of a process.

    Args:
        requests: ``all``, only the ``failed`` ones, or ``none``.
        log_format: ``console`` for a person, who is told less.
        output: binary; standard output by default.
    """

    def __init__(
        self,
        requests: Literal["all", "failed", "none"],
        *,
        log_format: Literal["json", "console"] = "json",
        output: BinaryIO | None = None,
    ) -> None:
        self._requests = requests
        self._line = _console_line if log_format == "console" else _json_line
        self._output = output if output is not None else sys.stdout.buffer
        self._waiting: list[bytes] = []
        self._waiting_bytes = 0
        self._flushing: asyncio.TimerHandle | None = None

    def write(self, outcome: str, event: dict[str, Any]) -> None:
        """Log one request.

        Args:
            outcome: ``ok``, ``partial``, ``refused`` or ``failed``.
            event: dotted names to values that JSON knows.
        """
        if self._requests == "none" or (self._requests == "failed" and outcome == "ok"):
            return
        line = self._line(outcome, event)
        self._waiting.append(line)
        self._waiting_bytes += len(line)
        if self._waiting_bytes > MAX_WAITING_BYTES:
            self.flush()
        elif self._flushing is None:
            self._flushing = asyncio.get_running_loop().call_later(FLUSH_SECONDS, self.flush)

    def flush(self) -> None:
        """Write what waits."""
        if self._flushing is not None:
            self._flushing.cancel()
            self._flushing = None
        if self._waiting:
            lines, self._waiting, self._waiting_bytes = self._waiting, [], 0
            self._output.write(b"".join(lines))
            self._output.flush()


def _json_line(outcome: str, event: dict[str, Any]) -> bytes:
    return orjson.dumps(
        {
            "event": "request",
            "level": "error" if outcome == "failed" else "info",
            "timestamp": datetime.now(UTC).isoformat(timespec="milliseconds"),
            "service": "gateway",
            "outcome": outcome,
            **event,
        },
        option=orjson.OPT_APPEND_NEWLINE,
    )


def _console_line(outcome: str, event: dict[str, Any]) -> bytes:
    name = event["operation.name"] or "(anonymous)"
    code = f" {event['code']}" if event["code"] else ""
    return (
        f"{datetime.now(UTC):%H:%M:%S} {event['operation.kind']} {name} {outcome}{code}"
        f" {event['ms']:.1f} ms, {event['fetches']} fetches, {event['errors']} errors\n"
    ).encode()
