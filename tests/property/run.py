"""Runs random worlds for as long as is asked: `python -m tests.property.run --seconds 3600`.

Each seed makes a schema with data, splits it over subgraphs, and draws operations; the gateway's answers must be those of one schema,
and an operation that is written in another way must get the same data. Prints for each seed that fails the smallest world and
operation found that fail alike, with the plan. Exit status 1 if one failed.
"""

import argparse
import asyncio
import sys
import time
import traceback

from tests.laboratory.rewritten_trials import run_rewritten_trials
from tests.laboratory.worlds.trials import run_trials


async def failure_of(seed: int) -> str | None:
    """What is wrong with the world of a seed, or None."""
    for trial in await run_trials(seed):
        if trial.answered != trial.expected:
            return trial.shown
    try:
        for trial in await run_rewritten_trials(seed, operations=1, rewritings=1):
            if trial.answered != trial.expected:
                return f"{trial.shown}\nrewritten {trial.answered}\nas first  {trial.expected}"
    except Exception:  # noqa: BLE001  # whatever goes wrong in a random world is what this is looking for
        return f"seed {seed}\n{traceback.format_exc()}"
    return None


def main(arguments: list[str]) -> int:
    """Runs what the command line asks for; gives the exit status."""
    parser = argparse.ArgumentParser(prog="python -m tests.property.run", description=(__doc__ or "").split("\n\n")[0])
    parser.add_argument("--seconds", type=float, default=60.0)
    parser.add_argument("--seed", type=int, default=0, help="the first seed; the others follow")
    options = parser.parse_args(arguments)
    ends = time.monotonic() + options.seconds
    seed, failures = options.seed, 0
    while seed == options.seed or time.monotonic() < ends:
        failure = asyncio.run(failure_of(seed))
        if failure is not None:
            failures += 1
            sys.stdout.write(f"{failure}\n\n")
            sys.stdout.flush()
        seed += 1
    sys.stdout.write(f"{seed - options.seed} worlds, {failures} answered wrongly\n")
    return 1 if failures else 0


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
