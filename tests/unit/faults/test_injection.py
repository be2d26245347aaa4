"""A fault finds the process that it is played on, also while the supervisor starts that process again."""

import asyncio
import os
import signal
import subprocess
import sys
from pathlib import Path

from tests.faults.injection import Patient
from tests.support.market import LocalMarket

SUPERVISOR = """
import subprocess, sys
print("ready", flush=True)
sys.stdin.readline()
subprocess.run([sys.executable, "-c", "import time; time.sleep(600)", "-m", "subgraphs.order serve"])
"""


def test_a_process_that_is_being_started_is_waited_for(tmp_path: Path) -> None:
    with subprocess.Popen(
        [sys.executable, "-c", SUPERVISOR], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as supervisor:
        assert supervisor.stdin is not None
        assert supervisor.stdout is not None
        assert supervisor.stdout.readline() == "ready\n"
        market = LocalMarket({"REDIS_PORT": 1}, tmp_path, supervisor.pid)
        supervisor.stdin.write("start it\n")
        supervisor.stdin.flush()
        pid = asyncio.run(Patient(market, {}, tmp_path, None).pid("order"))
        os.kill(pid, signal.SIGKILL)
        supervisor.wait()
    assert pid != supervisor.pid
    assert supervisor.returncode == 0
