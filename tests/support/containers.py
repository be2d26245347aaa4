"""The market as docker-compose.yml started it, for the tests that `task up`'s market passes too."""

import os
import shlex
import subprocess
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit

import pytest
import yaml

from tests.support.market import COME_BACK_SECONDS, eventually

ROOT = Path(__file__).resolve().parents[2]
PUBLISHED = {"PAYMENT_PORT": 8080, "CATALOG_PORT": 4002, "BANK_PORT": 4010, "MAIL_HTTP_PORT": 4026}


@dataclass(frozen=True, slots=True)
class Containers:
    """Containers that run already and stay.

    Attributes:
        gateway_url: the GraphQL endpoint.
        compose: the command that started them; empty: tests that kill a container are skipped.
    """

    gateway_url: str
    compose: tuple[str, ...]

    def url(self, port_setting: str, path: str) -> str:
        """An address of a published port; another one skips the test."""
        if port_setting == "GATEWAY_PORT":
            return self.gateway_url.removesuffix("/graphql") + path
        if port_setting not in PUBLISHED:
            pytest.skip(f"{port_setting} is not published: it is reached inside of the containers' network alone")
        name = port_setting.replace("_HTTP", "").replace("_PORT", "_PUBLISHED_PORT")
        return f"http://{urlsplit(self.gateway_url).hostname}:{os.environ.get(name, PUBLISHED[port_setting])}{path}"

    def kill(self, service: str) -> None:
        """End a container's process at once."""
        self._run("kill", service)

    @contextmanager
    def stopped(self, service: str) -> Iterator[None]:
        """Pause a container during the block."""
        self._run("pause", service)
        try:
            yield
        finally:
            self._run("unpause", service)

    @contextmanager
    def killed(self, service: str) -> Iterator[None]:
        """Kill a container; `wait_until_back` starts it again."""
        self.kill(service)
        yield

    def wait_until_back(self, service: str) -> None:
        """Start the container, since whoever kills one by hand must, and wait until its own health check passes."""
        self._run("start", service)
        compose = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
        check = compose["services"][service]["healthcheck"]["test"][1:]
        eventually(lambda: self._succeeds("exec", "-T", service, *check), seconds=COME_BACK_SECONDS, what=service)

    def _run(self, *arguments: str) -> None:
        if not self.compose:
            pytest.skip("kills a container: name the command with --compose")
        done = subprocess.run([*self.compose, *arguments], cwd=ROOT, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr

    def _succeeds(self, *arguments: str) -> bool:
        return subprocess.run([*self.compose, *arguments], cwd=ROOT, capture_output=True, check=False).returncode == 0


def running_containers(gateway_url: str, compose: str | None) -> Containers:
    """The containers whose gateway answers at this address."""
    return Containers(gateway_url, tuple(shlex.split(compose or "")))
