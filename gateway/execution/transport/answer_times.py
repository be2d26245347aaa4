"""How long the answers of an origin take, and so whether a request can still be answered in time."""

from typing import Final

SMOOTHING: Final = 0.1
"""The weight of the newest answer in the mean."""

WINDOW_SECONDS: Final = 10.0
"""The shortest time is that of one to two windows; without an answer for one window nothing is known."""


class AnswerTimes:
    """The times that answers took lately.

    Attributes:
        mean_seconds: the newest weigh most.
        shortest_seconds: of this window; infinite before the first answer.
        latest_at: when the last one came.
    """

    def __init__(self, now: float) -> None:
        self.mean_seconds = 0.0
        self.shortest_seconds = float("inf")
        self.latest_at = 0.0
        self._shortest_before = 0.0
        self._window_ends = now + WINDOW_SECONDS

    def note(self, seconds: float, now: float) -> None:
        """Take an answer that came at `now` into account."""
        self.latest_at = now
        self.mean_seconds += SMOOTHING * (seconds - self.mean_seconds)
        if now >= self._window_ends:
            is_recent = now < self._window_ends + WINDOW_SECONDS
            self._shortest_before = self.shortest_seconds if is_recent else 0.0
            self.shortest_seconds = seconds
            self._window_ends = now + WINDOW_SECONDS
        elif seconds < self.shortest_seconds:
            self.shortest_seconds = seconds

    def is_hopeless(self, left_seconds: float, now: float) -> bool:
        """Whether no answer of the last windows came within so little time."""
        if left_seconds <= 0:
            return True
        return left_seconds <= min(self.shortest_seconds, self._shortest_before) and now < self._window_ends
