"""Run the state machine against each bug: see the package's docstring."""

import argparse
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import orjson

from tests.seeded.bugs import BUGS

MACHINE = "tests/integration/subgraphs/money/seeded.py"
MAX_TEXT = 110
LOOK_SECONDS = 0.5


def main(arguments: Sequence[str]) -> int:
    """Run, and print a line for each bug; 1 when one was not found."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.seeded", description="Does the machine of money find each bug?"
    )
    parser.add_argument("names", nargs="*", metavar="bug", help=", ".join(BUGS))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--examples", type=int, default=0, help="as many as CI has, and the same, by default")
    parser.add_argument("--seed", type=int, default=0, help="of more examples")
    chosen = parser.parse_args(arguments)
    unknown = sorted(set(chosen.names) - set(BUGS))
    if unknown:
        parser.error(f"there is no bug {', '.join(unknown)}: there are {', '.join(BUGS)}")
    names = chosen.names or list(BUGS)
    tests = [f"{MACHINE}::test_the_machine_finds[{chosen.database}-{name}-embedded]" for name in names]
    found = 0
    for outcome in _outcomes(tests, examples=chosen.examples, seed=chosen.seed):
        found += bool(outcome["check"])
        print(_line(outcome), flush=True)
    print(f"{found} of {len(names)} bugs found on {chosen.database}")
    return 0 if found == len(names) else 1


def _outcomes(tests: Sequence[str], *, examples: int, seed: int) -> Iterator[dict[str, Any]]:
    """Run the tests in one process, and yield the outcome of each as soon as it is there."""
    with tempfile.TemporaryDirectory(prefix="yarmarka-seeded-") as folder:
        report, log = Path(folder) / "outcomes", Path(folder) / "log"
        report.touch()
        options = ("-q", "-p", "no:xdist", "-p", "tests.seeded.plugin", f"--hypothesis-seed={seed}")
        own = ("--seeded-report", str(report), "--seeded-examples", str(examples))
        with log.open("wb") as output, report.open("rb") as lines:
            run = subprocess.Popen(
                [sys.executable, "-m", "pytest", *options, *own, *tests], stdout=output, stderr=output
            )
            is_over = False
            seen = 0
            while not is_over:
                is_over = run.poll() is not None
                for line in lines:
                    seen += 1
                    yield orjson.loads(line)
                time.sleep(LOOK_SECONDS)
        if seen < len(tests):
            print(log.read_text(errors="replace"))


def _line(outcome: dict[str, Any]) -> str:
    if not outcome["check"]:
        return f"{outcome['name']:32} NOT FOUND in {outcome['steps']} steps"
    return f"{outcome['name']:32} found after {outcome['found_after']:4} steps: {outcome['check'][:MAX_TEXT]}"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
