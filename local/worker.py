"""`task dead`, `task redrive -- ID`: a command of all that work off jobs, with the addresses and keys of the market in this checkout."""

import os
import subprocess
import sys

from local.processes import environment
from local.settings import LocalSettings


def main(arguments: list[str]) -> int:
    """Run the command in the workers and in the user service, which works off its own outbox; the exit status.

    It is 0 when both did it; with ids, when one of them had one.
    """
    settings = LocalSettings()
    if not (settings.data_dir / "keys" / "secrets.json").exists():
        print(f"there is no market in {settings.data_dir}: `task up` makes one", file=sys.stderr)
        return 1
    statuses = [
        subprocess.call([sys.executable, "-m", module, *arguments], env={**os.environ, **environment(settings)})
        for module in ("workers", "subgraphs.user")
    ]
    has_ids = len(arguments) > 1
    return min(statuses) if has_ids else max(statuses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
