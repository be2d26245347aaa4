"""The whole market as `task up` starts it, on free ports and fresh data, and a client that speaks to it as an app would.

`tests.support.containers` has the same market as docker-compose.yml starts it.
"""

import json
import os
import re
import signal
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator, Mapping
from contextlib import AbstractContextManager, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Protocol

from tests.support.ports import free_ports

ROOT = Path(__file__).resolve().parents[2]
OPERATIONS = ROOT / "schema" / "operations"
PORT_SETTINGS = (
    "GATEWAY_PORT",
    "USER_PORT",
    "CATALOG_PORT",
    "FEED_PORT",
    "RECOMMENDATION_PORT",
    "ORDER_PORT",
    "PAYMENT_PORT",
    "NOTIFICATION_PORT",
    "CONFIG_PORT",
    "WORKER_PORT",
    "BANK_PORT",
    "MAIL_SMTP_PORT",
    "MAIL_HTTP_PORT",
    "REDIS_PORT",
)
START_SECONDS = 900.0
"""On a machine with a load of 37 on two cores it took 300 s; how fast the market starts is measured elsewhere."""
STOP_SECONDS = 60.0
COME_BACK_SECONDS = 60.0


class Market(Protocol):
    """A running market, however it was started."""

    @property
    def gateway_url(self) -> str:
        """The GraphQL endpoint, and GraphiQL's page for a browser."""

    def url(self, port_setting: str, path: str) -> str:
        """An address of one of its processes, named by the setting of its port."""

    def kill(self, service: str) -> None:
        """End a process at once, as a crash would; `worker`, or a subgraph's name."""

    def wait_until_back(self, service: str) -> None:
        """Wait until a process that was killed is ready again; fails if it does not come back."""

    def stopped(self, service: str) -> AbstractContextManager[None]:
        """Stop a process during the block (SIGSTOP): it takes connections and answers nothing."""

    def killed(self, service: str) -> AbstractContextManager[None]:
        """Kill a process and keep it away during the block."""


@dataclass(frozen=True, slots=True)
class LocalMarket:
    """A market that `task up` started; its supervisor brings back what is killed.

    Attributes:
        ports: by the setting that moves each, e.g. ``GATEWAY_PORT``.
        data_dir: where its databases, logs and keys are.
    """

    ports: Mapping[str, int]
    data_dir: Path
    supervisor_pid: int

    @property
    def gateway_url(self) -> str:
        """The GraphQL endpoint, and GraphiQL's page for a browser."""
        return self.url("GATEWAY_PORT", "/graphql")

    def url(self, port_setting: str, path: str) -> str:
        """An address of one of its processes."""
        return f"http://127.0.0.1:{self.ports[port_setting]}{path}"

    def kill(self, service: str) -> None:
        """End a process at once; the supervisor will see it."""
        os.kill(self.pid_of("workers run" if service == "worker" else f"subgraphs.{service} serve"), signal.SIGKILL)

    def wait_until_back(self, service: str) -> None:
        """Wait until the supervisor has started the process anew and it is ready."""
        eventually(lambda: self._is_ready(service), seconds=COME_BACK_SECONDS, what=f"{service} coming back")

    @contextmanager
    def stopped(self, service: str) -> Iterator[None]:
        """Stop a subgraph during the block."""
        pid = self.pid_of(f"subgraphs.{service} serve")
        os.kill(pid, signal.SIGSTOP)
        try:
            yield
        finally:
            os.kill(pid, signal.SIGCONT)

    @contextmanager
    def killed(self, service: str) -> Iterator[None]:
        """Kill a subgraph; the supervisor is stopped during the block, so that it does not start another."""
        os.kill(self.supervisor_pid, signal.SIGSTOP)
        try:
            self.kill(service)
            yield
        finally:
            os.kill(self.supervisor_pid, signal.SIGCONT)

    def pid_of(self, command: str) -> int:
        """The process id of the supervisor's child whose command line holds `command`."""
        listing = subprocess.run(
            # Of any width: COLUMNS in the environment would cut what is looked for.
            ["ps", "-ww", "-o", "pid=,args=", "--ppid", str(self.supervisor_pid)],
            capture_output=True,
            text=True,
            check=True,
        )
        for line in listing.stdout.splitlines():
            pid, _, arguments = line.strip().partition(" ")
            if re.search(rf"{re.escape(command)}(?![\w.])", arguments):  # the bank is `subgraphs.payment.sandbox`
                return int(pid)
        raise AssertionError(f"no child of the supervisor runs {command!r}:\n{listing.stdout}")

    def _is_ready(self, service: str) -> bool:
        try:
            with urllib.request.urlopen(self.url(f"{service.upper()}_PORT", "/ready"), timeout=2) as answer:
                return bool(answer.status == 200)
        except OSError:
            return False


