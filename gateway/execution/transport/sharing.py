"""Requests in flight: shared between equal ones, and handed on by an execution that was given up."""

from asyncio import Future, get_running_loop

from gateway.execution.request import HeaderLines, SubgraphEndpoint
from gateway.execution.transport.interface import Reply, Transport

_Key = tuple[str, HeaderLines, bytes]


class Flights:
    """Sends requests, and lets identical queries in flight share one.

    Identical means: the same address, the same identity (header lines) and the same body, to the byte. A mutation is never
    shared. Nobody joins a flight that may still be under way at his own deadline. All who share a request hold one future, so
    none of them may cancel it: `give_up` counts, and cancels when nobody is left.

    Args:
        transport: what sends.
    """

    def __init__(self, transport: Transport) -> None:
        self._transport = transport
        self._by_key: dict[_Key, Future[Reply]] = {}
        self._waiters: dict[Future[Reply], int] = {}
        self._deadlines: dict[Future[Reply], float] = {}

    def post(
        self,
        service: SubgraphEndpoint,
        body: bytes,
        headers: HeaderLines,
        *,
        hop_headers: HeaderLines,
        deadline: float,
        is_safe: bool,
    ) -> tuple[Future[Reply], bool]:
        """The reply as by `Transport.post`, and whether it is somebody else's request that brings it.

        The subgraph's own time-out may end the request before `deadline`. A request that its sender's deadline cuts shorter than
        that is not shared: whoever joins would lose time that is theirs.
        """
        due = service.due(now=get_running_loop().time(), deadline=deadline, is_safe=is_safe)
        is_cut = service.timeout_seconds is not None and due == deadline
        if not is_safe or is_cut:
            future = self._transport.post(
                service, body, headers, hop_headers=hop_headers, deadline=due, is_safe=is_safe
            )
            return future, False
        key = (service.url, headers, body)
        flying = self._by_key.get(key)
        if flying is not None and self._deadlines[flying] <= deadline and not flying.done():
            self._waiters[flying] += 1
            return flying, True
        future = self._transport.post(service, body, headers, hop_headers=hop_headers, deadline=due, is_safe=is_safe)
        self._by_key[key] = future
        self._waiters[future] = 1
        self._deadlines[future] = due

        def landed(landed_future: Future[Reply]) -> None:
            del self._waiters[landed_future]
            del self._deadlines[landed_future]
            if self._by_key.get(key) is landed_future:
                del self._by_key[key]

        future.add_done_callback(landed)
        return future, False

    def give_up(self, future: Future[Reply]) -> None:
        """Says that one of those who wait for a future does so no longer."""
        waiters = self._waiters.get(future, 1)
        if waiters > 1:
            self._waiters[future] = waiters - 1
        elif not future.cancel() and not future.cancelled():
            future.exception()  # whatever it is, nobody waits for it: asyncio need not warn of it


class Recorded:
    """The requests that an execution has made, for the one that begins anew over the same answers.

    Args:
        flights: where they were sent.
    """

    def __init__(self, flights: Flights) -> None:
        self._flights = flights
        self._futures: dict[tuple[int, bytes], Future[Reply]] = {}

    def add(self, fetch_id: int, body: bytes, future: Future[Reply]) -> None:
        """Remembers a request of a fetch."""
        self._futures[fetch_id, body] = future

    def take(self, fetch_id: int, body: bytes) -> Future[Reply] | None:
        """The future of an equal request of the same fetch, once; None if there is none."""
        return self._futures.pop((fetch_id, body), None)

    def abandon(self) -> None:
        """Gives up what nobody has taken."""
        for future in self._futures.values():
            self._flights.give_up(future)
        self._futures.clear()
