"""Servers that tests start for themselves, on loopback, stopped by their process."""

import os
import signal
import subprocess
import time
from collections.abc import Callable
from pathlib import Path

START_SECONDS = 180.0
STOP_SECONDS = 10.0


def must_have_servers() -> bool:
    """True in CI, where a missing server fails the tests that a laptop skips."""
    return os.environ.get("CI", "").lower() in {"1", "true"}


def wait_until(is_there: Callable[[], bool], process: "subprocess.Popen[bytes]", what: str) -> None:
    """Return when the server answers; an error when its process ends or it takes too long."""
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until:
        if process.poll() is not None:
            raise RuntimeError(f"{what} ended with status {process.returncode}")
        if is_there():
            return
        time.sleep(0.02)
    raise TimeoutError(f"{what} did not answer within {START_SECONDS} seconds")


def is_running(pid: int) -> bool:
    """True while the process lives: one that ended and was not waited for does not."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except (FileNotFoundError, ProcessLookupError):  # it ended before the file was opened, or was read
        return False


def stop(process: "subprocess.Popen[bytes]", *, by: signal.Signals = signal.SIGTERM) -> None:
    """End the process and wait for it; killed when it does not end by itself."""
    process.send_signal(by)
    try:
        process.wait(STOP_SECONDS)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
