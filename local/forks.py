"""The supervisor's side of the fork server: asks it for processes, and waits for them as for children of its own."""

import asyncio
import ctypes
import json
import os
import socket
import sys
from pathlib import Path
from typing import Protocol

from local.fork_server import LONGEST_REQUEST_BYTES, TITLE_BYTES

PR_SET_CHILD_SUBREAPER = 36


class ForkServerEnded(Exception):
    """Raised when the fork server has ended: it forks no process any more."""


class Child(Protocol):
    """A process that the supervisor waits for: asyncio's, or a forked one."""

    @property
    def pid(self) -> int:
        """Its process id, which is also that of its session."""

    @property
    def returncode(self) -> int | None:
        """Its exit status, or a signal's negative number; None while it runs."""

    async def wait(self) -> int:
        """Wait for its end; the exit status."""


class ForkedChild:
    """A process that the fork server forked and the kernel gave to this process."""

    def __init__(self, pid: int) -> None:
        self.pid = pid
        self.returncode: int | None = None
        self._loop = asyncio.get_running_loop()
        self._ended = asyncio.Event()
        self._descriptor = os.pidfd_open(pid)
        self._loop.add_reader(self._descriptor, self._reap)

    async def wait(self) -> int:
        """Wait for its end; the exit status."""
        await self._ended.wait()
        assert self.returncode is not None
        return self.returncode

    def _reap(self) -> None:
        self._loop.remove_reader(self._descriptor)
        os.close(self._descriptor)
        _, status = os.waitpid(self.pid, 0)
        self.returncode = os.waitstatus_to_exitcode(status)
        self._ended.set()


class Forks:
    """A connection to a fork server, which is started with `command` and the descriptor `descriptor`."""

    def __init__(self) -> None:
        self._connection, self._server_end = socket.socketpair(socket.AF_UNIX, socket.SOCK_SEQPACKET)
        self._connection.setblocking(False)
        self._turn = asyncio.Lock()

    @property
    def command(self) -> list[str]:
        """The fork server's command line, with room for the longer ones of the processes."""
        return [sys.executable, "-m", "local.fork_server", str(self.descriptor), "-" * TITLE_BYTES]

    @property
    def descriptor(self) -> int:
        """The server's end of the connection, for the server to inherit."""
        return self._server_end.fileno()

    def server_has_started(self) -> None:
        """Close this process's copy of the server's end: the connection ends with the server."""
        self._server_end.close()

    async def fork(self, module: str, arguments: list[str], *, output: int) -> ForkedChild:
        """Start a process as `python -m` would, with its output in a pipe.

        Raises:
            ForkServerEnded: Raised when the server ended before it answered.
            OSError: Raised when the process could not be forked.
        """
        request = json.dumps({"module": module, "arguments": arguments}).encode()
        async with self._turn:
            try:
                socket.send_fds(self._connection, [request], [output])
                answer = await asyncio.get_running_loop().sock_recv(self._connection, LONGEST_REQUEST_BYTES)
            except ConnectionError as error:
                raise ForkServerEnded from error
        if not answer:
            raise ForkServerEnded
        told = json.loads(answer)
        if "error" in told:
            raise OSError(told["error"])
        return ForkedChild(told["pid"])

    def close(self) -> None:
        """End the connection, and with it the server."""
        self._connection.close()


def adopt_orphans() -> bool:
    """Make this process the parent of what the fork server forks; False on a system that lacks what that needs."""
    if sys.platform != "linux" or not hasattr(os, "pidfd_open") or not Path("/proc/self/stat").exists():
        return False
    return bool(ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) == 0)


def reap_group(group: int) -> None:
    """Collect what has ended of a session whose leader was collected before; only a process that adopts orphans has to."""
    try:
        while os.waitid(os.P_PGID, group, os.WEXITED | os.WNOHANG) is not None:
            pass
    except ChildProcessError:
        return
