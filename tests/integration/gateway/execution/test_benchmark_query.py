"""The benchmark's shapes through planner, both paths and real connections: what is measured is also right."""

import asyncio
import json
from collections.abc import AsyncIterator

import pytest

from gateway.execution.executor import Executor
from gateway.execution.request import ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.http import HttpTransport
from gateway.planning.planner import plan
from gateway.supergraph.reader import read_supergraph
from tests.bench.__main__ import SHAPES
from tests.bench.shop import Shop, answer_as_one, supergraph
from tests.bench.subgraph_server import SubgraphProtocol
from tests.support.execution import normalized


@pytest.fixture
async def origin() -> AsyncIterator[str]:
    """The four subgraphs on a port of their own."""
    shop, known = Shop(), dict[tuple[bytes, bytes], bytes]()
    server = await asyncio.get_running_loop().create_server(lambda: SubgraphProtocol(shop, known), "127.0.0.1", 0)
    yield f"http://127.0.0.1:{server.sockets[0].getsockname()[1]}"
    server.close()
    await server.wait_closed()


@pytest.mark.parametrize(("shape", "fetches"), [("deep", 6), ("single", 1), ("slow", 4), ("list", 2)])
async def test_both_paths_answer_as_one_server_would(origin: str, shape: str, fetches: int) -> None:
    graph = read_supergraph(supergraph(origin))
    operation = normalized(graph.api, SHAPES[shape])
    services = [SubgraphEndpoint(name, url) for name, url in graph.subgraphs.items()]
    transport = HttpTransport()
    try:
        executor = Executor(transport=transport, services=services, api_schema=graph.api)
        executable = executor.prepare(plan(operation, graph), operation)
        request = ExecutionRequest(deadline=asyncio.get_running_loop().time() + 10)
        general = await executable.execute(request)
        executable.compile()
        fast = await executable.execute(request)
        assert (fast.error_count, fast.fetch_count) == (0, fetches)
        assert fast.body == general.body
        assert fast.data == answer_as_one(graph.api, SHAPES[shape])
    finally:
        await transport.close()


async def test_the_deep_answer_has_the_public_benchmarks_size(origin: str) -> None:
    graph = read_supergraph(supergraph(origin))
    assert 85_000 < len(json.dumps(answer_as_one(graph.api, SHAPES["deep"]))) < 95_000
