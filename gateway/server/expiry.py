"""The end of a stream when the token of its caller expires."""

import asyncio
from collections.abc import AsyncGenerator, AsyncIterator

from gateway.execution.request import Answer


async def end_at(
    answers: AsyncIterator[Answer], expires_at: float | None, *, last: Answer
) -> AsyncGenerator[Answer, None]:
    """Yield the answers that come before a moment, and `last` when it is reached.

    Args:
        expires_at: By the loop's clock; None if the stream never expires.
    """
    loop = asyncio.get_running_loop()
    try:
        # The loop calls a timeout only while the stream waits, and a stream that always has an event never does.
        while expires_at is None or loop.time() < expires_at:
            # Each event is awaited in a task of its own, so the timeout cannot be around the loop.
            timeout = asyncio.timeout_at(expires_at)
            try:
                async with timeout:
                    answer = await anext(answers, None)
            except TimeoutError:
                if not timeout.expired():
                    raise
                break  # whatever the clock says: a timer may be a part of a millisecond early, and the answers ended with it
            if answer is None:
                return
            yield answer
        yield last
    finally:
        await answers.aclose()  # type: ignore[attr-defined]
