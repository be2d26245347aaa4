"""The `prepare` service of docker-compose.yml: tables, the demo market and a first model, on the databases it is told of.

The same steps as `task up`, with stamps in the shared volume, so that a second `docker compose up` does nothing twice. The keys are
the `keys` service's: nobody but the user service sees those of the clients' tokens.
"""

import subprocess
import sys

from local.prepare import Stamps, steps
from local.settings import LocalSettings


def main() -> int:
    """Do what is not done; 1 if a step fails."""
    settings = LocalSettings(with_graphiql=False)
    settings.data_dir.mkdir(parents=True, exist_ok=True)
    stamps = Stamps(settings.data_dir / "prepared.json")
    for step in steps(settings):
        if step.name == "keys" or stamps.is_done(step):
            continue
        print(step.about, flush=True)
        if subprocess.call(step.command):
            print(f"{step.about} failed", file=sys.stderr)
            return 1
        stamps.mark(step)
    return 0


if __name__ == "__main__":
    sys.exit(main())
