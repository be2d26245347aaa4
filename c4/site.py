"""Turns the LikeC4 sources into a static page under build/, with npm's `likec4`."""

import hashlib
import shutil
import tempfile
from pathlib import Path

from gateway.graphiql.node import find_node, install_packages, run

FOLDER = Path(__file__).parent
BUILD_DIR = FOLDER / "build"
BUILT_FROM = ".built-from"
TIMEOUT_SECONDS = 180
# Inside of a container likec4 looks for Graphviz binaries; the WebAssembly build that comes with it is the same everywhere.
WITHOUT_GRAPHVIZ = "--no-use-dot"


def build() -> bool:
    """Builds the page, unless its sources are those that it was built from.

    Returns:
        Whether it was built.

    Raises:
        gateway.graphiql.node.NodeError: no Node.js, npm cannot be reached, or the model is wrong. What was built before stays.
    """
    digest = hashlib.sha256()
    for source in [*sorted(FOLDER.glob("*.c4")), FOLDER / "package-lock.json"]:
        digest.update(source.name.encode() + b"\0" + source.read_bytes())
    mark = BUILD_DIR / BUILT_FROM
    if mark.exists() and mark.read_text() == digest.hexdigest():
        return False
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix=".build-") as temporary:
        built = Path(temporary) / "build"
        likec4("build", WITHOUT_GRAPHVIZ, "--title", "Yarmarka", "--output", str(built), ".")
        (built / BUILT_FROM).write_text(digest.hexdigest())
        if BUILD_DIR.exists():
            shutil.rmtree(BUILD_DIR)
        built.rename(BUILD_DIR)
    return True


def validate() -> None:
    """Checks the sources.

    Raises:
        gateway.graphiql.node.NodeError: they are wrong; the message names file and line.
    """
    likec4("validate", ".")


def export_json(target: Path) -> None:
    """Writes the model as LikeC4 understands it into the file `target`."""
    likec4("export", "json", WITHOUT_GRAPHVIZ, "--outfile", str(target), ".")


def likec4(*arguments: str) -> None:
    """Runs npm's `likec4` in the folder of the sources, installed first where it is not."""
    node = find_node()
    install_packages(node, FOLDER)
    run(node, [node.binary, "node_modules/likec4/bin/likec4.mjs", *arguments], FOLDER, timeout_seconds=TIMEOUT_SECONDS)
