"""`task test`: what needs no running market on every core, then what does, one after the other.

python -m tests                  everything
python -m tests tests/unit -k x  pytest's own arguments: one run with just them
"""

import os
import subprocess
import sys

PARTS = (
    ["-n", str(os.cpu_count() or 1), "--dist", "worksteal", "tests/unit", "tests/contract", "tests/integration"],
    ["tests/e2e"],
)


def main(arguments: list[str]) -> int:
    """Run pytest; its exit status, the first failing part's if there are several."""
    pytest = [sys.executable, "-m", "pytest"]
    if arguments:
        return subprocess.call([*pytest, *arguments])
    statuses = [subprocess.call([*pytest, *part]) for part in PARTS]
    return next((status for status in statuses if status), 0)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
