"""`task seed`: remove the demo market and make another one, from a stopped market."""

import os
import subprocess
import sys

from local.prepare import Stamps, steps
from local.processes import environment
from local.settings import LocalSettings
from local.up import pid_file

MADE = ("generate", "seed", "train")


def main() -> int:
    """Make the demo market anew; 1 if the market is running or a step fails."""
    settings = LocalSettings()
    if pid_file(settings).exists():
        print("the market is running: `task down` first", file=sys.stderr)
        return 1
    for database in settings.data_dir.glob("*.db*"):
        database.unlink()
    stamps = Stamps(settings.data_dir / "prepared.json")
    for step in steps(settings):
        if step.name not in (*MADE, "keys", "migrate") or (step.name == "keys" and stamps.is_done(step)):
            continue
        print(step.about, flush=True)
        status = subprocess.call(step.command, env={**os.environ, **environment(settings)})
        if status:
            return 1
        stamps.mark(step)
    return 0


if __name__ == "__main__":
    sys.exit(main())
