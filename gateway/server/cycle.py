"""uvicorn's cycle of one request and its answer, with the head of the answer held until the first piece of the body.

uvicorn sends a head at once: two system calls for each answer, the second of which wakes the client again, and 15 % of the processor
time of a small one. ASGI allows a server to wait, so that both leave in one write and a failure between them can still change the head.

Source: ASGI, HTTP Connection Scope, "Response Start".
"""

from uvicorn._types import ASGISendEvent, HTTPResponseStartEvent
from uvicorn.protocols.http.httptools_impl import RequestResponseCycle

from gateway.server.lingering import LingeringTransport


class Cycle(RequestResponseCycle):
    """One request and its answer."""

    transport: LingeringTransport  # type: ignore[assignment]  # it has what uvicorn uses of a transport

    _held: HTTPResponseStartEvent | None = None

    async def send(self, message: ASGISendEvent) -> None:
        """Part of ASGI."""
        if message["type"] == "http.response.start" and not self.response_started:
            self._held = message
            return
        if self._held is None:
            await super().send(message)
            return
        start, self._held = self._held, None
        self.transport.hold()
        try:
            await super().send(start)
            await super().send(message)
        finally:
            self.transport.release()