@contextmanager
def running_market(
    data_dir: Path, *, database_urls: Mapping[str, str] | None = None, settings: Mapping[str, str] | None = None
) -> Iterator[LocalMarket]:
    """Start a market with everything but the diagram, wait until it says that it is ready, stop it in the end.

    Args:
        database_urls: Settings such as ORDER_DATABASE_URL; without them each service has a SQLite file.
        settings: Further settings, such as ORDER_HOLD_SECONDS.
    """
    ports = dict(zip(PORT_SETTINGS, free_ports(len(PORT_SETTINGS)), strict=True))
    moved = {name: str(port) for name, port in ports.items()}
    others = {name: value for name, value in os.environ.items() if not name.endswith("_DATABASE_URL")}
    addresses = {**moved, **(database_urls or {}), "YARMARKA_DATA_DIR": str(data_dir), "UP_C4": "0"}
    patient = {"UP_READY_TIMEOUT_SECONDS": str(START_SECONDS)}
    environment = {**others, **addresses, **patient, **(settings or {})}
    output = data_dir / "up.txt"
    with output.open("w") as terminal:
        supervisor = subprocess.Popen(
            [sys.executable, "-m", "local", "up"], cwd=ROOT, env=environment, stdout=terminal, stderr=subprocess.STDOUT
        )
    try:
        deadline = time.monotonic() + START_SECONDS
        while "Yarmarka is ready" not in output.read_text(errors="replace"):
            assert supervisor.poll() is None, f"the market ended while starting:\n{tail(output)}"
            assert time.monotonic() < deadline, f"the market is not ready after {START_SECONDS:g} s:\n{tail(output)}"
            time.sleep(0.2)
        yield LocalMarket(ports, data_dir, supervisor.pid)
    finally:
        supervisor.terminate()  # a shell's background job ignores SIGINT, and so would the market
        try:
            supervisor.wait(STOP_SECONDS)
        except subprocess.TimeoutExpired:
            supervisor.kill()
            supervisor.wait()
            raise


@dataclass(slots=True)
class Client:
    """An app of one person: sends the persisted operations by name.

    Attributes:
        headers: sent with every request; `sign_in` sets the Authorization header.
    """

    url: str
    headers: dict[str, str] = field(default_factory=dict)

    def sign_in(self, email: str, password: str = "yarmarka") -> None:
        """Sign in; later requests carry the access token."""
        answer = self.send(
            "mutation($input: SignInInput!) { signIn(input: $input) { __typename "
            "... on SignInSuccess { accessToken } ... on UserError { code message } } }",
            {"input": {"email": email, "password": password}},
        )
        assert answer["data"]["signIn"]["__typename"] == "SignInSuccess", answer
        self.headers["Authorization"] = f"Bearer {answer['data']['signIn']['accessToken']}"

    def run(self, operation: str, **variables: Any) -> dict[str, Any]:
        """The data of one of the 17 operations; an answer with errors fails the test."""
        answer = self.ask(operation, **variables)
        assert "errors" not in answer, answer["errors"]
        data: dict[str, Any] = answer["data"]
        return data

    def ask(self, operation: str, **variables: Any) -> dict[str, Any]:
        """The whole answer of one of the 17 operations."""
        return self.send((OPERATIONS / f"{operation}.graphql").read_text(), variables)

    def send(self, query: str, variables: Mapping[str, Any] | None = None) -> dict[str, Any]:
        """The whole answer of any GraphQL document, whatever its HTTP status."""
        body = json.dumps({"query": query, "variables": dict(variables or {})}).encode()
        request = urllib.request.Request(
            self.url, body, {"Content-Type": "application/json", "Accept": "application/json", **self.headers}
        )
        try:
            with urllib.request.urlopen(request, timeout=30) as response:
                answer: dict[str, Any] = json.load(response)
        except urllib.error.HTTPError as refused:
            answer = json.load(refused)
        return answer


def eventually(condition: Callable[[], Any], *, seconds: float, what: str) -> Any:
    """The first true value of `condition`, asked again and again until the deadline; fails with `what` and the last value."""
    deadline = time.monotonic() + seconds
    while True:
        value = condition()
        if value:
            return value
        assert time.monotonic() < deadline, f"{what} did not happen within {seconds:g} s; last: {value!r}"
        time.sleep(0.05)


def tail(path: Path, lines: int = 60) -> str:
    """The last lines of a file."""
    return "\n".join(path.read_text(errors="replace").splitlines()[-lines:])
