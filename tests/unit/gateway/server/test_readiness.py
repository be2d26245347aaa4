"""When the gateway says that it is ready, by what its subgraphs say of themselves."""

import asyncio
import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import pytest

from gateway.server.readiness import Required, SubgraphReadiness, ask
from tests.support.ports import free_port

ADDRESSES = {"goods": "http://goods:1/graphql", "accounts": "http://accounts:2/api/graphql"}


class Neighbours:
    """Subgraphs that are ready but for those in `unready`; notes each address that was asked."""

    def __init__(self, *, required: Required = "any") -> None:
        self.unready: dict[str, str] = {}
        self.asked: list[str] = []
        self.now = 100.0
        self.hung: threading.Event | None = None
        self.readiness = SubgraphReadiness(
            "/ready",
            lambda: ADDRESSES,
            required=required,
            probe=self._probe,
            clock=lambda: self.now,
            answer_seconds=60,
        )

    def _probe(self, url: str) -> str | None:
        self.asked.append(url)
        if self.hung is not None:
            self.hung.wait(60)
        return self.unready.get(url)


@pytest.fixture
def neighbours() -> Iterator[Neighbours]:
    neighbours = Neighbours()
    yield neighbours
    neighbours.readiness.close()


async def test_the_gateway_is_ready_while_one_subgraph_is(neighbours: Neighbours) -> None:
    neighbours.unready = {"http://goods:1/ready": "503"}
    assert await neighbours.readiness.failing() == {}
    assert await neighbours.readiness.unready() == {"goods": "503"}
    assert sorted(neighbours.asked) == ["http://accounts:2/ready", "http://goods:1/ready"]


async def test_the_gateway_is_not_ready_when_no_subgraph_is_and_is_again_after_it(neighbours: Neighbours) -> None:
    neighbours.unready = {"http://goods:1/ready": "503", "http://accounts:2/ready": "ConnectionRefusedError"}
    assert await neighbours.readiness.failing() == {"goods": "503", "accounts": "ConnectionRefusedError"}
    neighbours.unready = {}
    neighbours.now += 1.0
    assert await neighbours.readiness.failing() == {}


@pytest.mark.parametrize(
    ("required", "away", "failing"),
    [
        pytest.param("any", "accounts", False, id="any, one away"),
        pytest.param("all", "accounts", True, id="all, one away"),
        pytest.param(("accounts",), "accounts", True, id="a required one away"),
        pytest.param(("accounts",), "goods", False, id="another one away"),
        pytest.param((), "goods", False, id="none required"),
    ],
)
async def test_the_gateway_is_not_ready_without_a_subgraph_that_it_requires(
    required: Required, away: str, *, failing: bool
) -> None:
    neighbours = Neighbours(required=required)
    try:
        neighbours.unready = {f"http://{away}:{1 if away == 'goods' else 2}/ready": "503"}
        assert await neighbours.readiness.failing() == ({away: "503"} if failing else {})
        neighbours.unready = {}
        neighbours.now += 1.0
        assert await neighbours.readiness.failing() == {}
    finally:
        neighbours.readiness.close()


async def test_a_storm_of_requests_asks_each_subgraph_once_a_second(neighbours: Neighbours) -> None:
    await asyncio.gather(*(neighbours.readiness.failing() for _ in range(50)))
    assert len(neighbours.asked) == 2
    neighbours.now += 1.0
    await neighbours.readiness.failing()
    assert len(neighbours.asked) == 4


async def test_subgraphs_that_hang_do_not_keep_a_probe_waiting() -> None:
    release = threading.Event()
    neighbours = Neighbours()
    neighbours.hung = release
    readiness = SubgraphReadiness("/ready", lambda: ADDRESSES, probe=neighbours._probe, answer_seconds=0)
    try:
        assert set(await readiness.failing()) == {"goods", "accounts"}, "nothing is known yet"
        release.set()
        async with asyncio.timeout(60):
            while await readiness.failing():  # noqa: ASYNC110 - what ends it happens in threads
                await asyncio.sleep(0)
    finally:
        release.set()
        readiness.close()
        neighbours.readiness.close()


@pytest.mark.parametrize(("status", "reason"), [(200, None), (503, "503"), (204, "204")])
def test_a_subgraph_is_ready_when_it_answers_200(status: int, reason: str | None) -> None:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            self.send_response(status)
            self.send_header("content-length", "0")
            self.end_headers()

        def log_message(self, *_: object) -> None:
            """Nothing."""

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    serving = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05})
    serving.start()
    try:
        assert ask(f"http://127.0.0.1:{server.server_port}/ready") == reason
    finally:
        server.shutdown()
        server.server_close()
        serving.join()


def test_a_subgraph_that_is_away_is_not_ready() -> None:
    assert ask(f"http://127.0.0.1:{free_port()}/ready") == "URLError"
