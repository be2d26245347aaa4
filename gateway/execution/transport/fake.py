"""A Transport without a network: subgraphs are functions, and replies come when the test lets them."""

import asyncio
from collections.abc import AsyncGenerator, Callable, Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from gateway.errors import SubgraphError
from gateway.execution.request import HeaderLines, SubgraphEndpoint
from gateway.execution.transport.interface import Reply

Subgraph = Callable[[dict[str, Any]], Any]
"""Given a GraphQL request, gives a response as Python values, or a Reply, or raises a SubgraphError."""


@dataclass(frozen=True, slots=True)
class Sent:
    """A request as the fake was given it."""

    service: str
    body: bytes
    headers: bytes
    is_safe: bool

    @property
    def request(self) -> dict[str, Any]:
        """The GraphQL request in the body."""
        decoded: dict[str, Any] = msgspec.json.decode(self.body)
        return decoded


class FakeTransport:
    """Answers from functions, one a service.

    A service that is held does not answer until it is released: so tests say what overtakes what, without sleeping.

    Attributes:
        sent: every request, in order.
        cancelled: how many requests were given up.
    """

    def __init__(self, subgraphs: Mapping[str, Subgraph]) -> None:
        self.sent: list[Sent] = []
        self.cancelled = 0
        self._subgraphs = dict(subgraphs)
        self._grown = asyncio.Event()
        self._held: dict[str, list[tuple[asyncio.Future[Reply], Callable[[], None]]]] = {}

    def hold(self, service: str) -> None:
        """Keeps the replies of a service back."""
        self._held.setdefault(service, [])

    async def until_sent(self, *services: str) -> None:
        """Returns when the requests sent so far are to these services, in this order; fails after five seconds."""
        async with asyncio.timeout(5):
            while [sent.service for sent in self.sent] != list(services):
                self._grown.clear()
                await self._grown.wait()

    def release(self, service: str) -> None:
        """Sends the replies that were kept back, and answers at once from now on."""
        for _, answer in self._held.pop(service, []):
            answer()

    def post(
        self,
        service: SubgraphEndpoint,
        body: bytes,
        headers: HeaderLines,
        *,
        hop_headers: HeaderLines,
        deadline: float,
        is_safe: bool,
    ) -> asyncio.Future[Reply]:
        """As `Transport.post`."""
        loop = asyncio.get_running_loop()
        future: asyncio.Future[Reply] = loop.create_future()
        sent = Sent(service.name, body, headers + hop_headers, is_safe)
        self.sent.append(sent)
        self._grown.set()

        def answer() -> None:
            if future.done():
                return
            timer.cancel()
            try:
                future.set_result(self._reply(sent))
            except SubgraphError as error:
                future.set_exception(error.with_traceback(None))

        def expire() -> None:
            if not future.done():
                future.set_exception(
                    SubgraphError(
                        f"Subgraph {service.name!r} took too long.", service=service.name, code="SUBGRAPH_TIMEOUT"
                    )
                )

        def count_cancelled(done: asyncio.Future[Reply]) -> None:
            timer.cancel()
            self.cancelled += done.cancelled()

        timer = loop.call_at(deadline, expire)
        future.add_done_callback(count_cancelled)
        if (held := self._held.get(service.name)) is not None:
            held.append((future, answer))
        else:
            loop.call_soon(answer)
        return future

    async def subscribe(
        self, service: SubgraphEndpoint, body: bytes, headers: HeaderLines, *, hop_headers: HeaderLines, deadline: float
    ) -> AsyncGenerator[bytes, None]:
        """As `Transport.subscribe`: the service's function gives an iterable of responses; an exception in it breaks the stream."""
        sent = Sent(service.name, body, headers + hop_headers, is_safe=False)
        self.sent.append(sent)
        self._grown.set()
        for event in self._subgraph(service.name)(sent.request):
            yield event if isinstance(event, bytes) else msgspec.json.encode(event)

    async def close(self) -> None:
        """Nothing to close."""

    def _reply(self, sent: Sent) -> Reply:
        answered = self._subgraph(sent.service)(sent.request)
        if isinstance(answered, Reply):
            return answered
        body = answered if isinstance(answered, bytes) else msgspec.json.encode(answered)
        return Reply(200, "application/json", body)

    def _subgraph(self, service: str) -> Subgraph:
        if service not in self._subgraphs:
            raise SubgraphError(
                f"Subgraph {service!r} cannot be reached.", service=service, code="SUBGRAPH_UNREACHABLE"
            )
        return self._subgraphs[service]
