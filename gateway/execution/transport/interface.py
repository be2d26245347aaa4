"""How the executor reaches a subgraph: one request, one reply, or one request and a stream of events.

Two implementations: `http.HttpTransport` on asyncio, and `fake.FakeTransport` beside it for tests.
"""

from asyncio import Future
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from typing import Protocol

from gateway.execution.request import HeaderLines, SubgraphEndpoint


@dataclass(frozen=True, slots=True)
class Reply:
    """What a subgraph sent back: anything that HTTP can carry, judged by whoever asked.

    Attributes:
        content_type: the header's value in lower case, without parameters; "" if there is none.
    """

    status: int
    content_type: str
    body: bytes


class Transport(Protocol):
    """Sends GraphQL requests to subgraphs over HTTP."""

    def post(
        self,
        service: SubgraphEndpoint,
        body: bytes,
        headers: HeaderLines,
        *,
        hop_headers: HeaderLines,
        deadline: float,
        is_safe: bool,
    ) -> Future[Reply]:
        """The reply to `body`, as a future: no task is made for it. Cancelling the future gives the request up.

        Args:
            body: a GraphQL request as JSON.
            headers: beside those that the transport sets itself (host, length, content type, accept).
            hop_headers: more of them.
            deadline: a moment of the loop's clock, in seconds.
            is_safe: the request may be sent a second time if a kept connection turns out dead before any byte came back.

        Raises (by the future):
            SubgraphError: ``SUBGRAPH_UNREACHABLE``, ``SUBGRAPH_TIMEOUT``, ``SUBGRAPH_OVERLOADED`` (too many requests wait for
                a connection), ``SUBGRAPH_RESPONSE_TOO_LARGE`` or ``SUBGRAPH_MALFORMED_RESPONSE`` (no HTTP).
        """
        ...

    def subscribe(
        self, service: SubgraphEndpoint, body: bytes, headers: HeaderLines, *, hop_headers: HeaderLines, deadline: float
    ) -> AsyncGenerator[bytes, None]:
        """The events of a subscription, each a GraphQL response as JSON, until the subgraph completes it.

        Args:
            deadline: when the stream must have been accepted; events have no deadline. Closing the iterator closes the stream.

        Raises (while iterating):
            SubgraphError: as `post`, and ``SUBGRAPH_STREAM_LOST`` if the stream breaks before it is complete.
        """
        ...

    async def close(self) -> None:
        """Closes every connection; requests under way fail as unreachable."""
        ...
