"""W3C trace context: every request and message continues its caller's trace, or begins one.

Only the OpenTelemetry API is needed here; with the SDK configured the same context carries real spans.
"""

import secrets
from collections.abc import Iterator, Mapping
from contextlib import contextmanager

from opentelemetry import context as otel_context
from opentelemetry import trace
from opentelemetry.trace import NonRecordingSpan, SpanContext, TraceFlags
from opentelemetry.trace.propagation.tracecontext import TraceContextTextMapPropagator

_propagator = TraceContextTextMapPropagator()


@contextmanager
def continued_trace(headers: Mapping[str, str]) -> Iterator[str]:
    """Run the block inside the trace that the headers name, or a new one; yields the trace id, 32 hex digits."""
    carried = _propagator.extract(
        {name.lower(): value for name, value in headers.items() if name.lower().startswith("trace")}
    )
    span = trace.get_current_span(carried).get_span_context()
    if not span.is_valid:
        span = SpanContext(
            trace_id=secrets.randbits(128) or 1,
            span_id=secrets.randbits(64) or 1,
            is_remote=False,
            trace_flags=TraceFlags(TraceFlags.SAMPLED),
        )
        carried = trace.set_span_in_context(NonRecordingSpan(span), carried)
    token = otel_context.attach(carried)
    try:
        yield format(span.trace_id, "032x")
    finally:
        otel_context.detach(token)


def trace_headers() -> dict[str, str]:
    """The `traceparent` (and `tracestate`) of the current trace; empty outside of one."""
    headers: dict[str, str] = {}
    _propagator.inject(headers)
    return headers


def traceparent() -> str | None:
    """The current `traceparent`, for an event's envelope."""
    return trace_headers().get("traceparent")
