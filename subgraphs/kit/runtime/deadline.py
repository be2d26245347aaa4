"""The time that a request has left, carried in a header from process to process and in a context variable inside one.

The header holds milliseconds that remain, not an instant: two machines' clocks need not agree.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar

DEADLINE_HEADER = "x-deadline-ms"
MAX_SECONDS = 60.0

_deadline: ContextVar[float | None] = ContextVar("deadline", default=None)


class DeadlineExceeded(TimeoutError):
    """Raised when a request has no time left for what it is about to start."""


def remaining_seconds() -> float | None:
    """The seconds that the current request has left, negative when it is over; None when it has no deadline."""
    deadline = _deadline.get()
    return None if deadline is None else deadline - time.monotonic()


def bounded(timeout_seconds: float) -> float:
    """The shorter of a call's own timeout and what the request has left.

    Raises:
        DeadlineExceeded: when nothing is left.
    """
    remaining = remaining_seconds()
    if remaining is None:
        return timeout_seconds
    if remaining <= 0:
        raise DeadlineExceeded("the request has no time left")
    return min(timeout_seconds, remaining)


@contextmanager
def within(seconds: float) -> Iterator[None]:
    """Give the block at most `seconds`, and never more than what is already set."""
    deadline = time.monotonic() + seconds
    outer = _deadline.get()
    token = _deadline.set(deadline if outer is None else min(outer, deadline))
    try:
        yield
    finally:
        _deadline.reset(token)


def seconds_from_header(value: str | None, *, default_seconds: float) -> float:
    """The seconds that a caller grants: the header in milliseconds, or the default when it is absent or makes no sense."""
    if value is None or not value.isascii() or not value.isdigit() or len(value) > 9:
        return default_seconds
    return min(int(value) / 1000, MAX_SECONDS)
