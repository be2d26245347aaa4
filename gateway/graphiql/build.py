"""`python -m gateway.graphiql.build`: builds the page into build/, unless its sources are those that it was built from.

Exit status 0: the page is there. Exit status 1: it is not, and standard error says what is missing; the gateway works without it.
"""

import argparse
import hashlib
import os
import shutil
import sys
import tempfile
from pathlib import Path

from gateway.graphiql.node import NodeError, find_node, install_packages, run
from gateway.graphiql.page import BUILD_DIR

FOLDER = Path(__file__).parent
SOURCES = ("index.html", "package.json", "package-lock.json", "vite.config.js", "tsconfig.json", "src", "public")
BUILD_TIMEOUT_SECONDS = 240
# The digest of the sources that build/ was made from. Times are of no use here: a fresh clone has none.
BUILT_FROM = ".built-from"


def build(*, is_forced: bool = False) -> bool:
    """Builds the page where it must be.

    Returns:
        Whether it was built; False means that it was up to date.

    Raises:
        NodeError: there is no Node.js, npm cannot be reached, or the build failed. What was built before stays.
    """
    digest = _digest_of_sources()
    mark = BUILD_DIR / BUILT_FROM
    if not is_forced and mark.exists() and mark.read_text() == digest:
        return False
    node = find_node()
    sys.stdout.write(f"GraphiQL: building with {node.source}\n")
    install_packages(node, FOLDER)
    with tempfile.TemporaryDirectory(dir=FOLDER, prefix=".build-") as temporary:
        built = Path(temporary) / "build"
        vite = [node.binary, "node_modules/vite/bin/vite.js", "build", "--logLevel", "warn"]
        run(node, vite, FOLDER, timeout_seconds=BUILD_TIMEOUT_SECONDS, extra={"GRAPHIQL_OUT_DIR": str(built)})
        (built / BUILT_FROM).write_text(digest)
        _replace(BUILD_DIR, built)
    return True


def main() -> int:
    """Builds, and says in a line what came of it."""
    parser = argparse.ArgumentParser(prog="python -m gateway.graphiql.build", description="Builds the GraphiQL page.")
    parser.add_argument("--force", action="store_true", help="build even where the sources have not changed")
    arguments = parser.parse_args()
    try:
        was_built = build(is_forced=arguments.force)
    except NodeError as error:
        sys.stderr.write(f"GraphiQL is not built: {error}\nThe gateway works without it.\n")
        return 1
    sys.stdout.write(f"GraphiQL: {'built' if was_built else 'up to date'} in {os.path.relpath(BUILD_DIR)}\n")
    return 0


def _digest_of_sources() -> str:
    digest = hashlib.sha256()
    for name in SOURCES:
        source = FOLDER / name
        for path in sorted(source.rglob("*")) if source.is_dir() else [source]:
            if path.is_file():
                digest.update(f"{path.relative_to(FOLDER).as_posix()}\0".encode())
                digest.update(hashlib.sha256(path.read_bytes()).digest())
    return digest.hexdigest()


def _replace(old: Path, new: Path) -> None:
    """Puts the new folder in the place of the old one, so that a reader finds one or the other whole."""
    if old.exists():
        aside = new.parent / "old"
        old.rename(aside)
        new.rename(old)
        shutil.rmtree(aside)
    else:
        new.rename(old)


if __name__ == "__main__":
    sys.exit(main())
