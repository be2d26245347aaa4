"""Loops outlive what their rounds raise, say so while they fail, and end with what they run beside."""

import asyncio
import subprocess
import sys
from collections.abc import Awaitable, Callable, Iterator
from contextlib import suppress

import pytest
from prometheus_client import REGISTRY
from structlog.testing import capture_logs

from subgraphs.kit.runtime import background
from subgraphs.kit.runtime.background import Lifespan, Loop, checks_of, running
from subgraphs.kit.runtime.health import failing_checks
from subgraphs.kit.runtime.readiness import NotReady
from tests.support.bank import eventually
from tests.support.ports import free_port

DEADLINE_SECONDS = 20


async def for_ever() -> None:
    await asyncio.Event().wait()


def endless(work: Callable[[], Awaitable[object]] = for_ever, name: str = "test") -> Loop:
    return Loop(name, work, pause_seconds=0.0, timeout_seconds=None)


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

    async with asyncio.timeout(DEADLINE_SECONDS), running(endless(deaf), endless()):
        await asyncio.sleep(0)
    assert swallowed == 3


async def test_a_failing_loop_is_named_by_ready_and_tried_again_until_it_succeeds(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr(background, "FIRST_BACKOFF_SECONDS", 0.001)
    outcomes: Iterator[int | Exception] = iter([3, ValueError("unknown counter"), ValueError("again"), OSError(), 1])
    is_over, may_go_on = asyncio.Event(), asyncio.Event()

    async def work() -> int:
        outcome = next(outcomes, None)
        if outcome is None:
            is_over.set()
            await for_ever()
        if isinstance(outcome, OSError):
            await may_go_on.wait()
        if isinstance(outcome, Exception):
            raise outcome
        return outcome or 0

    loop = endless(work, "test.counted")
    with capture_logs() as logs:
        async with asyncio.timeout(DEADLINE_SECONDS), running(loop):
            await eventually(lambda: loop.failures == 2)
            assert await failing_checks(checks_of(loop)) == {"loop test.counted": "ValueError, 2 times in a row"}
            assert REGISTRY.get_sample_value("background_loop_failing", {"loop": "test.counted"}) == 1
            may_go_on.set()
            await is_over.wait()
            assert await failing_checks(checks_of(loop)) == {}
    assert [(log["event"], log.get("error")) for log in logs] == [
        ("background.done", None),
        ("background.failed", "ValueError: unknown counter"),
        ("background.failed", "ValueError: again"),
        ("background.failed", "OSError: "),
        ("background.recovered", None),
        ("background.done", None),
    ]
    assert [bool(log["exc_info"]) for log in logs if "exc_info" in log] == [True, False, True]
    assert REGISTRY.get_sample_value("background_rounds_total", {"loop": "test.counted", "outcome": "failed"}) == 3


async def test_a_round_without_end_fails() -> None:
    loop = Loop("test", for_ever, pause_seconds=0.0, timeout_seconds=0.001)
    await loop.round()
    with pytest.raises(NotReady, match="TimeoutError"):
        await loop.ready()


async def test_pauses_grow_with_failures_up_to_the_longest() -> None:
    async def fail() -> None:
        raise OSError

    loop = Loop("test", fail, pause_seconds=0.0, longest_backoff_seconds=4.0)
    for longest in (0.5, 1.0, 2.0, 4.0, 4.0, 4.0):
        await loop.round()
        assert longest / 2 <= loop._backoff_seconds() <= longest


async def test_a_loop_that_is_not_required_leaves_ready_alone() -> None:
    async def fail() -> None:
        raise OSError

    loop = Loop("test", fail, pause_seconds=0.0, is_required=False)
    await loop.round()
    assert loop.failures == 1
    assert checks_of(loop) == {}


async def test_an_application_closes_what_it_opened_when_a_loop_cannot_go_on() -> None:
    closed: list[str] = []

    class Unbearable(BaseException):
        pass

    async def fails() -> None:
        raise Unbearable("the loop is lost")

    async def close() -> None:
        closed.append("closed")

    with pytest.raises(BaseExceptionGroup, match="TaskGroup"):
        async with Lifespan(endless(), endless(fails), close=close)(None):
            await for_ever()
    async with Lifespan(endless(), close=close)(None):
        pass
    assert closed == ["closed", "closed"]


_BROKEN_LIFE = """
import asyncio, sys
from contextlib import asynccontextmanager
from starlette.applications import Starlette
from subgraphs.kit.runtime.server import serve

@asynccontextmanager
async def life(_):
    if sys.argv[2] == "at-start":
        raise ValueError("it does not start")
    async with asyncio.TaskGroup() as group:
        group.create_task(fail())
        yield

async def fail():
    raise ValueError("a loop is lost")

sys.exit(serve(Starlette(lifespan=life), host="127.0.0.1", port=int(sys.argv[1])))
"""


@pytest.mark.parametrize("moment", ["at-start", "while-it-runs"])
def test_a_process_whose_life_ended_by_an_exception_ends_with_a_failure(moment: str) -> None:
    ended = subprocess.run(
        [sys.executable, "-c", _BROKEN_LIFE, str(free_port()), moment], capture_output=True, timeout=60, check=False
    )
    assert ended.returncode in ({1} if moment == "while-it-runs" else {1, 3}), ended.stderr.decode()
