"""How much work a call does, counted and not timed: the same number on a fast machine and on a busy one.

What is counted is calls of functions, Python's and C's alike, as the interpreter reports them to a profiler. It is no measure of
seconds (a call of `sorted` is one, however long its list), but what loops over a document calls something for each part of
it, so work that grows with the square of the input shows as such. What it takes in milliseconds, `python -m tests.bench.hostile`
says.
"""

import gc
import sys
from collections.abc import Callable
from types import FrameType
from typing import Any


def calls_of(work: Callable[[], object]) -> int:
    """How many calls `work` leads to; what it raises goes through."""
    count = 0

    def on_event(_frame: FrameType, event: str, _argument: Any) -> None:
        nonlocal count
        if event in {"call", "c_call"}:
            count += 1

    before = sys.getprofile()
    was_collecting = gc.isenabled()
    # Whoever listens to the collector (Hypothesis does) would be counted.
    gc.disable()
    sys.setprofile(on_event)
    try:
        work()
    finally:
        sys.setprofile(before)
        if was_collecting:
            gc.enable()
    return count
