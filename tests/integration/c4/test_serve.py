"""The picture in a real browser, served as `task c4` serves it."""

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path

import pytest
from playwright.sync_api import expect

from c4.site import build
from gateway.graphiql.node import NodeError
from tests.support.browser import Visit, open_browser
from tests.support.ports import free_port

ROOT = Path(__file__).resolve().parents[3]
START_SECONDS = 20.0
VIEWS = (
    "index",
    "containers",
    "calls",
    "events",
    "ordering",
    "query",
    "event",
    "local_deployment",
    "compose_deployment",
)


@pytest.fixture(scope="module", autouse=True)
def built_picture() -> None:
    try:
        build()
    except NodeError as error:
        if os.environ.get("CI") == "true":
            raise
        pytest.skip(f"the picture cannot be built here: {error}")


@pytest.fixture(scope="module")
def address(built_picture: None) -> Iterator[str]:
    port = free_port()
    server = subprocess.Popen(
        [sys.executable, "-m", "c4.serve", "--port", str(port)], cwd=ROOT, stdout=subprocess.DEVNULL
    )
    try:
        deadline = time.monotonic() + START_SECONDS
        while not _answers(port):
            assert server.poll() is None, "the picture's server has ended"
            assert time.monotonic() < deadline, "the picture's server did not start in time"
            time.sleep(0.05)
        yield f"http://127.0.0.1:{port}"
    finally:
        server.terminate()
        server.wait(10)


def test_every_view_is_drawn_without_a_complaint_or_another_host(address: str) -> None:
    with open_browser() as browser:
        for view in VIEWS:
            visit = Visit(browser, f"{address}/view/{view}/")
            expect(visit.page.locator(".react-flow__node").nth(3)).to_be_visible()
            visit.page.wait_for_load_state("networkidle")
            visit.close()


def test_missing_asset_is_404_and_not_the_page(address: str) -> None:
    with pytest.raises(urllib.error.HTTPError, match="404"):
        urllib.request.urlopen(f"{address}/assets/nothing.js", timeout=10)


def test_port_in_use_is_said_with_its_flag() -> None:
    with socket.create_server(("127.0.0.1", 0)) as taken:
        port = taken.getsockname()[1]
        done = subprocess.run(
            [sys.executable, "-m", "c4.serve", "--port", str(port)],
            cwd=ROOT,
            capture_output=True,
            text=True,
            timeout=60,
            check=False,
        )

    assert done.returncode == 1
    assert f"port {port}: Address already in use; choose another with --port" in done.stderr


def _answers(port: int) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", port)) == 0
