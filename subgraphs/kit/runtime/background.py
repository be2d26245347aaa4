"""Loops that run beside the requests and end with the process."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable, Coroutine
from contextlib import AbstractAsyncContextManager, asynccontextmanager
from typing import Any

import structlog

RECANCEL_SECONDS = 0.5

_log = structlog.get_logger(__name__)


@asynccontextmanager
async def running(*loops: Coroutine[Any, Any, None]) -> AsyncIterator[None]:
    """Run endless loops during the block and cancel them at its end; one that raises ends the block with its exception."""
    async with asyncio.TaskGroup() as group:
        tasks = [group.create_task(loop) for loop in loops]
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


def lifespan(
    *loops: Callable[[], Coroutine[Any, Any, None]], close: Callable[[], Awaitable[None]]
) -> Callable[[object], AbstractAsyncContextManager[None]]:
    """The life of an application: the loops run beside its requests, and what it opened is closed at its end, however it ends."""

    @asynccontextmanager
    async def life(_: object) -> AsyncIterator[None]:
        try:
            async with running(*(loop() for loop in loops)):
                yield
        finally:
            await close()

    return life


async def repeat(work: Callable[[], Awaitable[int]], *, name: str, pause_seconds: float) -> None:
    """Do something for ever, with a pause before each time; how much was done is logged, and so is what went wrong.

    Args:
        name: of the work in the log, such as "catalog.release_expired".
        work: gives how much it did.
    """
    while True:
        await asyncio.sleep(pause_seconds)
        try:
            done = await work()
        except Exception:  # noqa: BLE001 - whatever fails is logged, and the next round tries again
            _log.exception("background.failed", work=name)
            continue
        if done:
            _log.info("background.done", work=name, count=done)
