"""`task dead`, `task redrive -- ID`: a command of all that work off jobs, with the addresses and keys of the market in this checkout."""

import subprocess
import sys

from local.processes import environment
from local.settings import LocalSettings
from subgraphs.kit.runtime.cli import NOTHING_HAS_THE_ID


def main(arguments: list[str]) -> int:
    """Run the command in the workers and in the user service, which works off its own outbox; the exit status.

    It is 0 when both did it; with ids, when one of them had one. That nothing has an id is said once, when neither had it.
    """
    settings = LocalSettings()
    if not (settings.data_dir / "keys" / "secrets.json").exists():
        print(f"there is no market in {settings.data_dir}: `task up` makes one", file=sys.stderr)
        return 1
    told = environment(settings)
    runs = [
        subprocess.run([sys.executable, "-m", module, *arguments], env=told, stderr=subprocess.PIPE, check=False)
        for module in ("workers", "subgraphs.user")
    ]
    answered = [run for run in runs if run.returncode != NOTHING_HAS_THE_ID]
    for run in answered or runs[:1]:
        sys.stderr.buffer.write(run.stderr)
    sys.stderr.flush()
    if not answered:
        return 1
    statuses = [run.returncode for run in answered]
    has_ids = len(arguments) > 1
    return min(statuses) if has_ids else max(statuses)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
