"""Loops that run beside the requests and end with the process.

A `Loop` repeats one round of work. A round that raises, or that does not end in time, is logged and counted, turns `/ready` to 503
with the loop's name, and is tried again after a back-off with jitter. A round that ends sets the back-off and `/ready` right again:
health is work that was done, not time that has passed. So a loop cannot end without its process saying so. What cannot be tried again
(a `BaseException`) ends the application's life, and `kit.runtime.server` then ends the process with status 1.
"""

import asyncio
import random
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import AbstractAsyncContextManager, asynccontextmanager

import structlog
from prometheus_client import Counter, Gauge

from subgraphs.kit.runtime.readiness import NotReady, ReadinessCheck

RECANCEL_SECONDS = 0.5
FIRST_BACKOFF_SECONDS = 0.5
LONGEST_BACKOFF_SECONDS = 30.0
ROUND_TIMEOUT_SECONDS = 60.0
TASK_PREFIX = "loop-"
"""Of the names of the tasks that run loops."""

_log = structlog.get_logger(__name__)
_rounds = Counter("background_rounds", "Rounds of background loops by outcome.", ["loop", "outcome"])
_failing = Gauge("background_loop_failing", "1 while the newest round of a background loop failed.", ["loop"])

Work = Callable[[], Awaitable[object]]
"""One round; an integer that it returns is how much it did, for the log."""


class Loop:
    """A round of work that is repeated until it is cancelled.

    Args:
        name: of the loop in the log, the metrics and /ready, such as "catalog.release_expired".
        pause_seconds: between the end of a round and the next one.
        timeout_seconds: after which a round is cancelled and has failed; None for a round that may wait for ever.
        is_required: False for a loop whose failure leaves the process able: it is logged and counted, and /ready stays 200.
    """

    def __init__(
        self,
        name: str,
        work: Work,
        *,
        pause_seconds: float,
        timeout_seconds: float | None = ROUND_TIMEOUT_SECONDS,
        longest_backoff_seconds: float = LONGEST_BACKOFF_SECONDS,
        is_required: bool = True,
    ) -> None:
        self.name = name
        self.is_required = is_required
        self.failures = 0
        self.last_error: str | None = None
        self._work = work
        self._pause_seconds = pause_seconds
        self._timeout_seconds = timeout_seconds
        self._longest_backoff_seconds = longest_backoff_seconds
        self._failing_since: float | None = None

    async def run(self) -> None:
        """Repeat the round for ever."""
        while True:
            await self.round()
            await asyncio.sleep(self._backoff_seconds() if self.failures else self._pause_seconds)

    async def round(self) -> None:
        """Do one round; its failure is logged and counted, and never raised."""
        try:
            async with asyncio.timeout(self._timeout_seconds):
                done = await self._work()
        except Exception as error:  # noqa: BLE001 - whatever a round raises fails the loop, and is shown by /ready, log and metric
            self._note_failure(error)
        else:
            self._note_success()
            if isinstance(done, int) and done:
                _log.info("background.done", loop=self.name, count=done)

    async def ready(self) -> None:
        """A readiness check.

        Raises:
            NotReady: while the newest round failed.
        """
        if self.failures:
            raise NotReady(f"{self.last_error}, {self.failures} times in a row")

    def _note_failure(self, error: Exception) -> None:
        is_new = self.last_error != type(error).__name__
        self.failures += 1
        self.last_error = type(error).__name__
        self._failing_since = self._failing_since or time.monotonic()
        _rounds.labels(self.name, "failed").inc()
        _failing.labels(self.name).set(1)
        # The traceback once: a peer that is away for a day would otherwise fill the disk with it.
        _log.error(
            "background.failed",
            loop=self.name,
            failures=self.failures,
            error=f"{self.last_error}: {error}",
            exc_info=error if is_new else None,
        )

    def _note_success(self) -> None:
        if self._failing_since is not None:
            seconds = round(time.monotonic() - self._failing_since, 1)
            _log.info("background.recovered", loop=self.name, failures=self.failures, seconds=seconds)
        self.failures, self.last_error, self._failing_since = 0, None, None
        _rounds.labels(self.name, "ok").inc()
        _failing.labels(self.name).set(0)

    def _backoff_seconds(self) -> float:
        # Past 2 ** 16 the power says nothing more, and a float would overflow after some days.
        grown = FIRST_BACKOFF_SECONDS * 2.0 ** min(self.failures - 1, 16)
        return random.uniform(0.5, 1.0) * min(grown, self._longest_backoff_seconds)  # noqa: S311 - jitter


@asynccontextmanager
async def running(*loops: Loop) -> AsyncIterator[None]:
    """Run loops during the block and cancel them at its end."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop.run(), name=TASK_PREFIX + loop.name) for loop in loops]
        try:
            yield
        finally:
            await _end(tasks)


async def _end(tasks: list[asyncio.Task[None]]) -> None:
    """Cancel until all have ended: a cancellation may be swallowed, as by Python 3.11's `wait_for`, through which redis-py sends."""
    while left := [task for task in tasks if not task.done()]:
        for task in left:
            task.cancel()
        await asyncio.wait(left, timeout=RECANCEL_SECONDS)


def checks_of(*loops: Loop) -> dict[str, ReadinessCheck]:
    """The readiness checks of the loops that the process cannot do without, by the name that /ready shows."""
    return {f"loop {loop.name}": loop.ready for loop in loops if loop.is_required}


class Lifespan:
    """The life of an application: loops run beside its requests, and what it opened is closed at its end, however it ends.

    Args:
        loops: their readiness checks are the application's.
        close: closes what the application opened.
    """

    def __init__(self, *loops: Loop, close: Callable[[], Awaitable[None]]) -> None:
        self._loops = loops
        self._close = close
        self.checks: Mapping[str, ReadinessCheck] = checks_of(*loops)

    def __call__(self, _: object) -> AbstractAsyncContextManager[None]:
        """The block around the application's requests."""
        return self._live()

    @asynccontextmanager
    async def _live(self) -> AsyncIterator[None]:
        try:
            async with running(*self._loops):
                yield
        finally:
            await self._close()
