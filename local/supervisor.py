"""Keeps processes alive: starts them, restarts what dies with back-off, and stops all in reverse order.

Each child leads a session of its own, so that Ctrl-C reaches the supervisor alone, and the kernel ends it if the supervisor
dies without a word (Linux: PR_SET_PDEATHSIG). When a child has ended, what is left of its session is killed: a grandchild would
hold the port that the next child needs.

Python processes of the market are forked by the fork server, which has imported their libraries (`local.fork_server`). Without one,
each is started by an interpreter of its own.
"""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Awaitable, Callable, Mapping, Sequence
from contextlib import suppress
from functools import partial

from local.forks import Child, Forks, ForkServerEnded, adopt_orphans, reap_group
from local.log import Log
from local.processes import Process
from local.readiness import NO_ANSWER, POLL_SECONDS, problem

FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0
STOP_SECONDS = 10.0
DRAIN_SECONDS = 2.0
CHUNK_BYTES = 1 << 16
LONGEST_LINE_BYTES = 1 << 20
FORK_SERVER = "forks"
_PR_SET_PDEATHSIG = 1

Spawn = Callable[[int], Awaitable[Child]]
"""Starts a process whose output goes to a descriptor."""


class SupervisorBroken(RuntimeError):
    """Raised when the task that keeps a process alive has failed: nothing would restart that process any more."""


