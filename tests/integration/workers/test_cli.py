"""The worker's commands as processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS


@pytest.mark.parametrize("command", ["dead", "redrive"])
def test_a_command_that_ends_runs_no_loop(tmp_path: Path, command: str) -> None:
    """Nothing that the loops ask is there; the command needs none of it, and says only what it was asked for."""
    run = _run(command, _environment(tmp_path))
    assert run.stdout == ""
    assert run.stderr.startswith("cannot ")
    assert "Traceback" not in run.stderr


def test_a_command_that_ends_logs_in_the_form_that_was_set_too(tmp_path: Path) -> None:
    """Without it structlog's own default would write, local variables of tracebacks included."""
    kept = tmp_path / "config" / "notification.json"
    kept.parent.mkdir()
    kept.write_text("no JSON")
    run = _run("redrive", _environment(tmp_path))
    logged = [json.loads(line) for line in run.stdout.splitlines()]
    assert [(each["event"], each["service"]) for each in logged] == [("config.kept_copy_unusable", "worker")]


def _run(command: str, environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "workers", command], env=environment, capture_output=True, text=True, check=False
    )


def _environment(folder: Path) -> dict[str, str]:
    return {
        **os.environ,
        "YARMARKA_DATA_DIR": str(folder),
        "YARMARKA_SERVICE_KEYS": str(SERVICE_KEYS),
        "YARMARKA_CURSOR_KEYS": str(CURSOR_KEYS),
        "YARMARKA_REDIS_URL": "redis://127.0.0.1:9/0",
        "YARMARKA_CONFIG_URL": "http://127.0.0.1:9/graphql",
        "YARMARKA_LOG_FORMAT": "json",
    }
