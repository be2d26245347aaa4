"""The supervisor: what dies comes back, what it reports to may fail, and everything is stopped in the end."""

import asyncio
import io
import os
import pty
import signal
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TextIO

import pytest

from local import supervisor as supervising
from local.log import Log
from local.processes import Process
from local.supervisor import Supervisor, SupervisorBroken
from tests.support.bank import eventually
from tests.support.ports import free_port
from tests.support.processes import is_running

DEADLINE_SECONDS = 60.0
# Answers that it is ready, and ends when the answer has been read.
READY_SERVER = (
    "import http.server, os, sys, threading\n"
    "class Ready(http.server.BaseHTTPRequestHandler):\n"
    "    def do_GET(self):\n"
    "        self.send_response(200); self.end_headers(); self.wfile.flush(); self.rfile.read(); os._exit(4)\n"
    "    def log_message(self, *_): pass\n"
    "http.server.HTTPServer(('127.0.0.1', int(sys.argv[1])), Ready).serve_forever()"
)


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
def supervisor(tmp_path: Path, terminal: io.StringIO) -> Iterator[Supervisor]:
    log = Log(tmp_path / "logs", terminal)
    yield Supervisor(os.environ, log)
    log.close()


def a_process(code: str, port: int = 0, *arguments: str) -> Process:
    return Process("child", [sys.executable, "-c", code, *arguments], port, "CHILD_PORT", None)


async def test_a_process_that_dies_is_started_again_and_said_so(supervisor: Supervisor, terminal: io.StringIO) -> None:
    supervisor.start(a_process("import os; print('up', flush=True); os._exit(3)"))
    await eventually(lambda: terminal.getvalue().count("| up") >= 2)
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
    await eventually(lambda: "grandchild" in terminal.getvalue())
    grandchild = int(terminal.getvalue().split("grandchild ")[1].split()[0])
    await supervisor.stop()
    await eventually(lambda: not is_running(grandchild))
    assert supervisor.pids() == {}


async def test_a_process_whose_child_holds_the_pipe_is_started_again(
    supervisor: Supervisor, terminal: io.StringIO
) -> None:
    supervisor.start(
        a_process(
            "import os, subprocess, sys\n"
            "subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
            "print('up', flush=True); os._exit(3)"
        )
    )
    await eventually(lambda: terminal.getvalue().count("| up") >= 2)
    await supervisor.stop()


async def test_a_line_longer_than_the_buffer_does_not_stop_the_log(
    supervisor: Supervisor, terminal: io.StringIO
) -> None:
    status = await supervisor.run_once("child", [sys.executable, "-c", "print('x' * 3_000_000); print('after')"])
    assert status == 0
    await eventually(lambda: "| after" in terminal.getvalue())


@contextmanager
def broken_terminal(how: str) -> Iterator[TextIO]:
    """A terminal that is full or closed, or whose reader has gone or stopped reading."""
    reading, writing = os.pipe()
    match how:
        case "full":
            os.close(writing)
            writing = os.open("/dev/full", os.O_WRONLY)
        case "closed":
            os.close(writing)
            leader, writing = pty.openpty()
            os.close(leader)
        case "without reader":
            os.close(reading)
    terminal = os.fdopen(writing, "w", buffering=1)
    try:
        yield terminal
    finally:
        if how != "without reader":
            os.close(reading)
        with suppress(OSError):
            terminal.close()


@pytest.mark.parametrize(
    ("terminal_is", "disk_is"),
    [("full", "full"), ("closed", "fine"), ("without reader", "fine"), ("not read", "fine")],
)
async def test_a_process_is_drained_and_restarted_whatever_happens_to_its_log(
    terminal_is: str, disk_is: str, tmp_path: Path
) -> None:
    logs, done = tmp_path / "logs", tmp_path / "done"
    logs.mkdir()
    if disk_is == "full":
        for name in ("child", "yarmarka"):
            (logs / f"{name}.log").symlink_to("/dev/full")
    # More than a pipe holds, so that a pipe that is not drained stops the child before it is done.
    code = "import os, sys\nfor _ in range(4000): print('x' * 100)\nopen(sys.argv[1], 'a').write('done '); os._exit(3)"
    with broken_terminal(terminal_is) as terminal:
        log = Log(logs, terminal)
        supervisor = Supervisor(os.environ, log)
        supervisor.start(a_process(code, 0, str(done)))
        await eventually(lambda: done.exists() and done.read_text().count("done") >= 2)
        await supervisor.stop()
    log.close()


