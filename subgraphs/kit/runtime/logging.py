"""One wide event per request and per message, in JSON or for a person; secrets and personal data never get through."""

import logging
import re
import sys
from collections.abc import MutableMapping
from typing import Any, Literal

import structlog
from opentelemetry import trace

REDACTED = "[redacted]"

_SECRET_NAME = re.compile(
    r"password|secret|token|authorization|cookie|api_?key|private|email|e_mail|phone|card|iban|cvc|payout",
    re.IGNORECASE,
)
_SECRET_VALUE = re.compile(
    r"eyJ[\w-]+\.[\w-]+\.[\w-]*"  # a JWT
    r"|[Bb]earer\s+\S+"
    r"|[\w.+-]+@[\w-]+\.[\w.-]+"  # an e-mail address
    r"|(?<=://)[^/\s:@]*:[^/\s@]+(?=@)"  # credentials in a URL
    r"|\b(?:\d[ -]?){13,19}\b"  # a card number
)


def _redacted(value: object) -> object:
    if isinstance(value, str):
        return _SECRET_VALUE.sub(REDACTED, value)
    if isinstance(value, dict):
        return {key: REDACTED if _SECRET_NAME.search(str(key)) else _redacted(item) for key, item in value.items()}
    if isinstance(value, list | tuple | set | frozenset):
        return [_redacted(item) for item in value]
    if value is None or isinstance(value, bool | int | float):
        return value
    return _redacted(repr(value))  # as the renderers write it: an exception may quote what it was given


def redact(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    """The log event without secrets: whole values under telling names, and telling patterns inside other text."""
    for key, value in event.items():
        if not key.startswith("_"):
            event[key] = REDACTED if _SECRET_NAME.search(key) else _redacted(value)
    return event


def _with_trace(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
    span = trace.get_current_span().get_span_context()
    if span.is_valid:
        event.setdefault("trace_id", format(span.trace_id, "032x"))
    return event


def configure(service: str, *, log_format: Literal["json", "console"], level: str = "INFO") -> None:
    """Send structlog's and the standard library's logs to standard output in one form, named for the service."""

    def with_service(_: Any, __: str, event: MutableMapping[str, Any]) -> MutableMapping[str, Any]:
        event.setdefault("service", service)
        return event

    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.stdlib.add_log_level,
        structlog.stdlib.add_logger_name,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
        structlog.stdlib.PositionalArgumentsFormatter(),
        with_service,
        _with_trace,
    ]
    render = (
        structlog.processors.JSONRenderer()
        if log_format == "json"
        # Never the default formatter: where rich is installed, it prints every frame's local variables.
        else structlog.dev.ConsoleRenderer(
            colors=sys.stdout.isatty(), exception_formatter=structlog.dev.plain_traceback
        )
    )
    # Exceptions become text before redaction: a traceback quotes values too.
    tail: list[Any] = [structlog.processors.format_exc_info, redact, render]
    structlog.configure(
        processors=[*shared, structlog.stdlib.ProcessorFormatter.wrap_for_formatter],
        logger_factory=structlog.stdlib.LoggerFactory(),
        wrapper_class=structlog.stdlib.BoundLogger,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            foreign_pre_chain=shared,
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *tail],
        )
    )
    root = logging.getLogger()
    root.handlers = [handler]
    root.setLevel(level)
    for name in ("uvicorn", "uvicorn.error", "uvicorn.access"):
        logger = logging.getLogger(name)
        logger.handlers = []
        logger.propagate = True
    logging.getLogger("uvicorn.access").disabled = True  # the wide event says more
    logging.getLogger("alembic").setLevel(logging.WARNING)
