"""Asks a process whether it is ready."""

import asyncio
from urllib.parse import urlsplit

from local.processes import Process

POLL_SECONDS = 0.2
ANSWER_SECONDS = 2.0
NO_ANSWER = "no answer yet"


async def problem(process: Process) -> str | None:
    """None if the process answers that it is ready; else what it answered, or why it did not.

    A ready_url of `http` must answer 200, one of `redis` must answer PONG (a server that loads its data does not); without one a
    connection is enough.
    """
    scheme = urlsplit(process.ready_url).scheme if process.ready_url else ""
    try:
        async with asyncio.timeout(ANSWER_SECONDS):
            reader, writer = await asyncio.open_connection("127.0.0.1", process.port)
            try:
                match scheme:
                    case "":
                        return None
                    case "redis":
                        return await _problem_of_redis(reader, writer)
                    case _:
                        return await _problem_of_http(process, reader, writer)
            finally:
                writer.close()
    except (OSError, TimeoutError) as error:
        return str(error) or type(error).__name__


async def _problem_of_redis(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str | None:
    writer.write(b"PING\r\n")
    answer = (await reader.readline()).decode(errors="replace").strip()
    return None if answer == "+PONG" else answer


async def _problem_of_http(process: Process, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> str | None:
    path = urlsplit(process.ready_url or "").path or "/"
    writer.write(f"GET {path} HTTP/1.1\r\nHost: 127.0.0.1\r\nConnection: close\r\n\r\n".encode())
    answer = (await reader.read(4096)).decode(errors="replace")
    status = answer.split(" ", 2)[1] if answer.startswith("HTTP/") else "no HTTP"
    return None if status == "200" else f"{status} {answer.rpartition(chr(10))[2][:300]}"
