"""The fork server: what it forks is a child of the supervisor as any other, with the libraries imported; its own end ends nothing."""

import asyncio
import ctypes
import io
import os
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from pathlib import Path

import pytest

from local import supervisor as supervising
from local.forks import PR_SET_CHILD_SUBREAPER, Forks, ForkServerEnded
from local.log import Log
from local.processes import Process, table
from local.settings import LocalSettings
from local.supervisor import FORK_SERVER, Supervisor
from tests.support.bank import eventually
from tests.support.processes import is_running

pytestmark = pytest.mark.skipif(sys.platform != "linux", reason="processes are forked on Linux only")

WORKS = (
    "import os, subprocess, sys, time\n"
    "shared = 'shared' if 'sqlalchemy' in sys.modules else 'own'\n"
    "inner = subprocess.Popen([sys.executable, '-c', 'import time; time.sleep(600)'])\n"
    "print('up', os.getpid(), os.getppid(), inner.pid, shared, *sys.argv[1:], flush=True)\n"
    "time.sleep(600)\n"
)


@pytest.fixture(autouse=True)
def adoption() -> Iterator[None]:
    """Let the process of the tests adopt orphans during one test only: it would never collect those of others."""
    yield
    ctypes.CDLL(None).prctl(PR_SET_CHILD_SUBREAPER, 0, 0, 0, 0)


@pytest.fixture
def terminal() -> io.StringIO:
    return io.StringIO()


