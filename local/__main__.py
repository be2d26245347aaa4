"""`python -m local up | down | logs [NAME]`; the Taskfile calls it."""

import asyncio
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from pathlib import Path

from local.ports import PortsTaken
from local.redis_server import NoRedisServer
from local.settings import LocalSettings
from local.supervisor import SupervisorBroken
from local.up import NotReady, pid_file, up

DOWN_SECONDS = 60.0


def main(arguments: list[str]) -> int:
    """Run a command; its exit status: 0 done, 1 failed, 2 wrong usage."""
    settings = LocalSettings()
    match arguments:
        case ["up"]:
            return _up(settings)
        case ["down"]:
            return _down(settings)
        case ["logs", *names]:
            return _logs(settings, names)
        case _:
            print(__doc__, file=sys.stderr)
            return 2


def _up(settings: LocalSettings) -> int:
    try:
        asyncio.run(up(settings))
    except (PortsTaken, NotReady, NoRedisServer, SupervisorBroken) as refusal:
        _complain(f"\n{refusal}")
        return 1
    return 0


def _complain(text: str) -> None:
    """Write to standard error, which may be a terminal that is closed by now: the exit status says it too."""
    with suppress(OSError):
        print(text, file=sys.stderr, flush=True)


def _down(settings: LocalSettings) -> int:
    path = pid_file(settings)
    if not path.exists():
        print("nothing is running here")
        return 0
    pid = int(path.read_text())
    try:
        os.kill(pid, signal.SIGTERM)
    except ProcessLookupError:
        path.unlink(missing_ok=True)
        print("nothing is running here; a supervisor before died without a word")
        return 0
    deadline = time.monotonic() + DOWN_SECONDS
    while path.exists() and time.monotonic() < deadline:
        time.sleep(0.1)
    if path.exists():
        print(f"process {pid} has not stopped within {DOWN_SECONDS:g} s", file=sys.stderr)
        return 1
    print("stopped")
    return 0


def _logs(settings: LocalSettings, names: list[str]) -> int:
    folder = settings.data_dir / "logs"
    files = [folder / f"{name}.log" for name in names] or sorted(folder.glob("*.log"))
    missing = [file for file in files if not file.exists()]
    if missing or not files:
        known = ", ".join(sorted(path.stem for path in folder.glob("*.log"))) or "none yet"
        print(f"no such log; there are: {known}", file=sys.stderr)
        return 1
    return subprocess.call(["tail", "-n", "50", "-F", *map(str, files)])  # noqa: S607 - what a person would type


if __name__ == "__main__":
    if not Path("Taskfile.yml").exists():
        sys.exit("run this in the project's root")
    sys.exit(main(sys.argv[1:]))
