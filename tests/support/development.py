"""A real `python -m gateway dev`, and subgraphs that come and go beside it."""

import contextlib
import json
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Any

import httpx

from tests.support.ports import free_port
from tests.support.processes import stop, wait_until

ROOT = Path(__file__).parents[2]
WAIT_SECONDS = 10.0
LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])\n\n'

Json = dict[str, Any]


class ToldSubgraph:
    """A subgraph that tells the SDL it is given, and answers every other query with the same data.

    Attributes:
        sdl: told from now on.
        hangs: accepts requests, and answers none.
    """

    def __init__(self, sdl: str, data: Json, *, port: int = 0) -> None:
        self.sdl = sdl
        self.hangs = False
        subgraph = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"

            def do_POST(self) -> None:
                query = json.loads(self.rfile.read(int(self.headers["content-length"])))["query"]
                while subgraph.hangs and not subgraph.is_closing.wait(0.02):
                    pass
                if subgraph.is_closing.is_set():
                    self.close_connection = True
                    return
                answer = {"_service": {"sdl": subgraph.sdl}} if "_service" in query else data
                body = json.dumps({"data": answer}).encode()
                self.send_response(200)
                self.send_header("content-type", "application/json")
                self.send_header("content-length", str(len(body)))
                self.end_headers()
                self.wfile.write(body)

            def log_message(self, *_: Any) -> None:
                """Nothing: tests ask the gateway."""

        self.is_closing = threading.Event()
        self._server = ThreadingHTTPServer(("127.0.0.1", port), Handler)
        self._server.daemon_threads = True
        self._thread = threading.Thread(target=self._server.serve_forever, kwargs={"poll_interval": 0.02})
        self._thread.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._server.server_port}/graphql"

    def close(self) -> None:
        """Stops listening."""
        self.is_closing.set()
        self._server.shutdown()
        self._server.server_close()
        self._thread.join()


class RunningDev:
    """`dev`, answering.

    Attributes:
        folder: with ``supergraph.yaml`` and the SDL files.
        url: of the GraphQL route, and of the page.
        first_schema: that was in service when it began to answer.
    """

    def __init__(self, process: "subprocess.Popen[bytes]", folder: Path, port: int) -> None:
        self.process = process
        self.folder = folder
        self.port = port
        self.first_schema: str | None = None
        self.url = f"http://127.0.0.1:{port}/graphql"
        self.http = httpx.Client(base_url=f"http://127.0.0.1:{port}", timeout=10, trust_env=False)

    def ask(self, query: str) -> Json:
        """The answer to a query."""
        answer: Json = self.http.post("/graphql", json={"query": query}).json()
        return answer

    def composition(self) -> Json:
        """How the subgraphs compose."""
        state: Json = self.http.get("/dev/composition").json()
        return state

    def terminal(self) -> str:
        """What a person has been told."""
        return (self.folder / "dev.log").read_text(encoding="utf-8")

    def write(self, name: str, sdl: str) -> None:
        """Saves a subgraph's SDL."""
        (self.folder / f"{name}.graphql").write_text(LINK + sdl, encoding="utf-8")

    def wait_for(self, what: Callable[[], bool]) -> float:
        """Waits until something is so; how many seconds that took."""
        began = time.monotonic()
        while not what():
            waited = time.monotonic() - began
            assert self.process.poll() is None, self.terminal()
            assert waited < WAIT_SECONDS, f"not so after {waited:.0f} s\n{self.terminal()}\n{self.composition()}"
            time.sleep(0.01)
        return time.monotonic() - began


@contextlib.contextmanager
def running_dev(folder: Path, sources: Mapping[str, Json], *flags: str) -> Iterator[RunningDev]:
    """`dev` over these subgraphs, listening; stopped afterwards.

    Args:
        folder: for the configuration; what `sources` names beside it must be there.
        sources: subgraph -> its entry of the configuration.
    """
    (folder / "supergraph.yaml").write_text(json.dumps({"subgraphs": sources}), encoding="utf-8")
    port = free_port()
    command = [sys.executable, "-m", "gateway", "dev", "--port", str(port), *flags]
    if "--supergraph" not in flags:
        command += ["--config", str(folder / "supergraph.yaml")]
    with (folder / "dev.log").open("wb") as log:
        process = subprocess.Popen(command, cwd=ROOT, stdout=log, stderr=subprocess.STDOUT)
    dev = RunningDev(process, folder, port)
    try:
        with dev.http:
            try:
                wait_until(lambda: _is_listening(dev), process, "dev")
            except (RuntimeError, TimeoutError) as error:
                raise RuntimeError(f"{error}\n{dev.terminal()}") from None
            dev.first_schema = dev.composition()["schema"]
            yield dev
    finally:
        if process.poll() is None:
            stop(process)


def _is_listening(dev: RunningDev) -> bool:
    try:
        return dev.http.get("/health", timeout=2).status_code == 200
    except httpx.TransportError:
        return False
