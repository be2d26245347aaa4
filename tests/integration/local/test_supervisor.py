import asyncio
import io
import os
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from local.log import Log
from local.processes import Process
from local.readiness import wait_until_ready
from local.supervisor import Supervisor
from tests.support.ports import free_ports

DEADLINE_SECONDS = 20.0


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervisor(tmp_path: Path, terminal: io.StringIO) -> Iterator[Supervisor]:
    log = Log(tmp_path / "logs", terminal)
    yield Supervisor(os.environ, log)
    log.close()


def a_process(code: str, port: int = 0) -> Process:
    return Process("child", [sys.executable, "-c", code], port, "CHILD_PORT", None)


async def until(condition: Callable[[], bool]) -> None:
    deadline = time.monotonic() + DEADLINE_SECONDS
    while not condition():
        assert time.monotonic() < deadline, "the condition did not come true in time"
        await asyncio.sleep(0.02)


async def test_a_process_that_dies_is_started_again_and_said_so(supervisor: Supervisor, terminal: io.StringIO) -> None:
    supervisor.start(a_process("import os; print('up', flush=True); os._exit(3)"))
    await until(lambda: terminal.getvalue().count("| up") >= 2)
    await supervisor.stop()
    assert "child ended (status 3); starting it again in 0.5 s" in terminal.getvalue()


async def test_stopping_ends_the_process_and_its_children(supervisor: Supervisor, terminal: io.StringIO) -> None:
    supervisor.start(
        a_process(
            "import subprocess, sys, time\n"
            "p = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
            "print('grandchild', p.pid, flush=True); time.sleep(600)"
        )
    )
    await until(lambda: "grandchild" in terminal.getvalue())
    grandchild = int(terminal.getvalue().split("grandchild ")[1].split()[0])
    await supervisor.stop()
    await until(lambda: not is_running(grandchild))
    assert supervisor.pids() == {}


async def test_a_line_longer_than_the_buffer_does_not_stop_the_log(
    supervisor: Supervisor, terminal: io.StringIO
) -> None:
    status = await supervisor.run_once("child", [sys.executable, "-c", "print('x' * 3_000_000); print('after')"])
    assert status == 0
    assert "| after" in terminal.getvalue()


async def test_readiness_tells_what_a_process_last_answered() -> None:
    port = free_ports(1)[0]
    process = Process("child", [], port, "CHILD_PORT", f"http://127.0.0.1:{port}/ready")
    assert await wait_until_ready(process, deadline=time.monotonic() + 0.3) is not None


def is_running(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[0] != "Z"
    except FileNotFoundError:
        return False
