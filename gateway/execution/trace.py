"""What happened to each fetch of a request: the facts of an EXPLAIN ANALYZE, collected only when asked."""

from dataclasses import dataclass, field
from typing import Any


@dataclass(slots=True)
class FetchTrace:
    """One fetch of a plan as it went. Times are in seconds since the execution began.

    Attributes:
        ready_at: when the last fetch that it depends on was done.
        started_at: when its first request was sent; None if there was nothing to ask for.
        finished_at: when its answer was merged.
        requests: HTTP requests made (chunks); 0 if there was nothing to ask for.
        shared: how many of them were answered by an identical request of somebody else's in flight.
        request_bytes: of all bodies sent.
        response_bytes: of all bodies received.
        places: objects of the tree that the entities were asked for.
        entities: representations sent, after equal ones became one.
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
    places: int = 0
    entities: int = 0
    errors: int = 0


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
        critical = frozenset(self.critical_path())
        return {
            "durationMs": _ms(self.duration),
            "criticalPath": list(self.critical_path()),
            "fetches": [
                {
                    "id": fetch.id,
                    "service": fetch.service,
                    "query": fetch.document,
                    "dependsOn": list(fetch.depends_on),
                    "isCritical": fetch.id in critical,
                    "readyMs": _ms(fetch.ready_at),
                    "startMs": None if fetch.started_at is None else _ms(fetch.started_at),
                    "waitMs": 0.0 if fetch.started_at is None else _ms(fetch.finished_at - fetch.started_at),
                    "endMs": _ms(fetch.finished_at),
                    "requests": fetch.requests,
                    "sharedInFlight": fetch.shared,
                    "requestBytes": fetch.request_bytes,
                    "responseBytes": fetch.response_bytes,
                    "places": fetch.places,
                    "entities": fetch.entities,
                    "errors": fetch.errors,
                }
                for fetch in self.fetches
            ],
        }


def _ms(seconds: float) -> float:
    return round(seconds * 1000, 3)
