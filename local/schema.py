"""`task schema`: export every subgraph's SDL and events, and compose the supergraph and the public API schema.

python -m local.schema           write schema/
python -m local.schema --check   change nothing; exit 1 and name the files that would differ
"""

import filecmp
import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from local.deployables import deployable
from subgraphs import SERVICES

SCHEMA = Path("schema")
ACCEPTED = SCHEMA / "accepted-breaking-changes.txt"


def main(arguments: list[str]) -> int:
    """Export; 0 if all is written, or nothing would differ."""
    is_check = arguments == ["--check"]
    if arguments and not is_check:
        print(__doc__, file=sys.stderr)
        return 2
    with tempfile.TemporaryDirectory() as folder:
        root = Path(folder)
        shutil.copytree(SCHEMA, root / "schema")
        shutil.copy("supergraph.yaml", root)
        written = export_into(root / "schema")
        status = compose(root)
        if status:
            return status
        different = [path for path in written if differs(root / path, path)]
        status = check(root) if different else 0
        if status:
            return status
        if is_check:
            print("\n".join(f"{path} is not what the code says: run `task schema`" for path in different))
            return 1 if different else 0
        for path in different:
            shutil.copy(root / path, path)
            print(path)
    return 0


def export_into(folder: Path) -> list[Path]:
    """Write SDLs and events under the folder; what was written or is to be composed, relative to the project."""
    from subgraphs.kit.graph.export import export
    from subgraphs.kit.messaging.schemas import export_events

    written = [SCHEMA / "supergraph.graphql", SCHEMA / "api.graphql"]
    for name, subgraph in SERVICES.items():
        found = deployable(name)
        written.append(SCHEMA / "subgraphs" / export(found.schema(), name, folder=folder / "subgraphs").name)
        if subgraph.publishes_events:
            exported = export_events(found.event_schemas(), folder=folder / "events")
            written += [SCHEMA / "events" / path.name for path in exported]
    return written


def compose(root: Path) -> int:
    """Compose the supergraph of the exported SDLs; the command's exit status."""
    command = [sys.executable, "-m", "gateway", "compose", "--config", str(root / "supergraph.yaml")]
    schema = root / "schema"
    return subprocess.call(
        [*command, "--output", str(schema / "supergraph.graphql"), "--api", str(schema / "api.graphql")]
    )


def check(root: Path) -> int:
    """Compare what was exported with the supergraph in service and the clients' operations; 1 if something breaks unaccepted."""
    command = [sys.executable, "-m", "gateway", "check", "--supergraph", str(SCHEMA / "supergraph.graphql")]
    given = [
        "--config",
        str(root / "supergraph.yaml"),
        "--operations",
        str(SCHEMA / "operations"),
        "--accept",
        str(ACCEPTED),
    ]
    return subprocess.call([*command, *given])


def differs(new: Path, old: Path) -> bool:
    """Whether two files differ, or the old one is missing."""
    return not old.exists() or not filecmp.cmp(new, old, shallow=False)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
