"""Subscriptions and other answers as server-sent events, over HTTP."""

import asyncio
import json
import threading
import time
from collections.abc import AsyncIterator, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
import uvicorn
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import StreamingResponse
from starlette.routing import Route

from tests.support.bad_subgraph import BadSubgraph, silent, streaming
from tests.support.gateway import RunningGateway, running_gateway, shop_supergraph
from tests.support.ports import free_port

SUBSCRIPTION = "subscription { renamed { id name } }"
EVENTS = {"accept": "text/event-stream"}


class EventSource:
    """A subgraph whose subscription sends what it is told to send.

    Attributes:
        open: streams under way.
    """

    def __init__(self) -> None:
        self.open = 0
        self.port = free_port()
        self._queues: list[asyncio.Queue[dict[str, Any] | None]] = []
        app = Starlette(routes=[Route("/graphql", self._stream, methods=["POST"])])
        self._server = uvicorn.Server(uvicorn.Config(app, port=self.port, log_level="error", lifespan="off"))
        self._loop = asyncio.new_event_loop()
        self._thread = threading.Thread(target=self._run)

    def send(self, event: dict[str, Any] | None) -> None:
        """An event to all streams; None completes them."""
        for queue in self._queues:
            self._loop.call_soon_threadsafe(queue.put_nowait, event)

    def start(self) -> None:
        self._thread.start()

    def stop(self) -> None:
        self._server.should_exit = True
        self.send(None)
        self._thread.join(10)

    def _run(self) -> None:
        asyncio.set_event_loop(self._loop)
        self._loop.run_until_complete(self._server.serve())
        self._loop.close()

    async def _stream(self, _: Request) -> StreamingResponse:
        return StreamingResponse(self._events(), media_type="text/event-stream")

    async def _events(self) -> AsyncIterator[str]:
        queue: asyncio.Queue[dict[str, Any] | None] = asyncio.Queue()
        self._queues.append(queue)
        self.open += 1
        try:
            yield ":\n\n"
            while (event := await queue.get()) is not None:
                yield f"event: next\ndata: {json.dumps(event)}\n\n"
            yield "event: complete\ndata:\n\n"
        finally:
            self.open -= 1
            self._queues.remove(queue)


@pytest.fixture(scope="module")
def source() -> Iterator[EventSource]:
    source = EventSource()
    source.start()
    yield source
    source.stop()


