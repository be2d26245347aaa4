"""Waits until a process answers that it is ready."""

import asyncio
import time

from local.processes import Process

POLL_SECONDS = 0.1
ANSWER_SECONDS = 2.0


async def wait_until_ready(process: Process, *, deadline: float) -> str | None:
    """None when it is ready; else, at the deadline (of the monotonic clock, in seconds), what it last answered."""
    said: str | None = "no answer yet"
    while time.monotonic() < deadline:
        said = await _ask(process)
        if said is None:
            return None
        await asyncio.sleep(POLL_SECONDS)
    return said


async def _ask(process: Process) -> str | None:
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
            try:
                if process.ready_url is None:
                    return None
                path = "/" + process.ready_url.split("/", 3)[3]
                writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
                answer = (await reader.read(4096)).decode(errors="replace")
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        return str(error) or type(error).__name__
    status = answer.split(" ", 2)[1] if answer.startswith("HTTP/") else "no HTTP"
    return None if status == "200" else f"{status} {answer.rpartition(chr(10))[2][:300]}"
