"""What a readiness check is, and how it says what fails."""

from collections.abc import Awaitable, Callable

ReadinessCheck = Callable[[], Awaitable[None]]
"""Returns when the dependency is there, raises when it is not."""


class NotReady(Exception):
    """Raised by a readiness check whose message says what fails; /ready shows it as it is."""
