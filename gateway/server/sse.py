"""Answers as server-sent events: one `next` for each, `complete` at the end.

Source: the GraphQL over Server-Sent Events protocol, distinct connections mode; WHATWG HTML, section 9.2 (Server-sent events).
"""

import asyncio
import contextlib
from collections.abc import AsyncIterator

from starlette.types import Receive, Send

from gateway.execution.request import Answer

HEADERS = [
    (b"content-type", b"text/event-stream; charset=utf-8"),
    (b"cache-control", b"no-store"),
    (b"x-accel-buffering", b"no"),
]
COMPLETE = b"event: complete\ndata:\n\n"
KEEP_ALIVE = b":\n\n"
KEEP_ALIVE_SECONDS = 12.0


def event(body: bytes) -> bytes:
    """A response as an event; JSON has no line breaks of its own."""
    return b"event: next\ndata: " + body.replace(b"\n", b" ") + b"\n\n"


async def send_stream(answers: AsyncIterator[Answer], receive: Receive, send: Send, stopping: asyncio.Event) -> int:
    """Send answers as they come, until there are no more, the client leaves, or the process stops; how many were sent.

    A stream that is cut because the process stops has no `complete`: the client is to subscribe again.
    """
    return await send_events(_framed(answers), receive, send, stopping, last=COMPLETE)


async def send_events(
    events: AsyncIterator[bytes], receive: Receive, send: Send, stopping: asyncio.Event, *, last: bytes = b""
) -> int:
    """Send events as they come, as `send_stream` does.

    Args:
        events: whole, with the empty line that ends each.
        last: what a client is sent when there are no more.
    """
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    # The first bytes tell the client that it is subscribed.
    await send({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})
    sent = 0
    left = asyncio.create_task(_until_gone(receive))
    stop = asyncio.create_task(stopping.wait())
    upcoming = asyncio.ensure_future(anext(events, None))
    try:
        while True:
            done, _ = await asyncio.wait(
                {left, stop, upcoming}, timeout=KEEP_ALIVE_SECONDS, return_when=asyncio.FIRST_COMPLETED
            )
            if left in done:
                return sent
            if upcoming in done:
                one = upcoming.result()
                if one is None:
                    await send({"type": "http.response.body", "body": last, "more_body": False})
                    return sent
                await send({"type": "http.response.body", "body": one, "more_body": True})
                sent += 1
                upcoming = asyncio.ensure_future(anext(events, None))
            elif stop in done:
                await send({"type": "http.response.body", "body": b"", "more_body": False})
                return sent
            else:
                await send({"type": "http.response.body", "body": KEEP_ALIVE, "more_body": True})
    finally:
        for task in (left, stop, upcoming):
            task.cancel()
        await asyncio.gather(left, stop, upcoming, return_exceptions=True)
        with contextlib.suppress(RuntimeError):
            await events.aclose()  # type: ignore[attr-defined]


async def send_single(body: bytes, send: Send) -> None:
    """One answer, and the end: a query whose client takes nothing but events."""
    await send({"type": "http.response.start", "status": 200, "headers": HEADERS})
    await send({"type": "http.response.body", "body": event(body) + COMPLETE, "more_body": False})


async def _framed(answers: AsyncIterator[Answer]) -> AsyncIterator[bytes]:
    try:
        async for answer in answers:
            yield event(answer.body)
    finally:
        await answers.aclose()  # type: ignore[attr-defined]


async def _until_gone(receive: Receive) -> None:
    while (await receive())["type"] != "http.disconnect":
        pass