@pytest.fixture(scope="module")
def gateway(tmp_path_factory: pytest.TempPathFactory, source: EventSource) -> Iterator[RunningGateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    schema = folder / "supergraph.graphql"
    schema.write_text(shop_supergraph(goods=f"http://127.0.0.1:{source.port}/graphql"), encoding="utf-8")
    with running_gateway(folder, {"supergraph": {"path": str(schema)}}) as running:
        yield running


def good(name: str) -> dict[str, Any]:
    return {"data": {"renamed": {"__typename": "Good", "id": "1", "name": name}}}


def until_open(source: EventSource | BadSubgraph, count: int) -> None:
    """Return when so many streams are open at the subgraph."""
    deadline = time.monotonic() + 10
    while source.open != count:
        assert time.monotonic() < deadline, f"{source.open} streams are open, not {count}"
        time.sleep(0.01)


def events(lines: Iterator[str]) -> Iterator[tuple[str, Any]]:
    """(event, decoded data) as they come; comments are skipped."""
    name = ""
    for line in lines:
        if line.startswith("event: "):
            name = line.removeprefix("event: ")
        elif line.startswith("data:") and name:
            text = line.removeprefix("data:").strip()
            yield name, json.loads(text) if text else None


def test_each_event_is_answered_and_completion_is_told(gateway: RunningGateway, source: EventSource) -> None:
    with gateway.http.stream("POST", "/graphql", json={"query": SUBSCRIPTION}, headers=EVENTS) as response:
        assert response.headers["content-type"] == "text/event-stream; charset=utf-8"
        received = events(response.iter_lines())
        until_open(source, 1)
        source.send(good("one"))
        assert next(received) == ("next", {"data": {"renamed": {"id": "1", "name": "one"}}})
        source.send(good("two"))
        assert next(received) == ("next", {"data": {"renamed": {"id": "1", "name": "two"}}})
        source.send(None)
        assert list(received) == [("complete", None)]


def test_a_client_that_leaves_ends_the_subgraphs_stream(gateway: RunningGateway, source: EventSource) -> None:
    with (
        httpx.Client(base_url=gateway.http.base_url, trust_env=False) as client,
        client.stream("POST", "/graphql", json={"query": SUBSCRIPTION}, headers=EVENTS) as response,
    ):
        assert response.status_code == 200
        until_open(source, 1)
    # The subgraph sees it at its next attempt to write.
    source.send(good("to nobody"))
    source.send(good("to nobody"))
    until_open(source, 0)


@pytest.mark.parametrize(
    ("query", "answer"),
    [
        ("subscription { mine { id } }", {"mine": None}),
        ("subscription { me: mine { id } }", {"me": None}),
    ],
)
def test_a_field_that_the_caller_may_not_see_is_answered_once_and_nobody_is_asked(
    gateway: RunningGateway, source: EventSource, query: str, answer: dict[str, Any]
) -> None:
    with gateway.http.stream("POST", "/graphql", json={"query": query}, headers=EVENTS) as response:
        (name, only), end = list(events(response.iter_lines()))
    assert (name, end) == ("next", ("complete", None))
    assert only["data"] == answer
    assert [error["extensions"]["code"] for error in only["errors"]] == ["UNAUTHENTICATED"]
    assert source.open == 0


EVENT = b'{"data":{"renamed":{"id":"1","name":"one"}}}'
FRAMES = {
    "server-sent events": ("text/event-stream", b":\n\n", b"event: next\ndata: " + EVENT + b"\n\n"),
    "multipart": (
        'multipart/mixed;boundary="graphql";subscriptionSpec=1.0',
        b"--graphql\r\nContent-Type: application/json\r\n\r\n{}\r\n--graphql",
        b'\r\nContent-Type: application/json\r\n\r\n{"payload":' + EVENT + b"}\r\n--graphql",
    ),
}


@pytest.fixture
def quiet(tmp_path: Path) -> Iterator[tuple[RunningGateway, BadSubgraph]]:
    """A gateway before a subgraph whose streams say what they are told to say, and then nothing."""
    with BadSubgraph() as subgraph:
        schema = tmp_path / "supergraph.graphql"
        schema.write_text(shop_supergraph(goods=subgraph.url), encoding="utf-8")
        with running_gateway(tmp_path, {"supergraph": {"path": str(schema)}}) as running:
            yield running, subgraph


def test_a_client_that_leaves_frees_the_subgraphs_connection_though_nothing_more_is_sent(
    quiet: tuple[RunningGateway, BadSubgraph],
) -> None:
    gateway, subgraph = quiet
    for framing, (content_type, hello, event) in FRAMES.items():
        for told in ([hello], [hello, event]):
            subgraph.answer = streaming(content_type, *told)
            with (
                httpx.Client(base_url=gateway.http.base_url, trust_env=False) as client,
                client.stream("POST", "/graphql", json={"query": SUBSCRIPTION}, headers=EVENTS) as response,
            ):
                # Held until the end: httpx closes the connection when nobody holds the iterator any more.
                received = events(response.iter_lines())
                if event in told:
                    assert next(received) == ("next", json.loads(EVENT)), framing
                until_open(subgraph, 1)
            until_open(subgraph, 0)
    assert "gateway_subscriptions 0.0" in gateway.http.get("/metrics").text


def test_a_client_that_leaves_within_an_event_frees_what_completes_it(
    quiet: tuple[RunningGateway, BadSubgraph], tmp_path: Path
) -> None:
    """The event needs a field of another subgraph, which is being waited for."""
    gateway, subgraph = quiet
    content_type, hello, _ = FRAMES["server-sent events"]
    event = b'event: next\ndata: {"data":{"renamed":{"seller":{"__id":"1"}}}}\n\n'
    subgraph.answer = streaming(content_type, hello, event)
    with BadSubgraph() as accounts:
        accounts.answer = silent
        schema = tmp_path / "supergraph.graphql"
        schema.write_text(shop_supergraph(goods=subgraph.url, accounts=accounts.url), encoding="utf-8")
        query = "subscription { renamed { seller { nickname } } }"
        served = [found for found in gateway.log() if found["event"] == "supergraph.served"]
        deadline = time.monotonic() + 10
        while [found for found in gateway.log() if found["event"] == "supergraph.served"] == served:
            assert time.monotonic() < deadline, "the new supergraph is not served"
            time.sleep(0.02)
        with (
            httpx.Client(base_url=gateway.http.base_url, trust_env=False) as client,
            client.stream("POST", "/graphql", json={"query": query}, headers=EVENTS),
        ):
            until_open(accounts, 1)
        until_open(accounts, 0)
        until_open(subgraph, 0)


def test_an_error_in_an_event_is_part_of_that_event(gateway: RunningGateway, source: EventSource) -> None:
    with gateway.http.stream("POST", "/graphql", json={"query": SUBSCRIPTION}, headers=EVENTS) as response:
        received = events(response.iter_lines())
        until_open(source, 1)
        source.send({"data": None, "errors": [{"message": "lost", "extensions": {"code": "LOST"}}]})
        name, answer = next(received)
        assert name == "next"
        assert answer["data"] == {"renamed": None}
        assert answer["errors"][0]["message"] == "The subgraph reported an error.", "the gateway is in production"
        source.send(None)
        assert list(received) == [("complete", None)]


def test_a_refusal_is_an_event_for_whoever_takes_nothing_else(gateway: RunningGateway) -> None:
    response = gateway.ask("subscription { nope }", headers=EVENTS)
    assert response.status_code == 200
    (refused, complete) = events(iter(response.text.splitlines()))
    assert refused[1]["errors"][0]["extensions"]["code"] == "GRAPHQL_VALIDATION_FAILED"
    assert complete == ("complete", None)


def test_a_query_may_be_answered_by_an_event(gateway: RunningGateway) -> None:
    response = gateway.ask("{ __typename }", headers=EVENTS)
    assert list(events(iter(response.text.splitlines()))) == [
        ("next", {"data": {"__typename": "Query"}}),
        ("complete", None),
    ]


def test_a_subscription_by_get_is_answered(gateway: RunningGateway, source: EventSource) -> None:
    headers = {**EVENTS, "graphql-require-preflight": "1"}
    with gateway.http.stream("GET", "/graphql", params={"query": SUBSCRIPTION}, headers=headers) as response:
        received = events(response.iter_lines())
        until_open(source, 1)
        source.send(good("one"))
        assert next(received)[1] == {"data": {"renamed": {"id": "1", "name": "one"}}}
        source.send(None)
        assert list(received) == [("complete", None)]


def test_streams_do_not_hold_up_a_gateway_that_stops(tmp_path: Path, source: EventSource) -> None:
    schema = tmp_path / "supergraph.graphql"
    schema.write_text(shop_supergraph(goods=f"http://127.0.0.1:{source.port}/graphql"), encoding="utf-8")
    with running_gateway(tmp_path, {"supergraph": {"path": str(schema)}}) as gateway:
        with gateway.http.stream("POST", "/graphql", json={"query": SUBSCRIPTION}, headers=EVENTS) as response:
            until_open(source, 1)
            gateway.process.terminate()
            assert list(events(response.iter_lines())) == []
        assert gateway.process.wait(10) == 0
