"""What happened to each fetch of a request: the facts of an EXPLAIN ANALYZE, collected only when asked.

As a table, `*` marks the critical path: the fetches that the answer waited for, one after the other. The bar is a fetch's time in that of
the whole execution, from the left edge to the right.

      fetch       after  start ms  wait ms  sent kB  got kB  entities  unique  requests  shared  errors  |0            15.20 ms|
    * 0 accounts      -      0.10     2.31     0.05    0.42         -       -         1       0       0  |====              |
      1 products      -      0.14     1.02     0.06    0.31         -       -         1       0       0  |==                |
    * 2 reviews    0, 1      2.45    12.60     0.71   41.20       120       9         1       0       0  |    ==============|
    critical path (*): 0 > 2, 14.91 of 15.20 ms
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import Any, Final

BAR_WIDTH: Final = 24

_HEADINGS: Final = (
    *("fetch", "after", "start ms", "wait ms", "sent kB", "got kB"),
    *("entities", "unique", "requests", "shared", "errors"),
)


@dataclass(slots=True)
class FetchTrace:
    """One fetch of a plan as it went. Times are in seconds since the execution began.

    They are not the loop's: the clock of uvloop stands still while callbacks run, and knows whole milliseconds only.

    Attributes:
        ready_at: when the last fetch that it depends on was done.
        started_at: when its first request was sent; None if there was nothing to ask for.
        finished_at: when its answer was merged.
        requests: HTTP requests made (chunks); 0 if there was nothing to ask for.
        shared: how many of them were answered by an identical request of somebody else's in flight.
        request_bytes: of all bodies sent.
        response_bytes: of all bodies received.
        found: objects of the tree that entities were asked for; None for a fetch of root fields.
        sent: representations sent for them, after equal ones became one; None for a fetch of root fields.
    """

    id: int
    service: str
    document: str
    depends_on: tuple[int, ...]
    ready_at: float = 0.0
    started_at: float | None = None
    finished_at: float = 0.0
    requests: int = 0
    shared: int = 0
    request_bytes: int = 0
    response_bytes: int = 0
    found: int | None = None
    sent: int | None = None
    errors: int = 0

    def start(self, at: float, sizes: Sequence[int]) -> None:
        """Takes note of requests that are sent now, by the sizes of their bodies."""
        self.started_at = at
        self.requests = len(sizes)
        self.request_bytes = sum(sizes)

    @property
    def wait(self) -> float:
        """From its first request to its merged answer."""
        return 0.0 if self.started_at is None else self.finished_at - self.started_at


@dataclass(slots=True)
class Trace:
    """All fetches of a request, and how long it took."""

    fetches: list[FetchTrace] = field(default_factory=list)
    duration: float = 0.0

    def critical_path(self) -> tuple[int, ...]:
        """Ids of the fetches that the answer waited for, first to last: each one's latest dependency led to it."""
        if not self.fetches:
            return ()
        by_id = {fetch.id: fetch for fetch in self.fetches}
        last = max(self.fetches, key=lambda fetch: (fetch.finished_at, fetch.id))
        path = [last.id]
        while depends_on := by_id[path[-1]].depends_on:
            path.append(max(depends_on, key=lambda id_: (by_id[id_].finished_at, id_)))
        return tuple(reversed(path))

    def shown(self) -> dict[str, Any]:
        """The trace as ``extensions.trace`` shows it; times in milliseconds."""
        critical = self.critical_path()
        return {
            "durationMs": _ms(self.duration),
            "criticalPath": list(critical),
            "table": self.table(),
            "fetches": [
                {
                    "id": fetch.id,
                    "service": fetch.service,
                    "query": fetch.document,
                    "dependsOn": list(fetch.depends_on),
                    "isCritical": fetch.id in critical,
                    "readyMs": _ms(fetch.ready_at),
                    "startMs": None if fetch.started_at is None else _ms(fetch.started_at),
                    "waitMs": _ms(fetch.wait),
                    "endMs": _ms(fetch.finished_at),
                    "requests": fetch.requests,
                    "sharedInFlight": fetch.shared,
                    "requestBytes": fetch.request_bytes,
                    "responseBytes": fetch.response_bytes,
                    "entitiesFound": fetch.found,
                    "entitiesSent": fetch.sent,
                    "errors": fetch.errors,
                }
                for fetch in self.fetches
            ],
        }

    def table(self) -> list[str]:
        """The trace as lines of text, a fetch each."""
        if not self.fetches:
            return ["no subgraph was asked"]
        critical = self.critical_path()
        rows = [_HEADINGS, *(_cells(fetch) for fetch in self.fetches)]
        widths = [max(len(row[column]) for row in rows) for column in range(len(_HEADINGS))]
        bars = [f"|0{_ms(self.duration):>{BAR_WIDTH - 4}.2f} ms|", *(self._bar(fetch) for fetch in self.fetches)]
        marks = [" ", *("*" if fetch.id in critical else " " for fetch in self.fetches)]
        lines = [f"{mark} {_aligned(row, widths)}  {bar}" for mark, row, bar in zip(marks, rows, bars, strict=True)]
        waited = sum(fetch.wait for fetch in self.fetches if fetch.id in critical)
        path = " > ".join(map(str, critical))
        lines.append(f"critical path (*): {path}, {_ms(waited):.2f} of {_ms(self.duration):.2f} ms")
        return lines

    def _bar(self, fetch: FetchTrace) -> str:
        if fetch.started_at is None or not self.duration:
            return f"|{'':{BAR_WIDTH}}|"
        start = min(int(fetch.started_at / self.duration * BAR_WIDTH), BAR_WIDTH - 1)
        end = min(max(round(fetch.finished_at / self.duration * BAR_WIDTH), start + 1), BAR_WIDTH)
        return f"|{' ' * start}{'=' * (end - start)}{' ' * (BAR_WIDTH - end)}|"


def _cells(fetch: FetchTrace) -> tuple[str, ...]:
    return (
        f"{fetch.id} {fetch.service}",
        ", ".join(map(str, fetch.depends_on)) or "-",
        "-" if fetch.started_at is None else f"{_ms(fetch.started_at):.2f}",
        "not sent" if fetch.started_at is None else f"{_ms(fetch.wait):.2f}",
        f"{fetch.request_bytes / 1000:.2f}",
        f"{fetch.response_bytes / 1000:.2f}",
        "-" if fetch.found is None else str(fetch.found),
        "-" if fetch.sent is None else str(fetch.sent),
        *(str(number) for number in (fetch.requests, fetch.shared, fetch.errors)),
    )


def _aligned(cells: Sequence[str], widths: Sequence[int]) -> str:
    """The first cell to the left, as names are; the others to the right, as numbers are."""

    def padded() -> Iterator[str]:
        for column, (cell, width) in enumerate(zip(cells, widths, strict=True)):
            yield f"{cell:<{width}}" if column == 0 else f"{cell:>{width}}"

    return "  ".join(padded())


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
