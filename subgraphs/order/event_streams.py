"""Who follows order's events: a stream for each, which its workers read as a consumer group.

An entry is there before the outbox row is settled, and stays until it was handled. The message beside it only wakes, and may be lost.
"""

from dataclasses import dataclass

import structlog

from subgraphs.kit.messaging.envelope import Envelope
from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.messaging.task_queue import QueueUnavailable, TaskQueue

_log = structlog.get_logger(__name__)


@dataclass(frozen=True, slots=True)
class EventConsumer:
    """A service whose workers learn of every order: its stream, the group that reads it, and the actor to wake."""

    stream: str
    group: str
    queue: str
    actor_name: str


FOLLOWERS = (
    EventConsumer("orders.recommendation", "recommendation", "behaviour", "behaviour_order"),
    EventConsumer("orders.notification", "notification", "deliveries", "order_notice"),
)


class EventStreams:
    """Tells all of them.

    Attributes:
        streams: of each follower, in the order of FOLLOWERS.
    """

    def __init__(self, redis_url: str) -> None:
        self._queue = TaskQueue(redis_url)
        self.streams = [EventStream(redis_url, name=each.stream, group=each.group) for each in FOLLOWERS]

    async def tell(self, envelope: Envelope) -> None:
        """Write the event for each of them, and wake their workers.

        Raises:
            QueueUnavailable: when it could not be written for all; those that have it know it by its id when it comes again.
        """
        payload = envelope.model_dump_json().encode()
        for stream in self.streams:
            await stream.append([payload])
        for each in FOLLOWERS:
            try:
                await self._queue.wake(each.queue, each.actor_name)
            except QueueUnavailable as error:  # the event is in the stream: the sweeper wakes a worker for it
                _log.warning("order.wake_failed", actor=each.actor_name, error=str(error))

    async def close(self) -> None:
        """Close the connections to Redis."""
        for stream in self.streams:
            await stream.close()
        await self._queue.close()
