"""Spans, where somebody records them; the context, always."""

import pytest
from opentelemetry import trace
from opentelemetry.sdk.trace import TracerProvider
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter

from gateway.server.tracing import Tracing, end_span

TRACE = "4bf92f3577b34da6a3ce929d0e0e4736"
HEADERS = {b"traceparent": f"00-{TRACE}-00f067aa0ba902b7-01".encode(), b"tracestate": b"a=1"}


@pytest.fixture
def recorded(monkeypatch: pytest.MonkeyPatch) -> InMemorySpanExporter:
    exporter = InMemorySpanExporter()
    provider = TracerProvider()
    provider.add_span_processor(SimpleSpanProcessor(exporter))
    monkeypatch.setattr(trace, "get_tracer_provider", lambda: provider)
    return exporter


def test_without_a_provider_the_context_goes_on_and_nothing_is_recorded() -> None:
    lines, span = Tracing().begin(HEADERS)
    assert span is None
    assert lines == b"traceparent: " + HEADERS[b"traceparent"] + b"\r\ntracestate: a=1\r\n"


def test_a_request_is_a_span_of_the_clients_trace(recorded: InMemorySpanExporter) -> None:
    lines, span = Tracing().begin(HEADERS)
    assert span is not None
    end_span(span, kind="query", name="HomeFeed", outcome="failed", code="INTERNAL_SERVER_ERROR")
    (finished,) = recorded.get_finished_spans()
    assert finished.name == "query HomeFeed"
    assert not finished.status.is_ok
    assert finished.parent is not None
    assert format(finished.parent.span_id, "016x") == "00f067aa0ba902b7"
    assert f"00-{TRACE}-{finished.context.span_id:016x}-01".encode() in bytes(lines)
    assert b"tracestate: a=1" in bytes(lines)


def test_a_request_without_a_trace_begins_one(recorded: InMemorySpanExporter) -> None:
    lines, span = Tracing().begin({})
    assert span is not None
    end_span(span, kind="mutation", name=None, outcome="ok", code=None)
    (finished,) = recorded.get_finished_spans()
    assert finished.parent is None
    assert f"{finished.context.trace_id:032x}".encode() in bytes(lines)


@pytest.mark.parametrize("malformed", [b"", b"00-1-1-01", b"00-" + b"0" * 32 + b"-00f067aa0ba902b7-01"])
def test_a_malformed_context_is_no_parent(recorded: InMemorySpanExporter, malformed: bytes) -> None:
    _, span = Tracing().begin({b"traceparent": malformed})
    assert span is not None
    end_span(span, kind="query", name=None, outcome="ok", code=None)
    (finished,) = recorded.get_finished_spans()
    assert finished.parent is None
