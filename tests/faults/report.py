"""The table of a run."""

from collections.abc import Sequence
from dataclasses import dataclass

from tests.faults.journal import Journal, Outcome, p99
from tests.faults.oracle import Verdict

SHOWN = 12
"""Findings of a kind that are printed; the journal has the rest."""


@dataclass(frozen=True, slots=True)
class Played:
    """A fault that was played, with its times by the monotonic clock.

    Attributes:
        begun, ended: Of the fault itself.
        over: When the traffic after it ended.
        recovery_seconds: From `ended` on; None when the market did not recover in time.
    """

    name: str
    before: float
    begun: float
    ended: float
    over: float
    recovery_seconds: float | None


COLUMNS = ("fault", "lasted s", "sent", "unknown", "in part", "p99 before", "during", "after ms", "recovered s")


def table(played: Sequence[Played], journal: Journal) -> str:
    """A line for each fault."""
    rows = [COLUMNS, *(_row(each, journal) for each in played)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(COLUMNS))]
    return "\n".join(
        "  ".join(cell.ljust(width) if not column else cell.rjust(width) for column, (cell, width) in enumerate(cells))
        for cells in (list(zip(row, widths, strict=True)) for row in rows)
    )


def _row(each: Played, journal: Journal) -> tuple[str, ...]:
    # A kill is over at once: what it does is seen until the market works again.
    during = max(each.ended, min(each.over, each.ended + (each.recovery_seconds or 0.0)))
    return (
        each.name,
        f"{each.ended - each.begun:.1f}",
        str(len(journal.milliseconds(each.begun, each.over))),
        str(journal.count(Outcome.UNKNOWN, each.begun, each.over)),
        str(journal.count(Outcome.REFUSED, each.begun, each.over)),
        _ms(p99(journal.milliseconds(each.before, each.begun))),
        _ms(p99(journal.milliseconds(each.begun, during))),
        _ms(p99(journal.milliseconds(during, each.over))),
        "never" if each.recovery_seconds is None else f"{each.recovery_seconds:.1f}",
    )


def _ms(value: float | None) -> str:
    return "-" if value is None else f"{value:.0f}"


def findings(verdict: Verdict) -> str:
    """What the oracle found: a number for each kind, and the first cases."""
    kinds = {
        "acknowledged and lost": verdict.lost,
        "done twice": verdict.twice,
        "money or pieces that differ": verdict.money,
        "stuck": verdict.stuck,
        "wrong answers": verdict.wrong,
    }
    lines = [f"{name:<30}{len(found):>6}" for name, found in kinds.items()]
    lines.append(f"{'money difference, minor units':<30}{verdict.difference:>6}")
    for name, found in kinds.items():
        lines += [f"  {name}: {case}" for case in found[:SHOWN]]
    return "\n".join(lines)
