"""Clocks that jump: sets the wall clock of one running process of the market, and only its own."""

import os
import signal
import subprocess
import time
from collections.abc import Mapping
from pathlib import Path

SEAM = Path(__file__).parent / "clock"
SET_SECONDS = 60.0
PAUSE_SECONDS = 0.02


def settings(folder: Path) -> dict[str, str]:
    """The environment in which the market's processes can be told another time.

    Args:
        folder: Where they read what time they are told; made when it is not there.
    """
    folder.mkdir(exist_ok=True)
    found = os.environ.get("PYTHONPATH")
    return {
        "PYTHONPATH": f"{SEAM}{os.pathsep}{found}" if found else str(SEAM),
        "YARMARKA_FAULTS_CLOCKS": str(folder.resolve()),
    }


def jump(folder: Path, group: int, *, ahead_seconds: float) -> None:
    """Set the clock of every process of a group; 0 is the right time.

    Raises:
        TimeoutError: when one of them does not take it.
    """
    waiting: Mapping[int, Path] = {pid: folder / f"{pid}.set" for pid in _members(group)}
    for pid, answer in waiting.items():
        answer.unlink(missing_ok=True)
        (folder / str(pid)).write_text(str(ahead_seconds))
        os.kill(pid, signal.SIGUSR2)
    until = time.monotonic() + SET_SECONDS
    for pid, answer in waiting.items():
        while not answer.exists():
            if time.monotonic() > until:
                raise TimeoutError(f"process {pid} did not set its clock within {SET_SECONDS:g} s")
            time.sleep(PAUSE_SECONDS)


def _members(group: int) -> list[int]:
    listing = subprocess.run(["ps", "-e", "-o", "pid=,pgid=,stat="], capture_output=True, text=True, check=True).stdout
    rows = (line.split() for line in listing.splitlines())
    return [int(pid) for pid, pgid, state in rows if int(pgid) == group and not state.startswith("Z")]
