"""Keeps processes alive: starts them, restarts what dies with back-off, and stops all in reverse order.

Each child leads a session of its own, so that Ctrl-C reaches the supervisor alone, and the kernel ends it if the supervisor
dies without a word (Linux: PR_SET_PDEATHSIG).
"""

import asyncio
import ctypes
import os
import signal
import sys
import time
from collections.abc import Mapping, Sequence

from local.log import Log
from local.processes import Process

FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0
STABLE_AFTER_SECONDS = 10.0
STOP_SECONDS = 10.0
_PR_SET_PDEATHSIG = 1


class Supervisor:
    """Runs processes until it is told to stop.

    Args:
        environment: of every process.
        log: receives every line that a process prints.
    """

    def __init__(self, environment: Mapping[str, str], log: Log) -> None:
        self._environment = dict(environment)
        self._log = log
        self._running: dict[str, asyncio.subprocess.Process] = {}
        self._keepers: dict[str, asyncio.Task[None]] = {}
        self._stopping = asyncio.Event()

    def start(self, process: Process) -> None:
        """Start a process and keep it alive from now on."""
        self._keepers[process.name] = asyncio.create_task(self._keep(process), name=f"keep-{process.name}")

    async def run_once(self, name: str, command: Sequence[str]) -> int:
        """Run a command to its end under the log; its exit status."""
        child = await self._spawn(command)
        self._running[name] = child
        try:
            await self._copy_output(name, child)
            return await child.wait()
        finally:
            del self._running[name]

    async def stop(self) -> None:
        """Stop every process, the last started first; what does not end within STOP_SECONDS is killed."""
        self._stopping.set()
        for name in reversed(list(self._keepers)):
            keeper = self._keepers[name]
            child = self._running.get(name)
            if child is None:
                keeper.cancel()
            else:
                await self._end(name, child)
            await asyncio.gather(keeper, return_exceptions=True)
        for name, child in list(self._running.items()):
            await self._end(name, child)

    def pids(self) -> dict[str, int]:
        """The process ids of what runs now, by name."""
        return {name: child.pid for name, child in self._running.items()}

    async def _keep(self, process: Process) -> None:
        backoff_seconds = FIRST_BACKOFF_SECONDS
        while not self._stopping.is_set():
            started = time.monotonic()
            child = await self._spawn(process.command)
            self._running[process.name] = child
            await self._copy_output(process.name, child)
            status = await child.wait()
            del self._running[process.name]
            if self._stopping.is_set():
                return
            if time.monotonic() - started >= STABLE_AFTER_SECONDS:
                backoff_seconds = FIRST_BACKOFF_SECONDS
            self._log.say(f"{process.name} ended ({_how(status)}); starting it again in {backoff_seconds:g} s")
            await asyncio.sleep(backoff_seconds)
            backoff_seconds = min(backoff_seconds * 2, LONGEST_BACKOFF_SECONDS)

    async def _spawn(self, command: Sequence[str]) -> asyncio.subprocess.Process:
        return await asyncio.create_subprocess_exec(
            *command,
            stdin=asyncio.subprocess.DEVNULL,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.STDOUT,
            env=self._environment,
            start_new_session=True,
            preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            limit=1 << 20,
        )

    async def _copy_output(self, name: str, child: asyncio.subprocess.Process) -> None:
        output = child.stdout
        if output is None:
            return
        while True:
            try:
                line = await output.readline()
            except ValueError:  # a line longer than the buffer: its beginning is dropped, the process goes on
                continue
            if not line:
                return
            self._log.line(name, line.decode(errors="replace").rstrip("\n"))

    async def _end(self, name: str, child: asyncio.subprocess.Process) -> None:
        _signal_group(child, signal.SIGTERM)
        try:
            async with asyncio.timeout(STOP_SECONDS):
                await child.wait()
        except TimeoutError:
            self._log.say(f"{name} did not stop within {STOP_SECONDS:g} s; killing it")
            _signal_group(child, signal.SIGKILL)
            await child.wait()


def _signal_group(child: asyncio.subprocess.Process, which: signal.Signals) -> None:
    try:
        os.killpg(child.pid, which)
    except ProcessLookupError:
        return


def _die_with_parent() -> None:
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)


def _how(status: int) -> str:
    return f"status {status}" if status >= 0 else f"killed by {signal.Signals(-status).name}"
