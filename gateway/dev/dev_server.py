"""The gateway that `dev` runs: the same that serves, which also tells its GraphiQL page how the subgraphs compose.

`GET /dev/composition` answers the state as JSON, or, to a client that accepts ``text/event-stream``, as an event now and at every
change. Nothing of it exists in `serve`. It starts without a schema as well: then there is only the page, and what is wrong.
"""

import asyncio
import json
import multiprocessing
import signal
import socket
import threading
from collections.abc import AsyncIterator
from dataclasses import dataclass
from multiprocessing.process import BaseProcess
from multiprocessing.synchronize import Event
from pathlib import Path

from starlette.types import Receive, Scope, Send

from gateway.server import sse
from gateway.server.app import Gateway
from gateway.server.run import configure_logging, serve_here
from gateway.server.supergraphs import SupergraphFile
from gateway.server.workers import end_with_parent
from gateway.settings import Settings

COMPOSITION_PATH = "/dev/composition"
POLL_SECONDS = 0.1
STOP_SECONDS = 35.0


class DevelopmentGateway(Gateway):
    """A gateway that may have no schema yet, and tells how the subgraphs compose.

    Args:
        state: the file where the loop that composes says so; a `CompositionState` in JSON.
    """

    poll_seconds = POLL_SECONDS

    def __init__(self, settings: Settings, state: Path) -> None:
        super().__init__(settings, composition_url=COMPOSITION_PATH)
        self._state = state

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """The ASGI application."""
        if scope["type"] == "http" and scope["path"] == COMPOSITION_PATH:
            await self._tell(scope, receive, send)
        else:
            await super().__call__(scope, receive, send)

    def serve_first(self, served: SupergraphFile) -> None:
        """Load the schema, if the subgraphs have composed already."""
        if served.path.exists():
            super().serve_first(served)

    async def _tell(self, scope: Scope, receive: Receive, send: Send) -> None:
        if b"text/event-stream" in dict(scope["headers"]).get(b"accept", b""):
            await sse.send_events(self._changes(), receive, send, self._service.stopping)
            return
        headers = [(b"content-type", b"application/json"), (b"cache-control", b"no-store")]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": self._now()})

    async def _changes(self) -> AsyncIterator[bytes]:
        told = None
        while True:
            now = self._now()
            if now != told:
                told = now
                yield b"data: " + now + b"\n\n"
            await asyncio.sleep(POLL_SECONDS)

    def _now(self) -> bytes:
        """The state, with the schema that is in service: what composed may still be on its way there."""
        pipeline = self._service.pipeline
        state = json.loads(self._state.read_text(encoding="utf-8"))
        return json.dumps({**state, "schema": pipeline.supergraph.digest if pipeline is not None else None}).encode()


@dataclass(frozen=True, slots=True)
class RunningGateway:
    """The gateway as a process of its own.

    Attributes:
        is_ready: set once it answers.
    """

    process: BaseProcess
    is_ready: Event

    def stop(self) -> None:
        """Lets it drain; kills it if that takes too long."""
        self.process.terminate()
        self.process.join(STOP_SECONDS)
        if self.process.is_alive():
            self.process.kill()
            self.process.join()


def start(settings: Settings, listening: socket.socket, state: Path) -> RunningGateway:
    """A gateway that serves the supergraph file of the settings, as soon as there is one, on a listening socket."""
    context = multiprocessing.get_context("spawn")
    is_ready = context.Event()
    process = context.Process(target=_serve, args=(settings, listening, state, is_ready))
    # Ctrl-C reaches it as well; before it has its own handler, its end is the parent's business alone.
    handler = signal.signal(signal.SIGINT, signal.SIG_IGN)
    try:
        process.start()
    finally:
        signal.signal(signal.SIGINT, handler)
    return RunningGateway(process, is_ready)


def _serve(settings: Settings, listening: socket.socket, state: Path, is_ready: Event) -> None:
    threading.Thread(target=end_with_parent, daemon=True).start()
    configure_logging(settings)
    serve_here(DevelopmentGateway(settings, state), settings, listening, is_ready.set)
