"""Working off a stream of events: each handled by itself, and acknowledged after; one that fails stays, and comes again.

A message for it only wakes: the sweeper does the same when there are entries and the message was lost.
"""

from collections.abc import Awaitable, Callable

import structlog

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.stq import TaskQueue
from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.messaging.sweeper import Sweep
from subgraphs.kit.runtime.telemetry import continued_trace

BATCH = 50
MAX_DELIVERIES = 60
"""An entry that fails comes again after 10 to 15 s: a database may be away for ten minutes."""

_log = structlog.get_logger(__name__)


async def work_off_entries(
    stream: EventStream, consumer: str, handle: Callable[[Envelope], Awaitable[object]], *, idle_ms: int = 10_000
) -> int:
    """Handle everything that waits in the stream; how many events were handled.

    Args:
        handle: may be called again for an event that it handled before: the process may end before it is acknowledged.
        idle_ms: how long an entry that failed, or whose worker died, waits before it is handed out again.
    """
    handled = 0
    await stream.ensure_group()
    while entries := await stream.claim(consumer, limit=BATCH, idle_ms=idle_ms):
        for entry in entries:
            try:
                envelope = Envelope.model_validate_json(entry.payload)
                with continued_trace({"traceparent": envelope.traceparent or ""}):
                    await handle(envelope)
            except Exception:  # noqa: BLE001 - logged; the entry stays, and must not hold up the others
                is_dead = entry.deliveries >= MAX_DELIVERIES
                _log.exception("stream.not_handled", stream=stream.name, deliveries=entry.deliveries, is_dead=is_dead)
                if is_dead:
                    await stream.set_aside(entry)
                continue
            await stream.acknowledge([entry.id])
            handled += 1
    return handled


def waking(stream: EventStream, queue: TaskQueue, *, queue_name: str, actor_name: str) -> Sweep:
    """A sweep that wakes a worker while there are entries in the stream."""

    async def wake() -> int:
        await stream.ensure_group()
        if await stream.length() == 0:
            return 0
        await queue.enqueue(queue_name, actor_name)
        return 1

    return wake
