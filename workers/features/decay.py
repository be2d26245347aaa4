"""Counters that forget: a mass that halves every half-life, kept as one number and an instant.

The mass of acts with weights w_i at instants t_i, read at T, is the sum of w_i * 0.5 ** ((T - t_i) / half_life). Keeping
(mass, at) is enough: move the mass to the later instant, then add. An act older than `at` is aged before it is added, so the
order in which events arrive does not matter, which a queue that redelivers needs.

By hand, with a half-life of one day: a click on Monday noon and one on Tuesday noon are 1.5 on Tuesday noon, 0.75 on
Wednesday noon.
"""

from math import exp, log
from typing import NamedTuple

HOUR = 3_600.0
DAY = 86_400.0

HALF_LIVES: tuple[float, ...] = (HOUR, DAY, 7 * DAY, 30 * DAY)
"""Seconds. A visit, a day, a week's mission, a month's taste."""

HALF_LIFE_NAMES: tuple[str, ...] = ("1h", "1d", "7d", "30d")

_RATES = tuple(log(2.0) / half_life for half_life in HALF_LIVES)

NOTHING: tuple[float, ...] = (0.0,) * len(HALF_LIVES)


def factors(elapsed_seconds: float) -> tuple[float, ...]:
    """What is left of a unit after the elapsed time, for each half-life; 1 for no time, or for a clock that went back."""
    if elapsed_seconds <= 0.0:
        return (1.0,) * len(HALF_LIVES)
    hour, day, week, month = _RATES
    return (
        exp(-elapsed_seconds * hour),
        exp(-elapsed_seconds * day),
        exp(-elapsed_seconds * week),
        exp(-elapsed_seconds * month),
    )


class Mass(NamedTuple):
    """A decayed sum for each half-life, as of `at` (Unix seconds).

    Training adds a million acts, most of them to several masses: hence a tuple, and half-lives written out.
    """

    at: float = 0.0
    values: tuple[float, ...] = NOTHING

    def add(self, weight: float, at: float) -> "Mass":
        """The mass with one more act in it; the later of the two instants becomes `at`."""
        hour, day, week, month = self.values
        if at >= self.at:
            h, d, w, m = factors(at - self.at)
            return Mass(at, (hour * h + weight, day * d + weight, week * w + weight, month * m + weight))
        h, d, w, m = factors(self.at - at)
        return Mass(self.at, (hour + weight * h, day + weight * d, week + weight * w, month + weight * m))

    def read(self, now: float) -> tuple[float, ...]:
        """The mass at `now`, for each half-life. An instant before `at` reads as `at`: clocks of processes differ."""
        return tuple([v * f for v, f in zip(self.values, factors(now - self.at), strict=True)])


EMPTY = Mass()
"""The mass of nothing; its `at` of 0 (1970) is before every event."""
