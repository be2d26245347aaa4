"""A stream ends when its caller's token expires."""

import asyncio
from collections.abc import AsyncGenerator

import pytest

from gateway.execution.request import Answer
from gateway.server.expiry import end_at

LAST = Answer(b"expired", error_count=1)


class Source:
    """A stream that sends some answers and then waits for good."""

    def __init__(self, count: int) -> None:
        self.count = count
        self.is_closed = False

    async def answers(self) -> AsyncGenerator[Answer, None]:
        try:
            for _ in range(self.count):
                yield Answer(b"{}")
            await asyncio.Event().wait()
        finally:
            self.is_closed = True


async def test_a_silent_stream_ends_with_the_last_answer() -> None:
    source = Source(2)
    moment = asyncio.get_running_loop().time() + 0.05
    bodies = [answer.body for answer in [each async for each in end_at(source.answers(), moment, last=LAST)]]
    assert bodies[-1] == b"expired"
    assert source.is_closed


async def test_a_stream_that_never_pauses_ends_as_well() -> None:
    source = Source(10**9)
    moment = asyncio.get_running_loop().time() + 0.01
    async for answer in end_at(source.answers(), moment, last=LAST):
        last = answer
    assert last is LAST
    assert source.is_closed


async def test_without_an_expiry_the_stream_goes_on_to_its_end() -> None:
    async def answers() -> AsyncGenerator[Answer, None]:
        yield Answer(b"{}")

    assert [answer.body async for answer in end_at(answers(), None, last=LAST)] == [b"{}"]


async def test_a_timer_that_is_early_ends_the_stream_with_the_last_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    """uvloop's clock counts milliseconds, and its timers are up to one early."""
    on_time = asyncio.timeout_at
    monkeypatch.setattr(asyncio, "timeout_at", lambda when: on_time(when - 3600))  # early however slow the machine is
    moment = asyncio.get_running_loop().time() + 3600
    bodies = [answer.body async for answer in end_at(Source(1).answers(), moment, last=LAST)]
    assert bodies == [b"{}", b"expired"]
