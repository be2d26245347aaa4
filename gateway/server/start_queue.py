"""Requests that wait for their start, in the order of arrival, so that no turn of the event loop starts all of them.

A turn reads from every client that has written, and took 90 to 110 ms with 300 busy clients when it also started what they had asked.
A new client waits for three turns: to be accepted, to be read, and to be started. Short turns keep that under 100 ms. A start of its own
turn would cost a request 10 us and more, so those that a turn has room for start as they are read.
"""

import asyncio
from collections import deque
from collections.abc import Callable
from typing import Final

STARTS_PER_TURN: Final = 64
"""At about 0.1 to 0.3 ms each. Equal fetches of requests that start in one turn are sent once: with 16 a turn 50 equal clients cost 10 % more."""

Start = Callable[[], object]


class StartQueue:
    """Counts the requests that a turn of the event loop starts, and starts those that wait for a later one."""

    def __init__(self) -> None:
        self._waiting: deque[Start] = deque()
        self._left = STARTS_PER_TURN
        self._is_scheduled = False

    def has_room(self, loop: asyncio.AbstractEventLoop) -> bool:
        """Return whether one more may start now, and count it; if not, it has to `wait`."""
        if not self._is_scheduled:
            self._is_scheduled = True
            loop.call_soon(self._begin_turn)
        if not self._left or self._waiting:
            return False
        self._left -= 1
        return True

    def wait(self, start: Start) -> None:
        """Call `start` in a turn that follows, after all that wait already."""
        self._waiting.append(start)

    def _begin_turn(self) -> None:
        self._left = STARTS_PER_TURN - min(STARTS_PER_TURN, len(self._waiting))
        try:
            for _ in range(STARTS_PER_TURN - self._left):
                self._waiting.popleft()()
        finally:
            # Also after a start that raises: the queue would otherwise start nothing any more, while probes are answered.
            self._is_scheduled = bool(self._waiting)
            if self._is_scheduled:
                asyncio.get_running_loop().call_soon(self._begin_turn)
