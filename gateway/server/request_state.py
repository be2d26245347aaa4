"""One HTTP request under way, and what is counted, traced and logged of it when it is over."""

from collections.abc import Mapping

from opentelemetry.trace import Span

from gateway.execution.request import NO_HEADERS, Answer
from gateway.operation.parse import MAX_NAME_CHARACTERS
from gateway.pipeline import Ready
from gateway.server import content_negotiation as media
from gateway.server.metrics import FETCHES, Counters
from gateway.server.request_log import RequestLog
from gateway.server.tracing import Tracing, end_span

Headers = Mapping[bytes, bytes]


class Exchange:
    """What is known of a request so far.

    Attributes:
        headers: names in lower case; the values of several lines with one name are joined.
        began: by the loop's clock.
        form: how the answer is written.
        kind: of the operation; ``unknown`` until it is, ``batch`` for an array.
        name: of the operation, as far as logs and spans have it.
        code: why it was refused or failed.
        cost: What the request costs at most; None if costs are not counted.
        actual_cost: What its answer cost; None if that was not worked out.
        asks_cost: Whether the client wants to know, and may.
        trace: the trace context that subgraphs get.
    """

    __slots__ = (
        "accepted",
        "actual_cost",
        "asks_cost",
        "began",
        "code",
        "cost",
        "error_count",
        "fetch_count",
        "form",
        "headers",
        "kind",
        "name",
        "plan",
        "span",
        "trace",
    )

    def __init__(self, headers: Headers, began: float) -> None:
        self.headers = headers
        self.began = began
        self.accepted = media.read_accept(headers.get(b"accept", b""))
        self.form = self.accepted.single or media.ResponseForm.PLAIN_JSON
        self.kind = "unknown"
        self.name: str | None = None
        self.plan: str | None = None
        self.code: str | None = None
        self.cost: int | None = None
        self.actual_cost: int | None = None
        self.asks_cost = False
        self.error_count = 0
        self.fetch_count = 0
        self.trace = NO_HEADERS
        self.span: Span | None = None

    def planned(self, ready: Ready) -> None:
        """Note what the request turned out to be."""
        self.kind = ready.kind.value
        name = ready.operation.name
        self.name = name[:MAX_NAME_CHARACTERS] if name is not None else None
        self.plan = ready.planned.digest

    def answered(self, answer: Answer) -> None:
        """Note an answer, or one of several."""
        self.error_count += answer.error_count
        self.fetch_count += answer.fetch_count

    @property
    def outcome(self) -> str:
        """How an answered request went."""
        return "partial" if self.error_count else "ok"


class Recorder:
    """Counts, traces and logs requests."""

    def __init__(self, request_log: RequestLog) -> None:
        self._log = request_log
        self._counters = Counters()
        self._tracing = Tracing()

    def begin_trace(self, exchange: Exchange) -> None:
        """Continue the client's trace, or begin one; once a request."""
        if not exchange.trace:
            exchange.trace, exchange.span = self._tracing.begin(exchange.headers)

    def over(self, outcome: str, exchange: Exchange, now: float) -> None:
        """The request is over.

        Args:
            outcome: ``ok``, ``partial``, ``refused`` or ``failed``.
            now: by the loop's clock.
        """
        seconds = now - exchange.began
        if exchange.span is not None:
            end_span(exchange.span, kind=exchange.kind, name=exchange.name, outcome=outcome, code=exchange.code)
        self._counters.answered(exchange.kind, outcome, seconds)
        if exchange.fetch_count:
            FETCHES.inc(exchange.fetch_count)
        event = {
            "trace_id": exchange.trace[16:48].decode() if exchange.trace else None,
            "operation.kind": exchange.kind,
            "operation.name": exchange.name,
            "plan.digest": exchange.plan,
            "fetches": exchange.fetch_count,
            "errors": exchange.error_count,
            "code": exchange.code,
            "ms": round(seconds * 1000, 3),
        }
        if exchange.cost is not None:
            event["cost.estimate"] = exchange.cost
            event["cost.actual"] = exchange.actual_cost
        self._log.write(outcome, event)