def test_lines_that_could_not_be_written_are_counted_when_there_is_room_again(
    tmp_path: Path, terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "order.log").symlink_to("/dev/full")
    log = Log(tmp_path, terminal)
    log.line("order", "lost")
    log.line("order", "lost too")
    file = log._files["order"]
    assert file._file is not None
    file._file.close()
    file._file = (tmp_path / "room").open("ab", buffering=0)
    log.line("order", "kept")
    log.close()
    assert (tmp_path / "room").read_text().splitlines() == [
        "[2 lines are missing here: they could not be written]",
        "kept",
    ]


async def test_a_keeper_that_fails_ends_the_supervisor_with_its_cause(
    supervisor: Supervisor, monkeypatch: pytest.MonkeyPatch
) -> None:
    children = []

    async def fail(*_: object) -> None:
        children.append(supervisor._running["child"])
        raise MemoryError("no more tasks")

    monkeypatch.setattr(supervisor, "_copy_output", fail)
    supervisor.start(a_process("import time; time.sleep(600)"))
    with pytest.raises(SupervisorBroken, match="child") as broken:
        async with asyncio.timeout(DEADLINE_SECONDS):
            await supervisor.broken()
    assert isinstance(broken.value.__cause__, MemoryError)
    await supervisor.stop()
    assert [child.returncode for child in children] == [-signal.SIGKILL]


async def test_a_process_that_cannot_be_started_is_tried_again(
    supervisor: Supervisor, terminal: io.StringIO, tmp_path: Path
) -> None:
    program = tmp_path / "program"
    supervisor.start(Process("child", [str(program)], 0, "CHILD_PORT", None))
    await eventually(lambda: "cannot be started" in terminal.getvalue())
    unfinished = tmp_path / "unfinished"
    unfinished.write_text("#!/bin/sh\necho up\nsleep 600\n")
    unfinished.chmod(0o700)
    unfinished.rename(program)
    await eventually(lambda: "| up" in terminal.getvalue())
    await supervisor.stop()


async def test_back_off_grows_with_life_and_is_reset_by_health(
    supervisor: Supervisor, terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "FIRST_BACKOFF_SECONDS", 0.01)
    port = free_port()
    url = f"http://127.0.0.1:{port}/ready"
    supervisor.start(Process("sick", [sys.executable, "-c", "raise SystemExit(3)"], free_port(), "SICK_PORT", None))
    supervisor.start(Process("well", [sys.executable, "-c", READY_SERVER, str(port)], port, "WELL_PORT", url))
    await eventually(lambda: "sick ended (status 3); starting it again in 0.08 s" in terminal.getvalue())
    await eventually(lambda: terminal.getvalue().count("well ended (status 4); starting it again in 0.01 s") >= 2)
    await supervisor.stop()
    assert "well ended (status 4); starting it again in 0.02 s" not in terminal.getvalue()


async def test_readiness_tells_what_a_process_last_answered(supervisor: Supervisor) -> None:
    port = free_port()
    url = f"http://127.0.0.1:{port}/ready"
    process = Process("child", [sys.executable, "-c", "import time; time.sleep(600)"], port, "CHILD_PORT", url)
    supervisor.start(process)
    assert await supervisor.wait_until_ready(process, deadline=time.monotonic() + 0.5) is not None
    await supervisor.stop()


async def test_an_optional_process_that_ends_is_not_waited_for(supervisor: Supervisor) -> None:
    process = a_process("raise SystemExit(1)", free_port())
    supervisor.start(process)
    far = time.monotonic() + 100 * DEADLINE_SECONDS
    async with asyncio.timeout(DEADLINE_SECONDS):
        assert await supervisor.wait_until_ready_or_ended(process, deadline=far) is not None
    await supervisor.stop()
