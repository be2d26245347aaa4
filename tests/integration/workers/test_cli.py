"""The worker's commands as processes."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS


def test_a_command_that_ends_logs_in_the_form_that_was_set_too(tmp_path: Path) -> None:
    """Without it structlog's own default would write, local variables of tracebacks included."""
    environment = {
        **os.environ,
        "YARMARKA_DATA_DIR": str(tmp_path),
        "YARMARKA_SERVICE_KEYS": str(SERVICE_KEYS),
        "YARMARKA_CURSOR_KEYS": str(CURSOR_KEYS),
        "YARMARKA_REDIS_URL": "redis://127.0.0.1:9/0",
        "YARMARKA_CONFIG_URL": "http://127.0.0.1:9/graphql",
        "YARMARKA_LOG_FORMAT": "json",
    }
    run = subprocess.run(
        [sys.executable, "-m", "workers", "redrive"], env=environment, capture_output=True, text=True, check=False
    )
    logged = [json.loads(line) for line in run.stdout.splitlines()]
    assert "background.failed" in [each["event"] for each in logged]
    assert {each["service"] for each in logged} == {"worker"}
