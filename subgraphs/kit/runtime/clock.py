"""The time, as an argument: code that decides by time takes a `Clock`, so that a test can hold it still."""

from collections.abc import Callable
from datetime import UTC, datetime, timedelta

Clock = Callable[[], datetime]


def utc_now() -> datetime:
    """The current instant, aware, in UTC."""
    return datetime.now(UTC)


class FixedClock:
    """A clock that stands still until it is moved; the fake of `utc_now`."""

    def __init__(self, at: datetime) -> None:
        self._at = at

    def __call__(self) -> datetime:
        return self._at

    def advance(self, step: timedelta) -> None:
        """Move the clock forward by `step`."""
        self._at += step
