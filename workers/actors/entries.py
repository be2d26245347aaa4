"""Working off a stream of events: each handled by itself, and acknowledged after; one that fails stays, and comes again.

    refused           the try counts; the last one sets the entry aside with its error
    not answered      the try does not count; the entry comes again for 24 hours, and is then set aside
    three in a row not answered     what the handler depends on is away: the rest is given back, and the next wake-up goes on

A message for it only wakes: the sweeper does the same when there are entries and the message was lost.
"""

import asyncio
from collections.abc import Awaitable, Callable, Sequence

import structlog
from prometheus_client import Counter

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.jobs import GIVE_UP_AFTER, MAX_ATTEMPTS, NO_ATTEMPT_ENDED
from subgraphs.kit.messaging.stream import Entry, EventStream
from subgraphs.kit.messaging.sweeper import Sweep
from subgraphs.kit.messaging.task_queue import TaskQueue
from subgraphs.kit.runtime.telemetry import continued_trace
from subgraphs.kit.storage.answers import is_unanswered

BATCH = 50
UNANSWERED_IN_A_ROW = 3

_log = structlog.get_logger(__name__)
_failed = Counter("worker_entries_failed", "Entries of a stream whose work failed, by outcome.", ["stream", "outcome"])


async def work_off_entries(
    stream: EventStream, consumer: str, handle: Callable[[Envelope], Awaitable[object]], *, idle_ms: int = 10_000
) -> int:
    """Handle everything that waits in the stream; how many events were handled.

    Args:
        handle: may be called again for an event that it handled before: the process may end before it is acknowledged.
        idle_ms: how long an entry that failed, or whose worker died, waits before it is handed out again.
    """
    handled, unanswered = 0, 0
    await stream.ensure_group()
    while entries := await stream.claim(consumer, limit=BATCH, idle_ms=idle_ms):
        for position, entry in enumerate(entries):
            error = await _handled(stream, entry, handle)
            if error is None:
                handled, unanswered = handled + 1, 0
                continue
            unanswered = unanswered + 1 if is_unanswered(error) else 0
            if unanswered == UNANSWERED_IN_A_ROW:
                await stream.release(consumer, entries[position + 1 :])
                return handled
    return handled


async def _handled(
    stream: EventStream, entry: Entry, handle: Callable[[Envelope], Awaitable[object]]
) -> Exception | None:
    """Handle one entry and settle it; what went wrong, after the entry was given back."""
    [tries] = await stream.begin([entry])
    if tries > MAX_ATTEMPTS:
        await set_aside(stream, entry, NO_ATTEMPT_ENDED)
        return None
    try:
        envelope = Envelope.model_validate_json(entry.payload)
        with continued_trace({"traceparent": envelope.traceparent or ""}):
            await handle(envelope)
    except asyncio.CancelledError:
        await asyncio.shield(stream.postpone([entry]))
        raise
    except Exception as error:  # noqa: BLE001 - logged and counted; the entry stays, and must not hold up the others
        await give_back(stream, [entry], error, tries=tries)
        return error
    await stream.acknowledge([entry.id])
    return None


async def give_back(stream: EventStream, entries: Sequence[Entry], error: Exception, *, tries: int) -> None:
    """Leave entries that failed in the stream, to come again; or set them aside when their tries or their day are over.

    Args:
        tries: how often each was tried, this time included; it counts only if the error is a refusal.
    """
    message, is_away = f"{type(error).__name__}: {error}", is_unanswered(error)
    _failed.labels(stream.name, "unanswered" if is_away else "refused").inc(len(entries))
    _log.warning("stream.not_handled", stream=stream.name, entries=len(entries), tries=tries, error=message)
    if is_away:
        waits = await stream.postpone(entries)
        over = [entry for entry, wait in zip(entries, waits, strict=True) if wait >= GIVE_UP_AFTER.total_seconds()]
    else:
        over = list(entries) if tries >= MAX_ATTEMPTS else []
        for entry in entries:
            await stream.refuse(entry)
    for entry in over:
        await set_aside(stream, entry, message)


async def set_aside(stream: EventStream, entry: Entry, error: str) -> None:
    """Park an entry with its error; `python -m workers dead` lists it."""
    _failed.labels(stream.name, "dead").inc()
    _log.error("stream.set_aside", stream=stream.name, entry=entry.id, deliveries=entry.deliveries, error=error)
    await stream.set_aside(entry, error)


def waking(stream: EventStream, queue: TaskQueue, *, queue_name: str, actor_name: str) -> Sweep:
    """A sweep that wakes a worker while there are entries in the stream, unless a wake-up waits already."""

    async def wake() -> int:
        await stream.ensure_group()
        if await stream.length() == 0:
            return 0
        return int(await queue.wake(queue_name, actor_name))

    return wake
