"""PATH as a machine has it that has Python and nothing else of what the market can use."""

import os
import re
from pathlib import Path

ABSENT = re.compile(
    r"(redis|valkey|keydb)-.*|node|nodejs|npm|npx|corepack|initdb|postgres|postmaster|pg_.*|psql|docker|podman"
)


def bare_path(folder: Path) -> str:
    """A PATH of one folder: links to every program of this machine's PATH but servers, Node.js and containers."""
    for place in os.environ.get("PATH", "").split(os.pathsep):
        if not Path(place).is_dir():
            continue
        for program in Path(place).iterdir():
            link = folder / program.name
            if not ABSENT.fullmatch(program.name) and os.access(program, os.X_OK) and not os.path.lexists(link):
                link.symlink_to(program)
    return str(folder)
