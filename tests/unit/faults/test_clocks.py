"""`task faults` moves the wall clock of a running process, and nothing else of it."""

import json
import os
import subprocess
import sys
from pathlib import Path

from tests.faults import clocks

SCRIPT = """
import json, sys, time
from datetime import UTC, datetime
for line in sys.stdin:
    print(json.dumps([time.time(), datetime.now(UTC).timestamp(), time.monotonic()]), flush=True)
"""


def test_a_running_process_is_told_another_time_and_then_the_right_one(tmp_path: Path) -> None:
    environment = {**os.environ, **clocks.settings(tmp_path)}
    with subprocess.Popen(
        [sys.executable, "-c", SCRIPT],
        env=environment,
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        start_new_session=True,
    ) as process:

        def told() -> list[float]:
            assert process.stdin is not None
            assert process.stdout is not None
            process.stdin.write("?\n")
            process.stdin.flush()
            answer: list[float] = json.loads(process.stdout.readline())
            return answer

        right = told()
        seen = {}
        for ahead in (3600.0, -3600.0, 0.0):
            clocks.jump(tmp_path, process.pid, ahead_seconds=ahead)
            seen[ahead] = told()
        process.kill()
    for ahead, (time_now, datetime_now, monotonic) in seen.items():
        passed = monotonic - right[2]
        assert 0 <= passed < 600
        assert abs(time_now - right[0] - passed - ahead) < 60
        assert abs(datetime_now - right[1] - passed - ahead) < 60
