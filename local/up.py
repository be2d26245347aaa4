"""`task up`: prepare, start everything, wait until it is ready, keep it alive, stop it cleanly."""

import asyncio
import os
import signal
import time
from collections.abc import Iterable
from pathlib import Path

from local.log import Log
from local.ports import require_free_ports
from local.prepare import Stamps, Step, steps
from local.processes import Process, environment, table
from local.report import ready_report
from local.settings import LocalSettings
from local.supervisor import Supervisor

PAGE_STEP, PAGE_READER = "graphiql", "gateway"
"""The gateway reads GraphiQL's page when it starts; every other process starts while the page is still being built."""


class NotReady(RuntimeError):
    """Raised when a needed step fails or a needed process is not ready in time; the message has its name and its last words."""


def pid_file(settings: LocalSettings) -> Path:
    """Where the running supervisor's process id is kept."""
    return settings.data_dir / "up.pid"


async def up(settings: LocalSettings) -> None:
    """Run the market until SIGINT, SIGTERM, or the end of its terminal (SIGHUP, unless `nohup` ignores it).

    Raises:
        PortsTaken: Raised before anything is started.
        NotReady: Raised after everything that was started is stopped again.
        SupervisorBroken: Raised in the same way, when a process would not be restarted any more.
    """
    started = time.monotonic()
    processes = table(settings)
    require_free_ports(processes)
    make_data_folder(settings.data_dir)
    pid_file(settings).write_text(str(os.getpid()))
    log = Log(settings.data_dir / "logs")
    supervisor = Supervisor(environment(settings), log)
    asked_to_stop = _stop_on_signals()
    starting = asyncio.create_task(_start(supervisor, processes, settings, log, started))
    stopping = asyncio.create_task(asked_to_stop.wait())
    broken = asyncio.create_task(supervisor.broken())
    try:
        await asyncio.wait({starting, stopping, broken}, return_when=asyncio.FIRST_COMPLETED)
        if starting.done():
            starting.result()
            await asyncio.wait({stopping, broken}, return_when=asyncio.FIRST_COMPLETED)
        if broken.done():
            broken.result()
    finally:
        for task in (starting, stopping, broken):
            task.cancel()
        await asyncio.gather(starting, stopping, broken, return_exceptions=True)
        log.say("stopping")
        await supervisor.stop()
        pid_file(settings).unlink(missing_ok=True)
        log.say("stopped")
        log.close()


def make_data_folder(folder: Path) -> None:
    """Make the folder of databases, keys and logs, readable by this user alone; an older one is closed to others too."""
    folder.mkdir(parents=True, exist_ok=True, mode=0o700)
    folder.chmod(0o700)


async def _start(
    supervisor: Supervisor, processes: list[Process], settings: LocalSettings, log: Log, started: float
) -> None:
    clock = _Clock(log, started)
    supervisor.start_fork_server()
    # What needs nothing prepared starts first: the server of the queue, and the diagram, which takes longest.
    early = [process for process in processes if not process.needs_data]
    late = [process for process in processes if process.needs_data]
    for process in early:
        supervisor.start(process)
    preparing = _Preparation(supervisor, Stamps(settings.data_dir / "prepared.json"), clock, list(steps(settings)))
    failures: list[str] = []
    try:
        async with asyncio.TaskGroup() as group:
            prepared = preparing.begin(group)
            await _ended(task for name, task in prepared.items() if name != PAGE_STEP)
            for process in late:
                if process.name == PAGE_READER and PAGE_STEP in prepared:
                    await _ended([prepared[PAGE_STEP]])
                supervisor.start(process)
    except* NotReady as group_of_failures:
        failures = [str(failure) for failure in group_of_failures.exceptions]
    if failures:
        raise NotReady("\n".join(failures))
    deadline = time.monotonic() + settings.ready_timeout_seconds
    await asyncio.gather(*(_wait_for(process, supervisor, clock, deadline=deadline) for process in processes))
    log.show(ready_report(processes, settings, seconds=time.monotonic() - started))


async def _wait_for(process: Process, supervisor: Supervisor, clock: "_Clock", *, deadline: float) -> None:
    wait = supervisor.wait_until_ready if process.is_needed else supervisor.wait_until_ready_or_ended
    answer = await wait(process, deadline=deadline)
    if answer is None:
        clock.say(f"{process.name} is ready")
    elif process.is_needed:
        last_line = clock.log.last_lines.get(process.name, "nothing")
        raise NotReady(f"{process.name} is not ready: {answer}; its last line: {last_line}")
    else:
        clock.say(f"going on without {process.name}: {answer}")


class _Clock:
    """Writes what is done, with the seconds since the start."""

    def __init__(self, log: Log, started: float) -> None:
        self.log = log
        self._started = started

    def say(self, text: str) -> None:
        self.log.say(f"{time.monotonic() - self._started:5.1f} s  {text}")


class _Preparation:
    """The steps that are not done yet, each begun when the steps that it comes after have ended."""

    def __init__(self, supervisor: Supervisor, stamps: Stamps, clock: _Clock, all_steps: list[Step]) -> None:
        self._supervisor = supervisor
        self._stamps = stamps
        self._clock = clock
        self._waiting = [step for step in all_steps if not stamps.is_done(step)]

    def begin(self, group: asyncio.TaskGroup) -> dict[str, asyncio.Task[None]]:
        """Begin every step in the group, in which a needed step that fails raises NotReady; the tasks by name."""
        tasks: dict[str, asyncio.Task[None]] = {}
        for step in self._waiting:
            before = [tasks[name] for name in step.after if name in tasks]
            tasks[step.name] = group.create_task(self._do(step, before))
        return tasks

    async def _do(self, step: Step, before: list[asyncio.Task[None]]) -> None:
        await _ended(before)
        begun = time.monotonic()
        self._clock.say(f"{step.about} ..")
        status = await self._supervisor.run_once(step.name, step.command)
        took = f"{time.monotonic() - begun:.1f} s"
        if status == 0:
            self._stamps.mark(step)
            self._clock.say(f"{step.about}: done in {took}")
        elif step.is_needed:
            last_line = self._clock.log.last_lines.get(step.name, "nothing")
            raise NotReady(f"{step.about} failed with status {status}; its last line: {last_line}")
        else:
            self._clock.say(f"{step.about} failed with status {status} after {took}; going on without it")


async def _ended(tasks: Iterable[asyncio.Task[None]]) -> None:
    """Wait for tasks of a group; the group cancels the waiting one if any of them fails."""
    if waiting := list(tasks):
        await asyncio.wait(waiting)


def _stop_on_signals() -> asyncio.Event:
    asked = asyncio.Event()
    loop = asyncio.get_running_loop()
    for which in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        if signal.getsignal(which) is not signal.SIG_IGN:
            loop.add_signal_handler(which, asked.set)
    return asked
