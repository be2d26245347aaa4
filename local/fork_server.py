"""The fork server: a process that has imported the market's libraries, and forks the market's Python processes.

To import the libraries takes most of the start of such a process (about 0.8 s of processor time, for each of a dozen processes). A forked
one has them already, and shares their memory with the others. Our own code is not imported here, so that a process that is started
again runs the code as it is by then.

    supervisor -- module, arguments, pipe --> fork server -- fork --> intermediate -- fork --> process
         ^------------------------------ its process id ---------------------------------------'

The intermediate process ends at once, and the kernel gives the process to the supervisor, which is a subreaper: the supervisor waits
for it and signals it as any child, and the end of the fork server ends no process of the market. Linux only; elsewhere, and when the
fork server has failed, the supervisor starts a new interpreter for each process.

Nothing that starts a thread may be imported here (numpy, LightGBM): a forked process has no such thread.
"""

import ctypes
import gc
import importlib
import json
import os
import runpy
import signal
import socket
import sys
import time
import traceback
from pathlib import Path
from typing import NamedTuple

LIBRARIES = (
    "aiohttp",
    "aiosqlite",
    "asyncpg",
    "cryptography.hazmat.primitives.asymmetric.ed25519",
    "cryptography.hazmat.primitives.serialization",
    "dramatiq.brokers.redis",
    "graphql",
    "jwt",
    "opentelemetry.propagate",
    "opentelemetry.trace",
    "orjson",
    "prometheus_client",
    "pydantic",
    "pydantic_settings",
    "redis.asyncio",
    "sqlalchemy.dialects.postgresql",
    "sqlalchemy.dialects.sqlite.aiosqlite",
    "sqlalchemy.ext.asyncio",
    "sqlalchemy.orm",
    "starlette.applications",
    "starlette.responses",
    "starlette.routing",
    "strawberry.dataloader",
    "strawberry.federation",
    "structlog",
    "uvicorn.lifespan.on",
    "uvicorn.protocols.http.httptools_impl",
    "uvloop",
)
LONGEST_REQUEST_BYTES = 1 << 16
ADOPTION_PAUSE_SECONDS = 0.001
TITLE_BYTES = 256
"""Room for the command line that `ps` shows, which a forked process inherits and replaces."""
_PR_SET_PDEATHSIG = 1


class Command(NamedTuple):
    """What `python -m` would be called with."""

    module: str
    arguments: list[str]


class ForkFailed(Exception):
    """Raised when a process ended while it began. It may have reported its id, so the server ends: a second answer would be the next request's."""


def main(descriptor: int, supervisor_pid: int) -> Command | None:
    """Answer requests until the supervisor closes its end; in a forked process, return what it is to run.

    Raises:
        ForkFailed: Raised when a process ended while it began.
    """
    connection = socket.socket(fileno=descriptor)
    for name in LIBRARIES:
        importlib.import_module(name)
    gc.collect()
    gc.freeze()  # a collection in a forked process would write to, and so copy, every page of what is shared
    while True:
        request, outputs, _, _ = socket.recv_fds(connection, LONGEST_REQUEST_BYTES, 1)
        if not request:
            return None
        command = Command(**json.loads(request))
        try:
            is_child = _fork(command, connection, outputs[0], supervisor_pid)
        except OSError as error:
            connection.send(json.dumps({"error": str(error)}).encode())
            is_child = False
        if is_child:
            return command
        os.close(outputs[0])


def _fork(command: Command, connection: socket.socket, output: int, supervisor_pid: int) -> bool:
    """Fork a process that reports its process id on the connection; true in that process.

    Raises:
        ForkFailed: Raised when the process ended before that.
        OSError: Raised when there are too many processes, or too little memory.
    """
    reading, writing = os.pipe()
    try:
        intermediate = os.fork()
    except OSError:
        os.close(reading)
        os.close(writing)
        raise
    if intermediate == 0:
        try:
            os.close(reading)
            _leave_to(supervisor_pid)
            _look_like(command, output)
            connection.send(json.dumps({"pid": os.getpid()}).encode())
            connection.close()
            os.write(writing, b".")
            os.close(writing)
        except BaseException:  # noqa: BLE001 - whatever it is, this process must not go on as a second fork server
            traceback.print_exc()
            os._exit(1)
        return True
    os.close(writing)
    os.waitpid(intermediate, 0)
    with os.fdopen(reading, "rb") as report:
        if not report.read(1):
            raise ForkFailed("the process ended while it began")
    return False


def _leave_to(supervisor_pid: int) -> None:
    """Fork once more and end the process that forked; the new one becomes the supervisor's child, and ends when that ends."""
    intermediate = os.getpid()
    if os.fork() != 0:
        os._exit(0)
    os.setsid()
    while os.getppid() == intermediate:
        time.sleep(ADOPTION_PAUSE_SECONDS)  # it is ending; the kernel has no event for the adoption
    ctypes.CDLL(None).prctl(_PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != supervisor_pid:
        raise ForkFailed("the supervisor has ended")


def _look_like(command: Command, output: int) -> None:
    """Take the output and the arguments of the command."""
    os.dup2(output, 1)
    os.dup2(output, 2)
    os.close(output)
    _set_title([sys.executable, "-m", command.module, *command.arguments])
    sys.argv = [command.module, *command.arguments]


def _set_title(words: list[str]) -> None:
    """Overwrite the command line that the kernel shows of this process."""
    fields = Path("/proc/self/stat").read_text(errors="replace").rpartition(")")[2].split()
    start, end = int(fields[45]), int(fields[46])  # arg_start and arg_end, fields 48 and 49 of proc(5)
    title = b"".join(word.encode() + b"\0" for word in words)[: end - start - 1]
    ctypes.memmove(start, title.ljust(end - start, b"\0"), end - start)


if __name__ == "__main__" and (asked := main(int(sys.argv[1]), os.getppid())) is not None:
    runpy.run_module(asked.module, run_name="__main__", alter_sys=True)
