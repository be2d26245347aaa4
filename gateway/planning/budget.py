"""Budget: how much work a plan may cost, in steps of the search and in processor time, so that no operation plans for long."""

from collections.abc import Callable

from gateway.errors import ClientError

DEFAULT_STEPS = 100_000
"""About 1 s; the deep query of the public benchmark takes under 500, the hardest of the public ones 39,000."""

DEFAULT_SECONDS = 2.0
"""Of processor time. Steps are the same on every machine; this bounds those that are slower than usual."""

SPARE_STEPS = 5_000
"""For a second look at a small plan; the market's largest operation takes fewer in all."""

STEPS_BETWEEN_LOOKS = 256
"""At the clock."""


class StepBudget:
    """A budget for one plan.

    Args:
        steps: `limits.max_planning_steps` of the settings.
        seconds: `limits.max_planning_seconds`; by the clock.
        clock: Processor time of the thread that plans, in seconds; without one only steps count.
    """

    __slots__ = ("_clock", "_ends", "_left", "_look_at", "_seconds", "_steps")

    def __init__(
        self,
        steps: int = DEFAULT_STEPS,
        seconds: float = DEFAULT_SECONDS,
        clock: Callable[[], float] | None = None,
    ) -> None:
        self._steps = steps
        self._left = steps
        self._seconds = seconds
        self._clock = clock
        self._ends = clock() + seconds if clock is not None else 0.0
        self._look_at = max(steps - STEPS_BETWEEN_LOOKS, 0)

    @property
    def spent(self) -> int:
        """How many steps were taken."""
        return self._steps - self._left

    def spare(self) -> "SpareBudget | None":
        """Return a budget for a second look at a plan, that leaves enough to finish the plan; None if half of this one is spent."""
        if self._left < self._steps // 2:
            return None
        if self._clock is not None and self._clock() > self._ends - self._seconds / 2:
            return None
        return SpareBudget(min(max(SPARE_STEPS, self.spent // 2), self._left // 2))

    def spend(self, steps: int = 1) -> None:
        """Takes steps from the budget.

        Raises:
            ClientError: QUERY_TOO_COMPLEX when it is used up; the message names the setting.
        """
        self._left -= steps
        if self._left < self._look_at:
            self._look()

    def _look(self) -> None:
        """Compare what was spent with both bounds."""
        if self._left < 0:
            raise _too_complex(f"{self._steps} steps (limits.max_planning_steps)")
        self._look_at = max(self._left - STEPS_BETWEEN_LOOKS, 0)
        if self._clock is not None and self._clock() > self._ends:
            raise _too_complex(f"{self._seconds:g} s of processor time (limits.max_planning_seconds)")


class SpareBudgetSpent(Exception):
    """Raised when a second look at a plan would cost too much; the plan stays as it is."""


class SpareBudget(StepBudget):
    """A budget of steps for a second look at a plan. It does not look at the clock, and refuses nothing."""

    def __init__(self, steps: int) -> None:
        super().__init__(steps)

    def _look(self) -> None:
        if self._left < 0:
            raise SpareBudgetSpent
        super()._look()


def _too_complex(bound: str) -> ClientError:
    return ClientError(f"The operation is too complex: planning it takes more than {bound}.", code="QUERY_TOO_COMPLEX")
