"""The `prepare` service of docker-compose.yml: tables, the demo market and a first model, on the databases it is told of.

The same steps as `task up`, with stamps in the shared volume, so that a second `docker compose up` does nothing twice. The keys are
the `keys` service's: nobody but the user service sees those of the clients' tokens.
"""

import ipaddress
import os
import subprocess
import sys
from collections.abc import Mapping

from local.prepare import Stamps, steps
from local.settings import LocalSettings


def refusal(environment: Mapping[str, str]) -> str | None:
    """Why the demo market may not be made here, or None.

    Its administrator's password is public. On an address that others reach it is made only for an operator who asks for it.
    """
    host = environment.get("PUBLISHED_HOST", "127.0.0.1")
    if environment.get("YARMARKA_DEMO_MARKET", "").lower() in {"1", "true", "yes"} or _is_loopback(host):
        return None
    return (
        f"The ports are published on {host}, and the demo market has an administrator whose password is public: "
        "set YARMARKA_DEMO_MARKET=yes to make it all the same, or PUBLISHED_HOST=127.0.0.1"
    )


def _is_loopback(host: str) -> bool:
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return host == "localhost"


def main() -> int:
    """Do what is not done; 1 if a step fails, 2 if the demo market is refused."""
    if (reason := refusal(os.environ)) is not None:
        print(reason, file=sys.stderr)
        return 2
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
