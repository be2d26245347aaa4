"""Fuel: how much work a plan may cost, counted in steps of the search, so that no operation plans for long."""

from gateway.errors import ClientError

DEFAULT_STEPS = 25_000
"""About 0.2 s; the deep query of the public benchmark takes under 500."""


class Fuel:
    """A budget of steps for one plan."""

    __slots__ = ("_left", "_steps")

    def __init__(self, steps: int = DEFAULT_STEPS) -> None:
        self._steps = steps
        self._left = steps

    @property
    def spent(self) -> int:
        """How many steps were taken."""
        return self._steps - self._left

    def burn(self, steps: int = 1) -> None:
        """Takes steps from the budget.

        Raises:
            ClientError: QUERY_TOO_COMPLEX when it is used up.
        """
        self._left -= steps
        if self._left < 0:
            raise ClientError("The operation is too complex to plan.", code="QUERY_TOO_COMPLEX")
