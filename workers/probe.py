"""Proof that the workers consume: a probe goes through every queue, from a durable entry to its settlement, all the time.

    append an entry to the probe stream, wake an actor of every queue
        -> a worker takes the message, claims with each actor of the queue, and reports to the sender
        -> the probe's own queue: claims the entry, settles it, and reports too

Each process sends probes and keeps when each queue's last good report came. `/ready` fails for a queue whose report is late or an
error, and when a thread of this process that consumes has ended: an empty queue and a dead consumer look alike from outside.
A report may come from another process: all of them consume the same queues, and this one's threads are looked at besides.
"""

import asyncio
import inspect
import time
from collections import defaultdict
from collections.abc import Callable, Sequence
from functools import partial
from threading import Thread
from typing import Any

import dramatiq
import structlog

from subgraphs.kit.messaging.stream import EventStream
from subgraphs.kit.messaging.task_queue import TaskQueue, async_redis_client
from subgraphs.kit.runtime.background import Loop
from subgraphs.kit.runtime.readiness import NotReady, ReadinessCheck
from workers.actors.group import Actor

PAUSE_SECONDS = 10.0
LATE_SECONDS = 35.0
"""A report is late after three probes: one lost message is no fault."""
CLAIM_SECONDS = 5.0
"""How long a probe waits for an actor. One that works off many entries takes longer, and consumes."""
KEEP_REPORTS_SECONDS = 60
WAIT_SECONDS = 1.0
QUEUE, ACTOR_NAME, STREAM, GROUP = "probe", "probe_entry", "worker.probe", "workers"
NO_JOB = "00000000-0000-7000-8000-000000000000"
"""The id of no row: an actor that is woken for it claims, finds nothing, and has shown that it can claim."""
OK = "ok"

_log = structlog.get_logger(__name__)


class NotConsuming(NotReady):
    """Raised when no probe has gone through a queue lately, or the last one met an error."""


class ThreadEnded(NotReady):
    """Raised when a thread of this process that takes or handles messages has ended."""


class Probe:
    """Sends probes, answers those that its process takes, and keeps the reports.

    Args:
        actors: Every actor of the process; each is tried by the probe of its queue.
        sender: Name of this process, unlike that of any other.
        clock: Monotonic, in seconds.
    """

    def __init__(
        self, redis_url: str, actors: Sequence[Actor], *, sender: str, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._redis = async_redis_client(redis_url)
        self._queue = TaskQueue(redis_url)
        self._stream = EventStream(redis_url, name=STREAM, group=GROUP)
        self._sender = sender
        self._clock = clock
        self._by_queue: dict[str, list[Actor]] = defaultdict(list)
        for actor in actors:
            self._by_queue[actor.queue].append(actor)
        self._trials: dict[str, asyncio.Task[object]] = {}
        self._reports: dict[str, str] = {}
        self._proven_at: dict[str, float] = {}

    def actors(self) -> list[Actor]:
        """The actors that answer probes, one for each queue and one for the probe's stream."""
        answering = [
            Actor(queue, _actor_of(queue), partial(self._try_queue, queue, actors))
            for queue, actors in self._by_queue.items()
        ]
        return [*answering, Actor(QUEUE, ACTOR_NAME, self._settle_entries)]

    def checks(self) -> dict[str, ReadinessCheck]:
        """A readiness check for each queue."""
        return {f"consumes_{queue}": partial(self._check, queue) for queue in (*self._by_queue, QUEUE)}

    def loop(self) -> Loop:
        """The loop that sends a probe every 10 seconds and takes the reports in."""
        return Loop("worker.probe", self._round, pause_seconds=0.0)

    async def _round(self) -> None:
        next_at = self._clock() + PAUSE_SECONDS
        await self.send()
        while (left := next_at - self._clock()) > 0.0:
            await self.take_report(min(left, WAIT_SECONDS))

    async def send(self) -> None:
        """Append an entry and wake an actor of every queue."""
        await self._stream.ensure_group()
        await self._stream.append([self._sender.encode()])
        await self._queue.enqueue(QUEUE, ACTOR_NAME)
        for queue in self._by_queue:
            await self._queue.enqueue(queue, _actor_of(queue), self._sender)

    async def take_report(self, timeout_seconds: float) -> None:
        """Keep the next report to this process, if one comes in time."""
        report: Any = await self._redis.blpop([_reports_to(self._sender)], timeout=timeout_seconds)
        if report is None:
            return
        queue, _, outcome = report[1].decode().partition(" ")
        self._reports[queue] = outcome
        if outcome == OK:
            self._proven_at[queue] = self._clock()
        else:
            _log.error("probe.failed", queue=queue, outcome=outcome)

    async def close(self) -> None:
        """End trials that are still at work and close the connections to Redis."""
        for trial in self._trials.values():
            trial.cancel()
        await asyncio.gather(*self._trials.values(), return_exceptions=True)
        await self._stream.close()
        await self._queue.close()
        await self._redis.aclose()

    async def _check(self, queue: str) -> None:
        if self._reports.get(queue, OK) != OK:
            raise NotConsuming(self._reports[queue])
        proven_at = self._proven_at.get(queue)
        if proven_at is None or self._clock() - proven_at > LATE_SECONDS:
            raise NotConsuming(f"no probe has come through {queue}")

    async def _try_queue(self, queue: str, actors: Sequence[Actor], sender: str) -> None:
        outcomes = [await self._try(actor) for actor in actors]
        await self._report(sender, queue, next((each for each in outcomes if each != OK), OK))

    async def _try(self, actor: Actor) -> str:
        """Have the actor claim, for work that is not there or for all that waits; "ok", or the error's name."""
        trial = self._trials.get(actor.name)
        if trial is None or trial.done():
            trial = self._trials[actor.name] = asyncio.ensure_future(actor.handle(*_no_work(actor)))
        done, _ = await asyncio.wait({trial}, timeout=CLAIM_SECONDS)
        error = trial.exception() if done and not trial.cancelled() else None
        if error is not None:
            _log.error("probe.claim_failed", actor=actor.name, exc_info=error)
        return OK if error is None else f"{actor.name}:{type(error).__name__}"

    async def _settle_entries(self) -> None:
        await self._stream.ensure_group()
        while entries := await self._stream.claim(self._sender, limit=50):
            await self._stream.acknowledge([entry.id for entry in entries])
            for sender in {entry.payload.decode() for entry in entries}:
                await self._report(sender, QUEUE, OK)

    async def _report(self, sender: str, queue: str, outcome: str) -> None:
        async with self._redis.pipeline(transaction=True) as pipeline:
            pipeline.rpush(_reports_to(sender), f"{queue} {outcome}")
            pipeline.expire(_reports_to(sender), KEEP_REPORTS_SECONDS)
            await pipeline.execute()


def threads_alive(worker: dramatiq.Worker) -> ReadinessCheck:
    """A check that every thread lives that takes messages from a queue or handles them."""

    async def check() -> None:
        threads: list[Thread] = [*worker.consumers.values(), *worker.workers]
        ended = [thread.name for thread in threads if not thread.is_alive()]
        if ended or not worker.consumers or not worker.workers:
            raise ThreadEnded(", ".join(ended))

    return check


def _no_work(actor: Actor) -> tuple[str, ...]:
    """The arguments of a message that asks the actor for no work: the id of no job, for one that takes an id."""
    return (NO_JOB,) * len(inspect.signature(actor.handle).parameters)


def _actor_of(queue: str) -> str:
    return f"probe_{queue}"


def _reports_to(sender: str) -> str:
    return f"worker:probe:{sender}"
