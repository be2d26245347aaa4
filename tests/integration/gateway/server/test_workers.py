"""The parent of the workers hears signals, deaths and readiness at any moment."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from multiprocessing.connection import Connection
from pathlib import Path

import pytest

DEADLINE_SECONDS = 180.0
DRAIN_SECONDS = 600.0

PARENT = """
import sys
from functools import partial
from pathlib import Path
from gateway.server import workers
from tests.integration.gateway.server.test_workers import work
if __name__ == "__main__":
    workers.READY_SECONDS = 3600.0
    sys.exit(workers.WorkerGroup(partial(work, Path(sys.argv[1])), count=2, drain_seconds=float(sys.argv[2])).run())
"""


def work(folder: Path, readiness: Connection) -> None:
    """A worker: says that it is there, becomes ready unless the folder says that none does, and ends on SIGTERM unless it is deaf."""
    signal.signal(signal.SIGHUP, signal.SIG_IGN)
    signal.signal(signal.SIGTERM, signal.SIG_IGN if (folder / "deaf").exists() else signal.SIG_DFL)
    # Before it is ready: a worker that is ready has started.
    (folder / f"started-{os.getpid()}").touch()
    if not (folder / "unready").exists():
        readiness.send_bytes(b"ready")
        (folder / f"ready-{os.getpid()}").touch()
    while True:
        signal.pause()


class Parent:
    """A running parent of two workers."""

    def __init__(self, folder: Path, process: "subprocess.Popen[bytes]") -> None:
        self.folder = folder
        self.process = process

    def alive(self, kind: str = "started") -> set[int]:
        """Process ids of the workers that live and have started, or are ready."""
        found = (int(path.name.rpartition("-")[2]) for path in self.folder.glob(f"{kind}-*"))
        return {pid for pid in found if Path(f"/proc/{pid}/cmdline").exists() and not is_zombie(pid)}

    def wait_for(self, is_true: Callable[[], bool]) -> None:
        """Return when it is true; fail when it is not in time."""
        until = time.monotonic() + DEADLINE_SECONDS
        while not is_true():
            assert self.process.poll() is None, "the parent has ended"
            assert time.monotonic() < until, "not in time"
            time.sleep(0.02)


def is_zombie(pid: int) -> bool:
    """Whether the process has ended, and its parent has not looked yet."""
    try:
        return Path(f"/proc/{pid}/stat").read_text(encoding="ascii").rpartition(")")[2].split()[0] == "Z"
    except OSError:
        return True


@pytest.fixture
def drain_seconds() -> float:
    return DRAIN_SECONDS


@pytest.fixture
def parent(tmp_path: Path, drain_seconds: float) -> Iterator[Parent]:
    script = tmp_path / "parent.py"
    script.write_text(PARENT, encoding="utf-8")
    root = Path(__file__).parents[4]
    process = subprocess.Popen(
        [sys.executable, str(script), str(tmp_path), str(drain_seconds)], env={**os.environ, "PYTHONPATH": str(root)}
    )
    parent = Parent(tmp_path, process)
    try:
        parent.wait_for(lambda: len(parent.alive("ready")) == 2)
        yield parent
    finally:
        for pid in parent.alive():
            os.kill(pid, signal.SIGKILL)
        if process.poll() is None:
            process.kill()
        process.wait()


def test_each_worker_is_replaced_by_one_that_is_ready(parent: Parent) -> None:
    old = parent.alive()
    parent.process.send_signal(signal.SIGHUP)
    parent.wait_for(lambda: len(parent.alive("ready")) == 2 and not parent.alive() & old)


def test_it_stops_while_a_replacement_never_becomes_ready(parent: Parent) -> None:
    """The times to become ready and to drain are longer than this test waits."""
    (parent.folder / "unready").touch()
    parent.process.send_signal(signal.SIGHUP)
    parent.wait_for(lambda: len(parent.alive()) == 3)
    parent.process.send_signal(signal.SIGTERM)
    assert parent.process.wait(DEADLINE_SECONDS) == 0
    assert parent.alive() == set()


def test_a_worker_that_dies_during_a_replacement_is_restarted(parent: Parent) -> None:
    old = parent.alive()
    (parent.folder / "unready").touch()
    parent.process.send_signal(signal.SIGHUP)
    parent.wait_for(lambda: len(parent.alive()) == 3)
    (parent.folder / "unready").unlink()
    for pid in old:
        os.kill(pid, signal.SIGKILL)
    # One place waits for its successor; the other gets a worker at once.
    parent.wait_for(lambda: len(parent.alive("ready") - old) == 1)


def test_a_replacement_that_dies_leaves_the_old_workers(parent: Parent) -> None:
    old = parent.alive()
    (parent.folder / "unready").touch()
    parent.process.send_signal(signal.SIGHUP)
    parent.wait_for(lambda: len(parent.alive()) == 3)
    (starting,) = parent.alive() - old
    os.kill(starting, signal.SIGKILL)
    parent.wait_for(lambda: parent.alive() == old)
    (parent.folder / "unready").unlink()
    parent.process.send_signal(signal.SIGHUP)
    parent.wait_for(lambda: len(parent.alive("ready")) == 2 and not parent.alive() & old)


@pytest.mark.parametrize("drain_seconds", [0.0])
def test_workers_that_do_not_end_are_killed(parent: Parent) -> None:
    old = parent.alive()
    (parent.folder / "deaf").touch()
    parent.process.send_signal(signal.SIGHUP)
    parent.wait_for(lambda: len(parent.alive("ready")) == 2 and not parent.alive() & old)
    parent.process.send_signal(signal.SIGTERM)
    assert parent.process.wait(DEADLINE_SECONDS) == 0
    assert parent.alive() == set()
