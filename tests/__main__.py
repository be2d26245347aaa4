"""`task test`: what needs no running market on every core, then the market itself, once or twice.

python -m tests                  everything, and at the end how long each part took
python -m tests tests/unit -k x  pytest's own arguments: one run with just them

The end-to-end tests run as a machine has it that has Python alone: the queue's server and Node.js from the wheels, SQLite. Where
Redis and PostgreSQL are installed, and always in CI, they run once more on those.
"""

import os
import shutil
import subprocess
import sys
import tempfile
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

from tests.support.bare_path import bare_path
from tests.support.postgres import program
from tests.support.processes import must_have_servers

CORES = str(os.cpu_count() or 1)
PYTEST = (sys.executable, "-m", "pytest")
WITHOUT_MARKET = ("-n", CORES, "--dist", "worksteal", "tests/unit", "tests/contract", "tests/integration")


def main(arguments: Sequence[str]) -> int:
    """Run pytest; its exit status, the first failing part's if there are several."""
    if arguments:
        return subprocess.call([*PYTEST, *arguments])
    took: dict[str, float] = {}
    statuses = [_run("unit, contract, integration", WITHOUT_MARKET, os.environ, took)]
    with tempfile.TemporaryDirectory(prefix="yarmarka-bare-") as folder:
        bare = {**os.environ, "PATH": bare_path(Path(folder))}
        statuses.append(_run("end to end, Python alone", ["tests/e2e"], bare, took))
    if must_have_servers() or _has_servers():
        options = ["--market-database", "postgresql", "tests/e2e"]
        statuses.append(_run("end to end, Redis and PostgreSQL", options, os.environ, took))
    else:
        print("end to end on Redis and PostgreSQL: not run, they are not installed here")
    print("\n".join(f"{seconds:7.0f} s  {part}" for part, seconds in took.items()))
    return next((status for status in statuses if status), 0)


def _run(part: str, options: Sequence[str], environment: Mapping[str, str], took: dict[str, float]) -> int:
    print(f"== {part}", flush=True)
    began = time.monotonic()
    status = subprocess.call([*PYTEST, *options], env=dict(environment))
    took[part] = time.monotonic() - began
    return status


def _has_servers() -> bool:
    return bool((shutil.which("redis-server") or shutil.which("valkey-server")) and program("initdb"))


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
