"""Run the state machine against each bug: see the package's docstring."""

import argparse
import os
import re
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import orjson

from tests.seeded.bugs import BUGS
from tests.support.money_machine import Progress

MACHINE = "tests/integration/subgraphs/money/test_machine.py"
MAX_TEXT = 110


@dataclass(frozen=True, slots=True)
class Trial:
    """What came of one bug.

    Attributes:
        progress: None when the machine did not run.
        output: What pytest printed.
    """

    name: str
    progress: Progress | None
    output: str

    @property
    def is_found(self) -> bool:
        """Whether a check of the machine failed."""
        return self.progress is not None and self.progress.found_after > 0

    def __str__(self) -> str:
        if self.progress is None:
            return f"{self.name:32} the machine did not run:\n{self.output}"
        if not self.is_found:
            return f"{self.name:32} NOT FOUND in {self.progress.steps} steps of {self.progress.examples} examples"
        return f"{self.name:32} found after {self.progress.found_after:4} steps: {_reason(self.output)}"


def main(arguments: Sequence[str]) -> int:
    """Run and print a line a bug; 1 when one was not found."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.seeded", description="Does the machine of money find each bug?"
    )
    parser.add_argument("names", nargs="*", metavar="bug", choices=[[], *BUGS], help=", ".join(BUGS))
    parser.add_argument("--database", choices=("sqlite", "postgresql"), default="sqlite")
    parser.add_argument("--examples", type=int, default=0, help="as many as CI has, and the same, by default")
    parser.add_argument("--seed", type=int, default=0, help="of more examples")
    chosen = parser.parse_args(arguments)
    trials = []
    for name in chosen.names or BUGS:
        trials.append(_tried(name, database=chosen.database, examples=chosen.examples, seed=chosen.seed))
        print(trials[-1], flush=True)
    found = sum(trial.is_found for trial in trials)
    print(f"{found} of {len(trials)} bugs found on {chosen.database}")
    return 0 if found == len(trials) else 1


def _tried(name: str, *, database: str, examples: int, seed: int) -> Trial:
    with tempfile.TemporaryDirectory(prefix="yarmarka-seeded-") as folder:
        report = Path(folder) / "progress.json"
        plugin = ("-p", "tests.seeded.plugin", "--seeded-bug", name, "--seeded-report", str(report))
        run = subprocess.run(
            [
                sys.executable,
                "-m",
                "pytest",
                "-q",
                "-p",
                "no:xdist",
                *plugin,
                f"--hypothesis-seed={seed}",
                "-k",
                database,
                MACHINE,
            ],
            env={**os.environ, "MONEY_EXAMPLES": str(examples)},
            capture_output=True,
            text=True,
            check=False,
        )
        progress = Progress(**orjson.loads(report.read_bytes())) if report.exists() else None
    return Trial(name, progress if progress and progress.examples else None, run.stdout + run.stderr)


def _reason(output: str) -> str:
    """The words of the check that failed."""
    found = re.search(r"AssertionError: (.+)", output)
    return found[1][:MAX_TEXT] if found else "a check without words"


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
