"""Processes of the bench: started on a core, asked what they cost, stopped by their group."""

import os
import signal
import subprocess
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from pathlib import Path

_TICKS = os.sysconf("SC_CLK_TCK")
START_SECONDS = 60.0


@contextmanager
def running(
    command: Sequence[str], *, core: int | None, folder: Path, log: Path, environment: Mapping[str, str]
) -> Iterator["subprocess.Popen[bytes]"]:
    """A process in a group of its own, pinned to a core if the machine has several."""
    pinned = [] if core is None else ["taskset", "-c", str(core)]
    with log.open("ab") as output:
        process = subprocess.Popen(
            [*pinned, *command],
            cwd=folder,
            env={**os.environ, **environment},
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )
    try:
        yield process
    finally:
        _stop(process)


def _stop(process: "subprocess.Popen[bytes]") -> None:
    for sent in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, sent)
        except ProcessLookupError:
            break
        try:
            process.wait(10)
        except subprocess.TimeoutExpired:
            continue
    process.wait()


def wait_for(is_there: Callable[[], bool], process: "subprocess.Popen[bytes]", log: Path) -> None:
    """Returns when `is_there`; an error with the end of the log when the process ends or a minute passes."""
    until = time.monotonic() + START_SECONDS
    while not is_there():
        if process.poll() is not None or time.monotonic() > until:
            raise RuntimeError(f"{process.args!r} did not come up: {log.read_text(errors='replace')[-600:]}")
        time.sleep(0.1)


def group_cost(process: "subprocess.Popen[bytes]") -> tuple[float, int]:
    """Processor seconds used, and bytes of memory held, by all processes of the group."""
    seconds, memory = 0.0, 0
    for entry in Path("/proc").iterdir():
        if not entry.name.isdigit():
            continue
        try:
            # After the command's name, which may hold spaces: state, parent, group, and from the twelfth on the times.
            fields = (entry / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) != process.pid:
                continue
            seconds += (int(fields[11]) + int(fields[12])) / _TICKS
            memory += int(fields[21]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, IndexError):
            continue
    return seconds, memory
