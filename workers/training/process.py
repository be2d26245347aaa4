"""Training outside the caller's process: twenty seconds of arithmetic would starve a worker's heartbeat."""

import subprocess
import sys
from pathlib import Path
from typing import Any

from workers.training.artefact import read_manifest

NICENESS = 10


class TrainingFailed(Exception):
    """The training process ended with an error or took too long; the message ends with what it last said."""


def train_in_subprocess(*, market: Path, out: Path, seed: int, timeout_seconds: float) -> dict[str, Any]:
    """Trains on the market's files, writes the model to `out`, and gives its manifest. Blocks, at low priority.

    Raises:
        TrainingFailed: Raised when the process fails or exceeds the timeout; `out` then holds what it held before.
    """
    command = [
        sys.executable,
        "-m",
        "workers",
        "train",
        "--market",
        str(market),
        "--out",
        str(out),
        "--seed",
        str(seed),
    ]
    command += ["--niceness", str(NICENESS)]
    try:
        done = subprocess.run(  # noqa: S603 - our own module, arguments are a list
            command,
            capture_output=True,
            text=True,
            timeout=timeout_seconds,
            check=False,
        )
    except subprocess.TimeoutExpired as error:
        raise TrainingFailed(f"training took longer than {timeout_seconds:g} s") from error
    if done.returncode != 0:
        raise TrainingFailed(f"training ended with status {done.returncode}: {done.stderr.strip()[-500:]}")
    return read_manifest(out)
