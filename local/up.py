"""`task up`: prepare, start everything, wait until it is ready, keep it alive, stop it cleanly."""

import asyncio
import os
import signal
import time
from pathlib import Path

from local.log import Log
from local.ports import require_free_ports
from local.prepare import Stamps, Step, steps
from local.processes import environment, table
from local.readiness import wait_until_ready
from local.report import ready_report
from local.settings import LocalSettings
from local.supervisor import Supervisor


class NotReady(RuntimeError):
    """Raised when a needed step fails or a needed process is not ready in time; the message says which and what it said."""


def pid_file(settings: LocalSettings) -> Path:
    """Where the running supervisor's process id is kept."""
    return settings.data_dir / "up.pid"


async def up(settings: LocalSettings) -> None:
    """Run the market until SIGINT or SIGTERM.

    Raises:
        PortsTaken: before anything is started.
        NotReady: after everything that was started is stopped again.
    """
    started = time.monotonic()
    processes = table(settings)
    require_free_ports(processes)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    pid_file(settings).write_text(str(os.getpid()))
    log = Log(settings.data_dir / "logs")
    supervisor = Supervisor(environment(settings), log)
    asked_to_stop = _stop_on_signals()
    starting = asyncio.create_task(_start(supervisor, settings, log, started))
    stopping = asyncio.create_task(asked_to_stop.wait())
    try:
        await asyncio.wait({starting, stopping}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await stopping
    finally:
        starting.cancel()
        await asyncio.gather(starting, return_exceptions=True)
        log.say("stopping")
        await supervisor.stop()
        pid_file(settings).unlink(missing_ok=True)
        log.say("stopped")
        log.close()


async def _start(supervisor: Supervisor, settings: LocalSettings, log: Log, started: float) -> None:
    redis, *others = table(settings)
    supervisor.start(redis)
    await _prepare(supervisor, settings, log)
    for process in others:
        supervisor.start(process)
    deadline = time.monotonic() + settings.ready_timeout_seconds
    said = await asyncio.gather(*(wait_until_ready(p, deadline=deadline) for p in others if p.is_needed))
    late = [
        f"{process.name} is not ready: {answer}"
        for process, answer in zip((p for p in others if p.is_needed), said, strict=True)
        if answer is not None
    ]
    if late:
        raise NotReady("\n".join(late))
    print(ready_report(others, settings, seconds=time.monotonic() - started), flush=True)


async def _prepare(supervisor: Supervisor, settings: LocalSettings, log: Log) -> None:
    """Do the needed steps one after the other, and beside them those that the market can do without."""
    stamps = Stamps(settings.data_dir / "prepared.json")
    waiting = [step for step in steps(settings) if not stamps.is_done(step)]
    beside = [asyncio.create_task(_do(step, supervisor, stamps, log)) for step in waiting if not step.is_needed]
    try:
        for step in waiting:
            if step.is_needed:
                await _do(step, supervisor, stamps, log)
        await asyncio.gather(*beside)
    finally:
        for task in beside:
            task.cancel()


async def _do(step: Step, supervisor: Supervisor, stamps: Stamps, log: Log) -> None:
    log.say(step.about)
    status = await supervisor.run_once(step.name, step.command)
    if status == 0:
        stamps.mark(step)
    elif step.is_needed:
        raise NotReady(f"{step.about} failed with status {status}; its last lines are above")
    else:
        log.say(f"{step.about} failed with status {status}; going on without it")


def _stop_on_signals() -> asyncio.Event:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGINT, signal.SIGTERM):
        loop.add_signal_handler(which, asked.set)
    return asked
