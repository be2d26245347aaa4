"""The bank sandbox as the process that it is, and a listener for what it sends."""

import asyncio
import os
import ssl
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import httpx
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route
from starlette.types import ASGIApp

from tests.support.ports import free_port
from tests.support.processes import stop, wait_until

API_KEY = "a-test-key-of-the-bank"
WEBHOOK_SECRET = "a-test-secret-of-webhooks"

NO_CERTIFICATES = ssl.SSLContext(ssl.PROTOCOL_TLS_CLIENT)
"""Of clients that speak no TLS: by default each new one reads all certificates of the system, 0.1 s of processor time."""

START_SECONDS = 60.0
"""On a busy machine; how fast an app starts is no claim of its tests."""

KEEP_ALIVE_SECONDS = 600
"""Longer than a busy machine pauses: a connection that closes while a request is sent on it fails the request."""

PATIENCE_SECONDS = 60.0
"""Only what never comes takes so long."""


@dataclass(frozen=True, slots=True)
class RunningBank:
    """A bank that answers."""

    url: str

    async def set_faults(self, **faults: object) -> None:
        """Have the bank lose, delay, double or reverse its events from now on; nothing given ends it."""
        async with self.client() as client:
            (await client.put("/v1/test/webhooks", json=faults)).raise_for_status()

    async def intent(self, payment_id: str) -> dict[str, Any]:
        """What the bank has for one of our payments."""
        (intent,) = await self.intents(payment_id)
        return intent

    async def intents(self, payment_id: str) -> list[dict[str, Any]]:
        """Everything that the bank has for one of our payments: none, if it was never reached."""
        async with self.client() as client:
            found = (await client.get("/v1/intents", params={"reference": payment_id})).json()["intents"]
        return [dict(each) for each in found]

    async def references(self) -> set[str]:
        """The bank's names for its payments, of whatever test: at most a thousand."""
        async with self.client() as client:
            found = (await client.get("/v1/intents", params={"limit": 1000})).json()["intents"]
        return {each["id"] for each in found}

    def client(self) -> httpx.AsyncClient:
        """A merchant's client with the right key."""
        return httpx.AsyncClient(
            base_url=self.url,
            headers={"authorization": f"Bearer {API_KEY}"},
            timeout=10,
            trust_env=False,
            verify=NO_CERTIFICATES,
        )


@contextmanager
def running_bank(
    file: Path, *, webhook_url: str = "", port: int | None = None, slow_seconds: float = 0.2
) -> Iterator[RunningBank]:
    """Start the bank on its file, wait until it is ready, stop it by its process id in the end."""
    port = port or free_port()
    environment = {
        **os.environ,
        "BANK_PORT": str(port),
        "BANK_API_KEY": API_KEY,
        "BANK_WEBHOOK_URL": webhook_url,
        "BANK_DATA": str(file),
        "BANK_SLOW_SECONDS": str(slow_seconds),
        "PAYMENT_WEBHOOK_SECRET": WEBHOOK_SECRET,
        "YARMARKA_LOG_FORMAT": "json",
    }
    log = file.with_suffix(".log")
    with log.open("ab") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "subgraphs.payment.sandbox"], env=environment, stdout=output, stderr=output
        )
    try:
        url = f"http://127.0.0.1:{port}"
        wait_until(lambda: _is_ready(url), process, "the bank")
        yield RunningBank(url)
    finally:
        stop(process)


def _is_ready(url: str) -> bool:
    try:
        return httpx.get(f"{url}/ready", timeout=2, trust_env=False).status_code == 200
    except httpx.TransportError:
        return False


async def _serving(server: uvicorn.Server) -> None:
    """Serve until the server is told to stop.

    Raises:
        RuntimeError: when it cannot start. uvicorn ends the process then, and a fixture that does that fails every later test that uses it, too.
    """
    try:
        await server._serve()
    except SystemExit:
        raise RuntimeError(f"no server can start on port {server.config.port}") from None


class Servers:
    """Serves apps in this loop, and in the end stops all of them at once: one after the other, each takes 0.2 s."""

    def __init__(self) -> None:
        self._serving: list[tuple[uvicorn.Server, asyncio.Task[None]]] = []

    async def __aenter__(self) -> "Servers":
        return self

    async def __aexit__(self, *_exception: object) -> None:
        for server, _ in self._serving:
            server.should_exit = True
        await asyncio.gather(*(task for _, task in self._serving))

    async def serve(self, app: ASGIApp, *, port: int | None = None) -> str:
        """The address where the app answers from now on."""
        port = port or free_port()
        config = uvicorn.Config(
            app,
            host="127.0.0.1",
            port=port,
            log_config=None,
            lifespan="on",
            ws="none",
            timeout_keep_alive=KEEP_ALIVE_SECONDS,
        )
        server = uvicorn.Server(config)
        serving = asyncio.create_task(_serving(server))
        self._serving.append((server, serving))
        await eventually(lambda: server.started or serving.done(), seconds=START_SECONDS)
        if serving.done():
            self._serving.pop()
            await serving
        return f"http://127.0.0.1:{port}"


@asynccontextmanager
async def served(app: ASGIApp, *, port: int | None = None) -> AsyncIterator[str]:
    """Serve an app in this loop; its address."""
    async with Servers() as servers:
        yield await servers.serve(app, port=port)


@dataclass(slots=True)
class Listener:
    """Takes webhooks, after refusing the first `refusals` of them."""

    refusals: int = 0
    received: list[tuple[dict[str, str], bytes]] = field(default_factory=list)

    @property
    def app(self) -> Starlette:
        """The app to serve."""

        async def take(request: Request) -> Response:
            self.received.append((dict(request.headers), await request.body()))
            if self.refusals > 0:
                self.refusals -= 1
                return Response(status_code=503)
            return Response(status_code=204)

        return Starlette(routes=[Route("/webhooks/bank", take, methods=["POST"])])


async def eventually(
    condition: Callable[[], Any] | Callable[[], Awaitable[Any]], *, seconds: float = PATIENCE_SECONDS
) -> None:
    """Return as soon as the condition holds.

    Raises:
        AssertionError: when it does not within the time.
    """
    deadline = time.monotonic() + seconds
    while True:
        outcome = condition()
        if asyncio.iscoroutine(outcome):
            outcome = await outcome
        if outcome:
            return
        assert time.monotonic() < deadline, f"not true within {seconds} seconds"
        await asyncio.sleep(0.02)
