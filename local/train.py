"""`task train`: train on the demo market, print NDCG@10 beside popularity, register the model; the market may be running."""

import os
import subprocess
import sys

from local.prepare import steps
from local.processes import environment
from local.settings import LocalSettings


def main() -> int:
    """Train and register; the training process's exit status."""
    settings = LocalSettings()
    if not (settings.data_dir / "market" / "manifest.json").exists():
        print("there is no demo market yet: `task up` or `task seed` makes one", file=sys.stderr)
        return 1
    train = next(step for step in steps(settings) if step.name == "train")
    return subprocess.call(train.command, env={**os.environ, **environment(settings)})


if __name__ == "__main__":
    sys.exit(main())
