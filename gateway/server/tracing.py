"""W3C trace context, and a span a request where OpenTelemetry's SDK is configured.

Without the SDK the context goes on as it came, or a new one is begun, so that the logs of all subgraphs can be joined; that costs
a microsecond. With it (``opentelemetry-instrument``, or whoever sets a tracer provider) each request is a server span, continuing
the client's trace, and subgraphs continue the span.
"""

from collections.abc import Mapping

from opentelemetry import trace
from opentelemetry.trace import NoOpTracerProvider, ProxyTracerProvider, Span, SpanKind, Status, StatusCode
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

from gateway.execution.request import HeaderLines, header_lines
from gateway.server.forwarding import TRACEPARENT, trace_lines

_propagator = TraceContextTextMapPropagator()


class Tracing:
    """Begins and ends the traces of requests."""

    def __init__(self) -> None:
        provider = trace.get_tracer_provider()
        is_configured = not isinstance(provider, ProxyTracerProvider | NoOpTracerProvider)
        self._tracer = provider.get_tracer("gateway") if is_configured else None

    def begin(self, headers: Mapping[bytes, bytes]) -> tuple[HeaderLines, Span | None]:
        """The trace context that goes to subgraphs, and the request's span if spans are recorded."""
        sent = headers.get(b"traceparent")
        lines = trace_lines(sent, headers.get(b"tracestate", b""))
        if self._tracer is None:
            return lines, None
        received = dict(_line(line) for line in lines.split(b"\r\n") if line)
        carried = _propagator.extract(received) if sent is not None and TRACEPARENT.fullmatch(sent) else None
        span = self._tracer.start_span("graphql", context=carried, kind=SpanKind.SERVER)
        injected: dict[str, str] = {}
        _propagator.inject(injected, context=trace.set_span_in_context(span))
        return header_lines(injected.items()), span


def end_span(span: Span, *, kind: str, name: str | None, outcome: str, code: str | None) -> None:
    """Say how the request ended, and end its span.

    Source: OpenTelemetry semantic conventions for GraphQL servers.
    """
    span.update_name(f"{kind} {name}" if name else kind)
    span.set_attribute("graphql.operation.type", kind)
    if name:
        span.set_attribute("graphql.operation.name", name)
    span.set_attribute("gateway.outcome", outcome)
    if code:
        span.set_attribute("error.type", code)
    if outcome == "failed":
        span.set_status(Status(StatusCode.ERROR))
    span.end()


def _line(line: bytes) -> tuple[str, str]:
    name, _, value = line.decode("latin-1").partition(": ")
    return name, value
