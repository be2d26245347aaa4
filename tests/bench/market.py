"""`python -m tests.bench.market`: what the recommender's parts take of processor time, on generated markets.

Prints for each part the median of its runs and what it may take: the demo market at full size is made, a model of the small market
is trained, and slates of three sizes are ranked for 40 buyers. Exit status 1 if one takes more than it may.
"""

import statistics
import sys
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tests.support.ranking import TRAINED_AT, UNTIL, history, model, small, today
from workers.demo_market.generate import Plan, generate
from workers.ranking.pipeline import rank
from workers.ranking.slate import SlateRequest
from workers.training.replay import Replay
from workers.training.train import train

BUYERS = 40


@dataclass(frozen=True, slots=True)
class Part:
    """A part with its runs, each of which is timed for itself, and the most that their median may be, in ms."""

    name: str
    runs: list[Callable[[], object]]
    max_ms: float


def main() -> int:
    """Runs every part and prints a table; gives the exit status."""
    sys.stdout.write(f"{'part':40}{'runs':>6}{'median ms':>11}{'may take':>10}\n")
    status = 0
    for part in parts():
        median = statistics.median(map(milliseconds, part.runs))
        is_slow = median > part.max_ms
        complaint = "  too slow" if is_slow else ""
        sys.stdout.write(f"{part.name:40}{len(part.runs):6}{median:11.1f}{part.max_ms:10.0f}{complaint}\n")
        sys.stdout.flush()
        status |= is_slow
    return status


def parts() -> Iterator[Part]:
    """All parts; what they need is made before they are timed."""
    yield Part("generate the demo market", [lambda: generate(Plan(seed=1, until=UNTIL))], 12_000)
    log = history()
    yield Part("train on the small market", [lambda: train(Replay(log), seed=3, trained_at=TRAINED_AT)], 60_000)
    market, ranker, later = today().market(), model(), UNTIL + 3600.0
    profiles = [today().profile(buyer.id) for buyer in small().buyers[:BUYERS]]
    for size in (1, 20, 200):
        request = SlateRequest(size=size)
        yield Part(
            f"rank a slate of {size}",
            [
                lambda profile=profile, request=request: rank(  # type: ignore[misc]
                    profile, market, model=ranker, now=later, seed=1, request=request
                )
                for profile in profiles
            ],
            50,
        )


def milliseconds(run: Callable[[], object]) -> float:
    """Processor time of one run."""
    began = time.process_time()
    run()
    return (time.process_time() - began) * 1000


if __name__ == "__main__":
    sys.exit(main())
