"""Clients that close their connection: their queries are given up wherever they are, their mutations are carried out."""

import json
import socket
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph
from tests.support.bad_subgraph import Answer, BadSubgraph, replying, silent
from tests.support.gateway import RunningGateway, running_gateway

FEDERATION = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@shareable"])'
FIRST = f"{FEDERATION} type Query {{ one(n: Int): Int }} type Mutation {{ start: Int }}"
SECOND = f"{FEDERATION} type Query {{ two: Int }} type Mutation {{ finish: Int }}"
PATIENCE_SECONDS = 60.0


@pytest.fixture(scope="module")
def first() -> Iterator[BadSubgraph]:
    with BadSubgraph() as subgraph:
        yield subgraph


@pytest.fixture(scope="module")
def second() -> Iterator[BadSubgraph]:
    with BadSubgraph() as subgraph:
        subgraph.answer = replying(b'{"data":{"finish":2}}')
        yield subgraph


@pytest.fixture(scope="module")
def gateway(
    tmp_path_factory: pytest.TempPathFactory, first: BadSubgraph, second: BadSubgraph
) -> Iterator[RunningGateway]:
    folder: Path = tmp_path_factory.mktemp("gateway")
    schema = folder / "supergraph.graphql"
    subgraphs = [Subgraph(name="first", url=first.url, sdl=FIRST), Subgraph(name="second", url=second.url, sdl=SECOND)]
    schema.write_text(compose(subgraphs).supergraph_sdl, encoding="utf-8")
    settings = {
        "supergraph": {"path": str(schema)},
        "execution": {"timeout_seconds": 10 * PATIENCE_SECONDS, "max_connections": 1, "max_wait_seconds": 600},
        "batching": {"enabled": True},
    }
    with running_gateway(folder, settings) as running:
        yield running


def holding(released: threading.Event, body: bytes) -> Answer:
    """An answer that comes once it is released."""

    def answer(subgraph: BadSubgraph, connection: socket.socket) -> None:
        released.wait(PATIENCE_SECONDS)
        replying(body)(subgraph, connection)

    return answer


def sent(gateway: RunningGateway, body: object) -> socket.socket:
    """A connection on which a request has been sent, and nothing is read."""
    connection = socket.create_connection(("127.0.0.1", gateway.port), PATIENCE_SECONDS)
    encoded = json.dumps(body).encode()
    head = f"POST /graphql HTTP/1.1\r\nHost: shop\r\nContent-Type: application/json\r\nContent-Length: {len(encoded)}\r\n\r\n"
    connection.sendall(head.encode() + encoded)
    return connection


def gone(gateway: RunningGateway) -> int:
    """How many requests the gateway has logged as given up."""
    return sum(event.get("code") == "CLIENT_GONE" for event in gateway.log())


def until(is_true: Callable[[], bool]) -> None:
    """Return when it is true; fail when it is not in time."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not is_true():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.01)


def test_a_query_whose_client_leaves_is_given_up_while_it_runs(gateway: RunningGateway, first: BadSubgraph) -> None:
    first.answer = silent
    asked, given_up = first.requests, gone(gateway)
    connection = sent(gateway, {"query": "{ one(n: 1) }"})
    until(lambda: first.requests == asked + 1)
    connection.close()
    until(lambda: first.open == 0)
    until(lambda: gone(gateway) == given_up + 1)


def test_a_query_whose_client_leaves_is_given_up_while_it_waits(
    gateway: RunningGateway, first: BadSubgraph, second: BadSubgraph
) -> None:
    released = threading.Event()
    first.answer = holding(released, b'{"data":{"one":1}}')
    asked, given_up = first.requests, gone(gateway)
    with sent(gateway, {"query": "{ one(n: 2) }"}) as served:
        until(lambda: first.requests == asked + 1)
        # The only connection to the subgraph is taken: these wait for it.
        waiting = [sent(gateway, {"query": f"{{ one(n: {n}) }}"}) for n in (3, 4, 5)]
        # Plans are made one after the other: when this one is answered, those before it wait in the pool.
        second.answer = replying(b'{"data":{"two":2}}')
        assert gateway.ask("{ two # after the others\n }").json() == {"data": {"two": 2}}
        for connection in waiting:
            connection.close()
        until(lambda: gone(gateway) == given_up + 3)
        released.set()
        answer = b""
        while piece := served.recv(65536):  # head and body may come apart
            answer += piece
            if answer.endswith(b"}"):
                break
        assert answer.endswith(b'{"data":{"one":1}}')
    assert first.requests == asked + 1


def test_a_mutation_whose_client_left_is_carried_out(
    gateway: RunningGateway, first: BadSubgraph, second: BadSubgraph
) -> None:
    released = threading.Event()
    first.answer = holding(released, b'{"data":{"start":1}}')
    second.answer = replying(b'{"data":{"finish":2}}')
    asked, finished = first.requests, second.requests
    mutation = sent(gateway, {"query": "mutation { start finish }"})
    until(lambda: first.requests == asked + 1)
    mutation.close()
    _leave_with_a_query(gateway, second)
    released.set()
    until(lambda: second.requests == finished + 2)
    assert first.requests == asked + 1


def test_the_mutations_of_an_array_are_carried_out_and_its_queries_given_up(
    gateway: RunningGateway, first: BadSubgraph, second: BadSubgraph
) -> None:
    first.answer = silent
    asked, finished = first.requests, second.requests
    second.answer = replying(b'{"data":{"finish":2}}')
    connection = sent(
        gateway, [{"query": "{ one(n: 6) }"}, {"query": "mutation { finish }"}, {"query": "{ one(n: 7) }"}]
    )
    until(lambda: first.requests == asked + 1)
    connection.close()
    until(lambda: second.requests == finished + 1)
    until(lambda: first.open == 0)
    assert first.requests == asked + 1


def _leave_with_a_query(gateway: RunningGateway, second: BadSubgraph) -> None:
    """See the gateway give up a query that was sent, and left, after what the caller sent."""
    answer, second.answer = second.answer, silent
    asked, given_up = second.requests, gone(gateway)
    connection = sent(gateway, {"query": "{ two }"})
    until(lambda: second.requests == asked + 1)
    connection.close()
    until(lambda: gone(gateway) == given_up + 1)
    second.answer = answer