class Supervisor:
    """Runs processes until it is told to stop.

    Args:
        environment: Environment of every process.
        log: Receives every line that a process prints.
    """

    def __init__(self, environment: Mapping[str, str], log: Log) -> None:
        self._environment = dict(environment)
        self._log = log
        self._running: dict[str, Child] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._ready: dict[str, asyncio.Event] = {}
        self._ended_once: dict[str, asyncio.Event] = {}
        self._problems: dict[str, str] = {}
        self._adopts_orphans = False
        self._forks: Forks | None = None
        self._fork_server: asyncio.Task[None] | None = None
        self._stopping = asyncio.Event()
        self._broken: asyncio.Future[None] | None = None

    def start_fork_server(self) -> None:
        """Start the fork server, if this system can have one; processes that are started later share its libraries."""
        if adopt_orphans():
            self._adopts_orphans = True
            self._forks = Forks()
            self._fork_server = asyncio.create_task(self._serve_forks(self._forks), name=FORK_SERVER)

    def start(self, process: Process) -> None:
        """Start a process and keep it alive from now on."""
        self._ready[process.name] = asyncio.Event()
        self._ended_once[process.name] = asyncio.Event()
        keeper = asyncio.create_task(self._keep(process), name=process.name)
        keeper.add_done_callback(self._keeper_ended)
        self._keepers[process.name] = keeper

    async def wait_until_ready(self, process: Process, *, deadline: float) -> str | None:
        """None when a started process is ready; at the deadline (of the monotonic clock, in seconds), its last answer."""
        try:
            async with asyncio.timeout(max(0.0, deadline - time.monotonic())):
                await self._ready[process.name].wait()
        except TimeoutError:
            return self._problems.get(process.name, NO_ANSWER)
        return None

    async def wait_until_ready_or_ended(self, process: Process, *, deadline: float) -> str | None:
        """The same for a process that the market can do without: its first end ends the waiting too."""
        waiting = [
            asyncio.create_task(self.wait_until_ready(process, deadline=deadline)),
            asyncio.create_task(self._ended_once[process.name].wait()),
        ]
        try:
            await asyncio.wait(waiting, return_when=asyncio.FIRST_COMPLETED)
        finally:
            for task in waiting:
                task.cancel()
        if self._ready[process.name].is_set():
            return None
        return self._problems.get(process.name, NO_ANSWER)

    async def broken(self) -> None:
        """Wait for ever, unless a keeper fails.

        Raises:
            SupervisorBroken: With the keeper's own exception as its cause.
        """
        if self._broken is None:
            self._broken = asyncio.get_running_loop().create_future()
            for keeper in self._keepers.values():
                self._keeper_ended(keeper)
        await asyncio.shield(self._broken)

    async def run_once(self, name: str, command: Sequence[str]) -> int:
        """Run a command to its end under the log; its exit status."""
        try:
            return await self._live(name, partial(self._execute, command))
        except OSError as error:
            self._log.say(f"{name} cannot be started: {error}")
            return 127

    async def stop(self) -> None:
        """Stop every process, the last started first; what does not end within STOP_SECONDS is killed."""
        self._stopping.set()
        if (server := self._running.get(FORK_SERVER)) is not None:
            _signal_group(server, signal.SIGKILL)  # it has nothing to finish, and a start may wait for it
        for name in reversed(list(self._keepers)):
            keeper = self._keepers[name]
            child = self._running.get(name)
            if child is not None:
                await self._end(name, child)
            await asyncio.gather(keeper, return_exceptions=True)
        for name, child in list(self._running.items()):
            await self._end(name, child)
        if self._fork_server is not None:
            await asyncio.gather(self._fork_server, return_exceptions=True)

    def pids(self) -> dict[str, int]:
        """The process ids of what runs now, by name."""
        return {name: child.pid for name, child in self._running.items()}

    async def _keep(self, process: Process) -> None:
        backoff_seconds = FIRST_BACKOFF_SECONDS
        while not self._stopping.is_set():
            watcher = asyncio.create_task(self._watch(process))
            try:
                ending = _how(await self._live(process.name, partial(self._start, process)))
            except OSError as error:  # no memory, no descriptors, no such program: the next attempt may find them
                ending = f"it cannot be started: {error}"
            finally:
                watcher.cancel()
            self._ended_once[process.name].set()
            if self._stopping.is_set():
                return
            if self._ready[process.name].is_set():
                backoff_seconds = FIRST_BACKOFF_SECONDS
            self._ready[process.name].clear()
            self._log.say(f"{process.name} ended ({ending}); starting it again in {backoff_seconds:g} s")
            with suppress(TimeoutError):
                async with asyncio.timeout(backoff_seconds):
                    await self._stopping.wait()
            backoff_seconds = min(backoff_seconds * 2, LONGEST_BACKOFF_SECONDS)

    def _keeper_ended(self, keeper: asyncio.Task[None]) -> None:
        if not keeper.done() or keeper.cancelled() or keeper.exception() is None:
            return
        self._log.say(f"nothing keeps {keeper.get_name()} alive any more: {keeper.exception()!r}")
        if self._broken is not None and not self._broken.done():
            broken = SupervisorBroken(f"the supervisor of {keeper.get_name()} failed: {keeper.exception()!r}")
            broken.__cause__ = keeper.exception()
            self._broken.set_exception(broken)

    async def _watch(self, process: Process) -> None:
        """Note when the process is ready, for the waiting start and for the back-off of its next one."""
        while (answer := await problem(process)) is not None:
            self._problems[process.name] = answer
            await asyncio.sleep(POLL_SECONDS)
        self._ready[process.name].set()

    async def _live(self, name: str, spawn: Spawn) -> int:
        """Run a process to its end, with its output in the log; its exit status."""
        reading, writing = os.pipe()
        try:
            child = await spawn(writing)
        except OSError:
            os.close(reading)
            raise
        finally:
            os.close(writing)
        self._running[name] = child
        copying = asyncio.create_task(self._copy_output(name, reading))
        ending = asyncio.create_task(child.wait())
        try:
            if self._stopping.is_set():  # `stop` saw no child to end
                _signal_group(child, signal.SIGTERM)
            await asyncio.wait({ending, copying}, return_when=asyncio.FIRST_COMPLETED)
            if copying.done():
                copying.result()  # a copy that failed leaves a pipe that fills up
            status = await ending
            _signal_group(child, signal.SIGKILL)  # a grandchild that lives on would hold the pipe and the port
            await asyncio.wait({copying}, timeout=DRAIN_SECONDS)
            if self._adopts_orphans:
                reap_group(child.pid)
            return status
        finally:
            _signal_group(child, signal.SIGKILL)
            del self._running[name]
            for task in (copying, ending):
                task.cancel()
            # Whoever waits for this task may close the event loop next, and the loop is what learns of a child's end.
            await child.wait()

    async def _start(self, process: Process, output: int) -> Child:
        if self._forks is not None and process.is_forked:
            _, _, module, *arguments = process.command
            try:
                return await self._forks.fork(module, arguments, output=output)
            except ForkServerEnded:
                if self._stopping.is_set():
                    raise OSError("the fork server has ended") from None
        return await self._execute(process.command, output)

    async def _execute(self, command: Sequence[str], output: int, inherited: Sequence[int] = ()) -> Child:
        # A pipe of ours, not asyncio's: its `wait` would wait for the end of the pipe too, which a grandchild holds open.
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            env=self._environment,
            start_new_session=True,
            pass_fds=inherited,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
        )

    async def _serve_forks(self, forks: Forks) -> None:
        async def start(output: int) -> Child:
            try:
                return await self._execute(forks.command, output, inherited=[forks.descriptor])
            finally:
                forks.server_has_started()

        try:
            ending = _how(await self._live(FORK_SERVER, start))
        except OSError as error:
            ending = f"it cannot be started: {error}"
        finally:
            self._forks = None
            forks.close()
        if not self._stopping.is_set():
            self._log.say(f"the fork server ended ({ending}); processes are started without it")

    async def _copy_output(self, name: str, reading: int) -> None:
        """Copy lines to the log until the pipe's end; a line that is too long is cut into several."""
        reader = asyncio.StreamReader()
        pipe = os.fdopen(reading, "rb", buffering=0)
        transport, _ = await asyncio.get_running_loop().connect_read_pipe(
            lambda: asyncio.StreamReaderProtocol(reader), pipe
        )
        rest = b""
        try:
            while chunk := await reader.read(CHUNK_BYTES):
                *lines, rest = (rest + chunk).split(b"\n")
                if len(rest) > LONGEST_LINE_BYTES:
                    lines, rest = [*lines, rest], b""
                for line in lines:
                    self._log.line(name, line.decode(errors="replace"))
            if rest:
                self._log.line(name, rest.decode(errors="replace"))
        finally:
            transport.close()

    async def _end(self, name: str, child: Child) -> None:
        _signal_group(child, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await child.wait()
        except TimeoutError:
            self._log.say(f"{name} did not stop within {STOP_SECONDS:g} s; killing it")
            _signal_group(child, signal.SIGKILL)
            await child.wait()


def _signal_group(child: Child, which: signal.Signals) -> None:
    with suppress(ProcessLookupError):
        os.killpg(child.pid, which)


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _how(status: int) -> str:
    return f"status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
