"""One request and its whole reply, as a future that a connection fills.

The exchange is the future that the executor waits on: one object and no task a fetch. It ends once, by an answer, an error,
its deadline or being cancelled; whatever else reaches it then is ignored.
"""

import asyncio
from collections.abc import Callable
from typing import Any

from gateway.errors import SubgraphError
from gateway.execution.encoding import has_more_values
from gateway.execution.request import SubgraphEndpoint
from gateway.execution.transport.connection import MAX_HEAD_BYTES, Connection, Fault
from gateway.execution.transport.interface import Reply


class Exchange(asyncio.Future[Reply]):
    """A POST under way, or waiting for a connection.

    Args:
        head: the request's head up to where the deadline is told; b"" where it is not.
        request: what follows, the body included.
        deadline: a moment of the loop's clock.
        is_safe: may be sent again if a kept connection is found dead.
        max_response_bytes: of the body; a longer one fails.
        max_response_values: of the body's JSON; see `encoding.has_more_values`.
        on_slow: called when it has waited for as long as the subgraph's `Liveness` says, unless its deadline comes first.

    Attributes:
        connection: which carries it now; None while it waits.
        is_retried: it has been sent on a connection that was dead.
        queued_at: when it began to wait for a connection, by the loop's clock; set by the pool.
    """

    def __init__(
        self,
        service: SubgraphEndpoint,
        request: bytes,
        *,
        head: bytes = b"",
        loop: asyncio.AbstractEventLoop,
        deadline: float,
        is_safe: bool,
        max_response_bytes: int,
        max_response_values: int,
        on_slow: "Callable[[Exchange], None]",
    ) -> None:
        super().__init__(loop=loop)
        self.service = service
        self._head = head
        self._request = request
        self.deadline = deadline
        self.is_safe = is_safe
        self.connection: Connection | None = None
        self.is_retried = False
        self.queued_at = 0.0
        self.received = 0
        self._max_response_bytes = max_response_bytes
        self._max_response_values = max_response_values
        self._status = 0
        self._content_type = ""
        self._is_length_known = False
        self._declared_bytes = 0
        self._body: bytes | list[bytes] = b""
        self._on_slow = on_slow
        liveness = service.liveness
        if liveness is None:
            self._timer = loop.call_at(deadline, self.expire)
        else:
            slow_at = loop.time() + liveness.after_seconds
            is_probed = slow_at + liveness.timeout_seconds < deadline
            self._timer = loop.call_at(slow_at, self._report_slow) if is_probed else loop.call_at(deadline, self.expire)

    @property
    def sent_at(self) -> float:
        """When it began on its connection, or else began to wait for one; by the loop's clock."""
        return self.connection.begun_at if self.connection is not None else self.queued_at

    def wire(self, now: float) -> bytes:
        """Part of `Carried`: the request, with the milliseconds that are left if the subgraph wants to know."""
        if self.service.deadline_header is None:
            return self._request
        left_ms = max(0, int((self.deadline - now) * 1000))
        return b"%b%b: %d\r\n%b" % (self._head, self.service.deadline_header, left_ms, self._request)

    # What may end it

    def cancel(self, msg: Any | None = None) -> bool:
        """Gives the request up, and its connection with it."""
        is_cancelled = super().cancel(msg)
        if is_cancelled:
            self._let_go()
        return is_cancelled

    def fail(self, code: str, message: str) -> None:
        """Ends it with an error."""
        if not self.done():
            self.set_exception(SubgraphError(message, service=self.service.name, code=code))
            self._let_go()

    def expire(self) -> None:
        """Ends it because no answer came in time."""
        is_unknown = not self.is_safe and self.connection is not None
        outcome = "; whether the mutation took place is unknown" if is_unknown else ""
        self.fail("SUBGRAPH_TIMEOUT", f"Subgraph {self.service.name!r} did not answer in time{outcome}.")

    def _report_slow(self) -> None:
        self._timer = self.get_loop().call_at(self.deadline, self.expire)
        self._on_slow(self)

    def _let_go(self) -> None:
        self._timer.cancel()
        connection, self.connection = self.connection, None
        if connection is not None:
            connection.abort()

    # What the connection tells

    def fed(self, count: int) -> None:
        """Counts bytes from the wire; a head or a body that is too long fails."""
        self.received += count
        if self.received > self._max_response_bytes + MAX_HEAD_BYTES:
            self._fail_too_large()

    def header(self, name: bytes, value: bytes) -> None:
        """Takes note of a header."""
        lowered = name.lower()
        if lowered == b"content-type":
            self._content_type = value.split(b";", 1)[0].strip().lower().decode("latin-1")
        elif lowered == b"content-length":
            self._is_length_known = True
            # The parser accepts digits alone, and no more than 20 of them.
            self._declared_bytes = int(value) if value.isdigit() else 0
        elif lowered == b"transfer-encoding":
            self._is_length_known = True

    def head(self, status: int) -> None:
        """Takes note of the status, and refuses a body that is declared too long."""
        self._status = status
        if self._declared_bytes > self._max_response_bytes:
            self._fail_too_large()

    def interim(self) -> None:
        """Forgets the headers of an interim answer."""
        self._content_type, self._is_length_known, self._declared_bytes = "", False, 0

    def piece(self, data: bytes) -> None:
        """Takes a piece of the body."""
        if not self._body:
            self._body = data
        elif isinstance(self._body, bytes):
            self._body = [self._body, data]
        else:
            self._body.append(data)

    def is_stale(self) -> bool:
        """Whether the answer is a 408 to a request that may be sent again: the subgraph closed an idle connection as it arrived."""
        return self._status == 408 and self.is_safe and not self.is_retried and not self.done()

    def restart(self) -> None:
        """Forgets the answer, before the request is sent once more."""
        self.is_retried = True
        self.connection = None
        self.received = self._status = self._declared_bytes = 0
        self._content_type, self._is_length_known, self._body = "", False, b""

    def complete(self) -> None:
        """Ends it with the answer."""
        self.connection = None
        if self.done():
            return
        body = self._body if isinstance(self._body, bytes) else b"".join(self._body)
        if has_more_values(body, self._max_response_values):
            self.fail(
                "SUBGRAPH_RESPONSE_TOO_LARGE",
                f"The response of subgraph {self.service.name!r} has more than {self._max_response_values} values.",
            )
            return
        self._timer.cancel()
        self.set_result(Reply(self._status, self._content_type, body))

    def lost(self) -> None:
        """The connection is closed: that ends a body whose length nobody gave, and breaks any other."""
        self.connection = None
        if self._status and not self._is_length_known:
            self.complete()
        else:
            self.fail(
                "SUBGRAPH_UNREACHABLE", f"Subgraph {self.service.name!r} closed the connection before its answer."
            )

    def broken(self, fault: Fault) -> None:
        """Ends it: what came is not HTTP/1.1."""
        self.fail(fault.code, f"Subgraph {self.service.name!r} sent {fault.what}.")

    def _fail_too_large(self) -> None:
        self.fail(
            "SUBGRAPH_RESPONSE_TOO_LARGE",
            f"The response of subgraph {self.service.name!r} is longer than {self._max_response_bytes} bytes.",
        )
