"""The thread in which plans are made, so that a heavy one does not keep the answers of others.

Making a plan is pure computation, up to a quarter of a second for an operation that is made to cost. On the event loop nobody
would be answered meanwhile. In a thread the interpreter switches between the two every half a millisecond
(`server.tuning.tune_threads`). There is one thread, and it looks up what is there before it makes anything: so whatever many
ask for at once is made once, and planning never takes more than one core.
"""

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import TypeVar

from gateway.errors import ClientError

T = TypeVar("T")


class PlanningThread:
    """Runs one thing after the other.

    Args:
        max_waiting: requests that wait for their turn; one more is told 503.
    """

    def __init__(self, max_waiting: int = 1_000) -> None:
        self._thread = ThreadPoolExecutor(max_workers=1, thread_name_prefix="planning")
        self._max_waiting = max_waiting
        self._waiting = 0

    async def run(self, make: Callable[[], T], *, deadline: float) -> T:
        """What `make` gives, in its turn; whoever no longer waits for it is passed over.

        Raises:
            ClientError: OVERLOADED, or PLANNING_TIMEOUT at the deadline; or what `make` raises.
        """
        if self._waiting >= self._max_waiting:
            raise ClientError("Too many operations wait to be planned.", code="OVERLOADED", status=503)
        self._waiting += 1
        try:
            async with asyncio.timeout_at(deadline):
                return await asyncio.get_running_loop().run_in_executor(self._thread, make)
        except TimeoutError:
            raise ClientError("The operation was not planned in time.", code="PLANNING_TIMEOUT", status=503) from None
        finally:
            self._waiting -= 1

    def close(self) -> None:
        """Ends the thread; what still waits is cancelled."""
        self._thread.shutdown(wait=False, cancel_futures=True)
