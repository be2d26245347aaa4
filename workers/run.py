"""The worker process: every actor of the registry on dramatiq, and a small HTTP server that says how it goes.

    uvicorn's event loop  <-- handlers run here, with the databases' and services' connections
        ^ run_coroutine_threadsafe
    dramatiq's threads    <-- take messages from Redis, wait for the handler, acknowledge

One loop, because connections belong to one. On SIGTERM uvicorn ends the application, which stops taking messages, waits for those at work, and closes what it opened;
what does not end in time comes back by its lease.
"""

import asyncio
import os
import socket
import time
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import AsyncExitStack, asynccontextmanager
from functools import partial
from typing import Any

import dramatiq
import structlog
from dramatiq.brokers.redis import RedisBroker
from prometheus_client import Gauge, Histogram
from starlette.applications import Starlette

from subgraphs.kit.messaging.task_queue import async_redis_client, make_broker
from subgraphs.kit.runtime.background import Loop, checks_of, running
from subgraphs.kit.runtime.health import health_routes
from subgraphs.kit.runtime.readiness import ReadinessCheck
from subgraphs.kit.runtime.telemetry import continued_trace
from subgraphs.kit.storage.dead_jobs import job_counts
from workers.actors.group import Actor, Group, JobTable, Opener
from workers.actors.sweeping import sweeper_loop
from workers.probe import Probe, threads_alive
from workers.settings import RunSettings

COUNT_PAUSE_SECONDS = 10.0
POLL_MS = 200
"""How long an idle queue may go unlooked at. dramatiq's 1,000 made a click, which takes two messages, 1.5 s of the 2 s that it may take."""


_log = structlog.get_logger(__name__)
_seconds = Histogram("worker_message_seconds", "Messages by actor and outcome.", ["actor", "outcome"])
_jobs = Gauge("worker_jobs", "Rows of a job table, or entries of a stream, that are due, or dead.", ["table", "state"])


def create_worker_app(settings: RunSettings, openers: Sequence[Opener]) -> Starlette:
    """The process as an application: its life is the workers' life.

    Args:
        openers: of the actor modules.
    """
    checks: dict[str, ReadinessCheck] = {}

    @asynccontextmanager
    async def lifespan(_: Starlette) -> AsyncIterator[None]:
        async with AsyncExitStack() as stack:
            groups = [await stack.enter_async_context(opener(settings)) for opener in openers]
            client = await stack.enter_async_context(async_redis_client(settings.redis_url))

            async def queue_answers() -> None:
                await client.ping()

            checks.update({name: check for group in groups for name, check in group.checks.items()})
            checks["queue"] = queue_answers
            actors = [each for group in groups for each in group.actors]
            probe = Probe(settings.redis_url, actors, sender=f"{socket.gethostname()}-{os.getpid()}")
            stack.push_async_callback(probe.close)
            worker = await stack.enter_async_context(working(settings, [*actors, *probe.actors()]))
            checks.update({**probe.checks(), "threads": threads_alive(worker)})
            sweeps = {name: sweep for group in groups for name, sweep in group.sweeps.items()}
            loops = (
                Loop("worker.count", partial(_count_all, groups), pause_seconds=COUNT_PAUSE_SECONDS),
                sweeper_loop(client, sweeps),
                probe.loop(),
                *(loop for group in groups for loop in group.loops),
            )
            checks.update(checks_of(*loops))
            await stack.enter_async_context(running(*loops))
            yield

    return Starlette(routes=list(health_routes("worker", checks)), lifespan=lifespan)


@asynccontextmanager
async def working(settings: RunSettings, actors: Sequence[Actor]) -> AsyncIterator[dramatiq.Worker]:
    """Take messages for these actors during the block."""
    broker = declared(settings, actors, loop=asyncio.get_running_loop())
    worker = dramatiq.Worker(broker, worker_threads=settings.threads, worker_timeout=POLL_MS)
    await asyncio.to_thread(worker.start)
    _log.info("worker.started", actors=sorted(actor.name for actor in actors), threads=settings.threads)
    try:
        yield worker
    finally:
        await asyncio.to_thread(worker.stop, timeout=int(settings.stop_seconds * 1000))
        await asyncio.to_thread(broker.close)
        _log.info("worker.stopped")


def declared(settings: RunSettings, actors: Sequence[Actor], *, loop: asyncio.AbstractEventLoop) -> RedisBroker:
    """A broker that knows the actors; their handlers run on the loop. It retries nothing: what is to be done again is a row or an entry."""
    broker = make_broker(settings.redis_url, middleware=[])
    for actor in actors:
        declare = dramatiq.actor(broker=broker, queue_name=actor.queue, actor_name=actor.name)
        declare(_on_loop(actor, loop))
    return broker


def _on_loop(actor: Actor, loop: asyncio.AbstractEventLoop) -> Callable[..., None]:
    def work(*arguments: Any) -> None:
        asyncio.run_coroutine_threadsafe(_handled(actor, arguments), loop).result()

    return work


async def _handled(actor: Actor, arguments: tuple[Any, ...]) -> None:
    started, outcome = time.perf_counter(), "ok"
    with continued_trace({}):
        try:
            async with asyncio.timeout(actor.timeout_seconds):
                await actor.handle(*arguments)
        except Exception as error:  # noqa: BLE001 - logged and counted; the row or entry is due again, the message has nothing to add
            outcome = type(error).__name__
            _log.exception("worker.message_failed", actor=actor.name)
        finally:
            seconds = time.perf_counter() - started
            _seconds.labels(actor.name, "ok" if outcome == "ok" else "failed").observe(seconds)
            _log.info("worker.message", actor=actor.name, outcome=outcome, ms=round(seconds * 1000, 1))


async def _count_all(groups: Sequence[Group]) -> None:
    """Set the metrics of the job tables and streams; what cannot be counted is logged and does not stop the rest."""
    for group in groups:
        try:
            for table in group.jobs:
                await _count(table)
            for stream in group.streams:
                _jobs.labels(stream.name, "due").set(await stream.length())
                _jobs.labels(stream.name, "dead").set(await stream.dead_length())
        except Exception:  # noqa: BLE001 - one table that cannot be counted must not hide the others
            _log.exception("worker.count_failed")


async def _count(each: JobTable) -> None:
    for state, count in (await job_counts(each.database, each.table)).items():
        _jobs.labels(each.name, state).set(count)
