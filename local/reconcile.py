"""`task reconcile`: compare the payments of this machine's market with its bank, which must be running; mend, and report."""

import os
import subprocess
import sys

from local.processes import environment
from local.settings import LocalSettings


def main(arguments: list[str]) -> int:
    """Run payment's command with the settings of `task up`; its exit status."""
    settings = LocalSettings()
    if not (settings.data_dir / "payment.db").exists() and not os.environ.get("PAYMENT_DATABASE_URL"):
        print("there are no payments here yet: `task up` makes the market", file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "subgraphs.payment", "reconcile", *arguments]
    return subprocess.call(command, env={**os.environ, **environment(settings)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
