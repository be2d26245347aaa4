"""Loops end with what they run beside, whatever they do."""

import asyncio
from collections.abc import Iterator
from contextlib import suppress

import pytest
from structlog.testing import capture_logs

from subgraphs.kit.runtime import background
from subgraphs.kit.runtime.background import lifespan, repeat, running

DEADLINE_SECONDS = 20


async def for_ever() -> None:
    await asyncio.Event().wait()


async def test_a_loop_that_swallows_a_cancellation_is_cancelled_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(background, "RECANCEL_SECONDS", 0.01)
    swallowed = 0

    async def deaf() -> None:
        nonlocal swallowed
        for _ in range(3):
            with suppress(asyncio.CancelledError):
                await for_ever()
            swallowed += 1
        await for_ever()

    async with asyncio.timeout(DEADLINE_SECONDS), running(deaf(), for_ever()):
        await asyncio.sleep(0)
    assert swallowed == 3


async def test_an_application_closes_what_it_opened_when_a_loop_fails_too() -> None:
    closed: list[str] = []

    async def fails() -> None:
        raise OSError("the disk is full")

    async def close() -> None:
        closed.append("closed")

    with pytest.raises(ExceptionGroup) as failed:
        async with lifespan(for_ever, fails, close=close)(None):
            await for_ever()
    assert [str(each) for each in failed.value.exceptions] == ["the disk is full"]
    async with lifespan(for_ever, close=close)(None):
        pass
    assert closed == ["closed", "closed"]


async def test_what_is_repeated_goes_on_after_a_failure_and_says_what_it_did() -> None:
    outcomes: Iterator[int | OSError] = iter([0, 3, OSError("away"), 1])
    done = asyncio.Event()

    async def work() -> int:
        outcome = next(outcomes, None)
        if outcome is None:
            done.set()
            return 0
        if isinstance(outcome, OSError):
            raise outcome
        return outcome

    with capture_logs() as logs:
        async with asyncio.timeout(DEADLINE_SECONDS), running(repeat(work, name="test", pause_seconds=0.0)):
            await done.wait()
    assert [(each["event"], each.get("count")) for each in logs] == [
        ("background.done", 3),
        ("background.failed", None),
        ("background.done", 1),
    ]
