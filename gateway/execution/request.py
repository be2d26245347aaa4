"""What the executor is given and what it gives back."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from typing import Any, NewType

import msgspec

from gateway.errors import InternalError
from gateway.execution.error_rules import EVERYTHING_PASSES, ErrorRules
from gateway.execution.trace import Trace

HeaderLines = NewType("HeaderLines", bytes)
"""HTTP header lines as they go on the wire, each ending with CRLF. Made by `header_lines` only, which refuses injection."""

NO_HEADERS = HeaderLines(b"")


@dataclass(frozen=True, slots=True)
class Liveness:
    """How a fetch that waits asks whether the process that it waits for still runs; see `transport.liveness`.

    Attributes:
        path: Of the subgraph's origin, answered by a process that lives whatever it waits for.
        after_seconds: How long a fetch has waited when the process is asked, and the pause between two probes.
        timeout_seconds: For any answer.
    """

    path: str
    after_seconds: float
    timeout_seconds: float


@dataclass(frozen=True, slots=True)
class SubgraphEndpoint:
    """A subgraph as the executor knows it: the name it has in plans, and where it answers.

    Attributes:
        timeout_seconds: for one fetch that only reads, or for a subscription to be accepted; None leaves it the whole request's time.
        mutation_timeout_seconds: for one fetch of a mutation's own fields.
        deadline_header: name of a header with the milliseconds that a fetch has left when it is sent; None sends none.
        errors: what clients read of its errors.
        liveness: None lets a fetch wait for its deadline, whether the process lives or not.
    """

    name: str
    url: str
    timeout_seconds: float | None = None
    mutation_timeout_seconds: float | None = None
    deadline_header: bytes | None = None
    errors: ErrorRules = EVERYTHING_PASSES
    liveness: Liveness | None = None

    def due(self, *, now: float, deadline: float, is_safe: bool) -> float:
        """Return when a fetch that starts now must be answered: the request's deadline, or earlier.

        Args:
            is_safe: Whether the fetch only reads.
        """
        timeout = self.timeout_seconds if is_safe else self.mutation_timeout_seconds
        return deadline if timeout is None else min(deadline, now + timeout)


@dataclass(slots=True)
class ExecutionRequest:
    """One client request to a prepared operation. Not frozen, as `pipeline.Request`.

    Attributes:
        deadline: a moment of the event loop's clock (``loop.time()``), in seconds, when the answer is due. Fetches that are
            not done then fail with ``SUBGRAPH_TIMEOUT``, each costing its own fields.
        variables: coerced values, JSON-able, by name; a variable that is absent was not given and has no default.
        headers: gives the header lines for a subgraph by its name. They are the caller's identity: two requests share a
            subgraph's answer in flight only if these are the same bytes.
        hop_headers: header lines that differ from request to request without meaning another caller (trace context);
            a shared fetch carries those of whoever came first.
        extensions: goes into the answer's ``extensions``, beside what execution adds.
        is_traced: collect a `Trace`, and show it as ``extensions.trace``, after what `extensions` says there.
    """

    deadline: float
    variables: Mapping[str, Any] = field(default_factory=dict)
    headers: Callable[[str], HeaderLines] = lambda _service: NO_HEADERS
    hop_headers: HeaderLines = NO_HEADERS
    extensions: Mapping[str, Any] | None = None
    is_traced: bool = False


@dataclass(slots=True)
class Answer:
    """A GraphQL response, encoded. Not frozen, as `pipeline.Request`.

    Attributes:
        body: the JSON of the whole response: ``data``, then ``errors`` and ``extensions`` if there are any.
        error_count: how many ``errors`` are in `body`.
        fetch_count: requests made to subgraphs, those shared with others in flight included.
        trace: set if the request asked for it.
    """

    body: bytes
    error_count: int = 0
    fetch_count: int = 0
    trace: Trace | None = None

    def decoded(self) -> dict[str, Any]:
        """The whole response as Python values, for tests and tools; decodes anew at each call."""
        response: dict[str, Any] = msgspec.json.decode(self.body)
        return response

    @property
    def data(self) -> Any:
        """The response's ``data``."""
        return self.decoded()["data"]

    @property
    def errors(self) -> list[dict[str, Any]]:
        """The response's ``errors``, [] if there are none."""
        return self.decoded().get("errors", [])  # type: ignore[no-any-return]


def header_lines(headers: Iterable[tuple[str, str]]) -> HeaderLines:
    """The headers as they go on the wire, in the order given.

    Raises:
        InternalError: a name or a value holds a character that would end the header (CR, LF, NUL), or is no latin-1.
    """
    lines: list[bytes] = []
    for name, value in headers:
        try:
            line = f"{name}: {value}".encode("latin-1")
        except UnicodeEncodeError as error:
            raise InternalError(f"header {name!r} cannot be sent over HTTP") from error
        if not name or any(byte in line for byte in (b"\r", b"\n", b"\0")):
            raise InternalError(f"header {name!r} cannot be sent over HTTP")
        lines.append(line + b"\r\n")
    return HeaderLines(b"".join(lines))
