"""`task dead`, `task redrive -- ID`: a command of the workers, with the addresses and keys of the market in this checkout."""

import os
import subprocess
import sys

from local.processes import environment
from local.settings import LocalSettings


def main(arguments: list[str]) -> int:
    """Run `python -m workers` with the arguments; its exit status."""
    settings = LocalSettings()
    if not (settings.data_dir / "keys" / "secrets.json").exists():
        print(f"there is no market in {settings.data_dir}: `task up` makes one", file=sys.stderr)
        return 1
    command = [sys.executable, "-m", "workers", *arguments]
    return subprocess.call(command, env={**os.environ, **environment(settings)})


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