@pytest.fixture
async def supervisor(
    tmp_path: Path, terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> AsyncIterator[Supervisor]:
    monkeypatch.setattr(supervising, "FIRST_BACKOFF_SECONDS", 0.01)
    log = Log(tmp_path / "logs", terminal)
    supervisor = Supervisor({**os.environ, "PYTHONPATH": str(tmp_path)}, log)
    supervisor.start_fork_server()
    yield supervisor
    await supervisor.stop()
    log.close()


def a_process(folder: Path, code: str, *arguments: str, name: str = "child") -> Process:
    (folder / f"{name}_module.py").write_text(code)
    command = [sys.executable, "-m", f"{name}_module", *arguments]
    return Process(name, command, 0, "CHILD_PORT", None, is_forked=True)


def command_line(pid: str) -> list[str]:
    """The command line that the kernel shows of a process."""
    return Path(f"/proc/{pid}/cmdline").read_bytes().rstrip(b"\0").decode().split("\0")


async def reports(terminal: io.StringIO, count: int) -> list[list[str]]:
    """What the processes printed after `up`, from `count` starts."""
    await eventually(lambda: terminal.getvalue().count("| up ") >= count)
    return [line.split("| up ")[1].split() for line in terminal.getvalue().splitlines() if "| up " in line]


async def test_a_forked_process_is_the_supervisors_child_with_its_own_command_line(
    supervisor: Supervisor, terminal: io.StringIO, tmp_path: Path
) -> None:
    supervisor.start(a_process(tmp_path, WORKS, "serve", "--port", "1"))
    pid, parent, _, libraries, *arguments = (await reports(terminal, 1))[0]
    assert (int(parent), libraries, arguments) == (os.getpid(), "shared", ["serve", "--port", "1"])
    assert supervisor.pids()["child"] == int(pid) == os.getsid(int(pid))
    assert command_line(pid) == [sys.executable, "-m", "child_module", "serve", "--port", "1"]


async def test_a_forked_process_that_is_killed_leaves_no_child_and_is_forked_again(
    supervisor: Supervisor, terminal: io.StringIO, tmp_path: Path
) -> None:
    supervisor.start(a_process(tmp_path, WORKS))
    pid, _, inner, *_ = (await reports(terminal, 1))[0]
    os.kill(int(pid), signal.SIGKILL)
    *_, second = await reports(terminal, 2)
    assert second[3] == "shared"
    await eventually(lambda: not is_running(int(inner)))
    assert "child ended (killed by SIGKILL)" in terminal.getvalue()


async def test_the_exit_status_of_a_forked_process_is_reported(
    supervisor: Supervisor, terminal: io.StringIO, tmp_path: Path
) -> None:
    supervisor.start(a_process(tmp_path, "raise SystemExit(7)", name="leaves"))
    supervisor.start(a_process(tmp_path, "raise LookupError('no such thing')", name="fails"))
    await eventually(lambda: "leaves ended (status 7)" in terminal.getvalue())
    await eventually(lambda: "fails ended (status 1)" in terminal.getvalue())
    assert "LookupError: no such thing" in terminal.getvalue()


async def test_without_the_fork_server_what_runs_goes_on_and_the_next_start_needs_none(
    supervisor: Supervisor, terminal: io.StringIO, tmp_path: Path
) -> None:
    supervisor.start(a_process(tmp_path, WORKS))
    pid, *_ = (await reports(terminal, 1))[0]
    os.kill(supervisor.pids()[FORK_SERVER], signal.SIGKILL)
    await eventually(lambda: "the fork server ended (killed by SIGKILL)" in terminal.getvalue())
    assert is_running(int(pid))
    os.kill(int(pid), signal.SIGKILL)
    *_, second = await reports(terminal, 2)
    assert (int(second[1]), second[3]) == (os.getpid(), "own")


async def test_stopping_does_not_wait_for_a_fork_server_that_hangs(
    supervisor: Supervisor, terminal: io.StringIO, tmp_path: Path
) -> None:
    await eventually(lambda: FORK_SERVER in supervisor.pids())
    os.kill(supervisor.pids()[FORK_SERVER], signal.SIGSTOP)
    supervisor.start(a_process(tmp_path, WORKS))
    async with asyncio.timeout(60.0):
        await supervisor.stop()
    assert supervisor.pids() == {}
    assert "| up " not in terminal.getvalue()


async def test_a_system_without_fork_server_starts_interpreters(
    tmp_path: Path, terminal: io.StringIO, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(supervising, "adopt_orphans", lambda: False)
    for name in ("waitid", "P_PGID", "pidfd_open"):  # macOS has none of them before Python 3.13
        monkeypatch.delattr(os, name)
    log = Log(tmp_path / "logs", terminal)
    supervisor = Supervisor({**os.environ, "PYTHONPATH": str(tmp_path)}, log)
    supervisor.start_fork_server()
    supervisor.start(a_process(tmp_path, WORKS))
    assert (await reports(terminal, 1))[0][3] == "own"
    assert set(supervisor.pids()) == {"child"}
    assert await supervisor.run_once("step", [sys.executable, "-c", "raise SystemExit(3)"]) == 3
    await supervisor.stop()
    log.close()


async def test_a_supervisor_that_is_killed_takes_what_was_forked_with_it(tmp_path: Path) -> None:
    (tmp_path / "child_module.py").write_text(WORKS)
    pid = child_of_a_killed_supervisor(tmp_path)
    await eventually(lambda: not is_running(pid))


def child_of_a_killed_supervisor(folder: Path) -> int:
    """Run a supervisor until its forked process has reported, and kill the supervisor; the id of that process."""
    code = (
        "import asyncio, os, sys\nfrom pathlib import Path\n"
        "from local.log import Log\nfrom local.processes import Process\nfrom local.supervisor import Supervisor\n"
        "async def main():\n"
        f"    supervisor = Supervisor({{**os.environ, 'PYTHONPATH': {str(folder)!r}}}, Log(Path({str(folder)!r})))\n"
        "    supervisor.start_fork_server()\n"
        "    command = [sys.executable, '-m', 'child_module']\n"
        "    supervisor.start(Process('child', command, 0, 'CHILD_PORT', None, is_forked=True))\n"
        "    await asyncio.sleep(600)\n"
        "asyncio.run(main())"
    )
    killed = subprocess.Popen([sys.executable, "-c", code], stdout=subprocess.PIPE, text=True)
    assert killed.stdout is not None
    with killed.stdout as output:
        pid = int(next(line for line in output if "| up " in line).split("| up ")[1].split()[0])
        killed.kill()
        killed.wait()
    return pid


async def test_a_process_that_ends_while_it_begins_ends_the_fork_server(tmp_path: Path) -> None:
    forks = Forks()
    server = await asyncio.create_subprocess_exec(
        *forks.command, pass_fds=[forks.descriptor], stderr=asyncio.subprocess.PIPE
    )
    forks.server_has_started()
    with (tmp_path / "output").open("wb") as output, pytest.raises(ForkServerEnded):
        await forks.fork("child_module", [], output=output.fileno())  # it refuses: this process does not adopt it
    forks.close()
    _, errors = await server.communicate()
    assert b"ForkFailed: the process ended while it began" in errors


def test_no_library_that_is_shared_starts_a_thread() -> None:
    code = (
        "import importlib, os\nfrom local.fork_server import LIBRARIES\n"
        "for name in LIBRARIES: importlib.import_module(name)\n"
        "print(len(os.listdir('/proc/self/task')))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == ["1"]


def test_every_library_that_the_subgraphs_have_in_common_is_shared() -> None:
    code = (
        "import importlib, sys\nfrom local.fork_server import LIBRARIES\n"
        "def imported():\n"
        "    places = [(name, getattr(module, '__file__', None) or '') for name, module in sys.modules.items()]\n"
        "    return {name.partition('.')[0] for name, place in places if 'site-packages' in place}\n"
        "for name in LIBRARIES: importlib.import_module(name)\n"
        "shared = imported()\n"
        "import subgraphs.catalog.app, workers.run\n"
        "print(*(imported() - shared))"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert done.stdout.split() == []


def test_every_python_process_of_the_market_that_needs_data_is_forked(tmp_path: Path) -> None:
    processes = table(LocalSettings(YARMARKA_DATA_DIR=tmp_path))
    late = [process for process in processes if process.needs_data]
    assert {process.name for process in late if not process.is_forked} == set()
    assert all(process.command[:2] == [sys.executable, "-m"] for process in processes if process.is_forked)
