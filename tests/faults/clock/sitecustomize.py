"""A seam for the clock of the market's processes under `task faults`: Python imports this module at start where it is on PYTHONPATH.

SIGUSR2 makes the process read its file in YARMARKA_FAULTS_CLOCKS, named by its process id: the seconds that its wall clock is ahead from now on, negative
when it is behind. `time-machine` moves `datetime.now`, `time.time` and what else Python has; the monotonic clock stays, as it does when an operator or a
time server sets the clock. The process answers by writing `<process id>.set`. The market's own code has no such switch.
"""

import os
import signal
from datetime import UTC, datetime, timedelta
from pathlib import Path
from types import FrameType

import time_machine

_moved: list[time_machine.travel] = []


def _jump(_signal: int, _frame: FrameType | None) -> None:
    asked = Path(os.environ["YARMARKA_FAULTS_CLOCKS"]) / str(os.getpid())
    ahead = timedelta(seconds=float(asked.read_text()))
    while _moved:
        _moved.pop().stop()
    if ahead:
        _moved.append(time_machine.travel(datetime.now(UTC) + ahead, tick=True))
        _moved[-1].start()
    asked.with_suffix(".set").touch()


if "YARMARKA_FAULTS_CLOCKS" in os.environ:
    signal.signal(signal.SIGUSR2, _jump)
