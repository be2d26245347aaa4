"""Mutations that a field below the root returns: each runs once for each object that holds it, and for none that is not there."""

import asyncio
from typing import Any

from gateway.execution.executor import Executor
from gateway.execution.request import ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.fake import FakeTransport
from tests.support.execution import DictSubgraph
from tests.support.planning import composed, normalized, planned

ACCOUNTS = """
    type Query { home: Int }
    type Mutation { as(who: String): Mutation forEach: [Mutation!] end: Int save: Payload }
    type Payload { ok: Boolean query: Query }
"""
BOOKS = "type Query { count: Int } type Mutation { add(n: Int): Int clear: Int }"
SUPERGRAPH = composed(accounts=ACCOUNTS, books=BOOKS)


class Recorder:
    """Two subgraphs that note the mutations which they run, in order."""

    def __init__(self, **accounts: Any) -> None:
        self.ran: list[str] = []
        self.transport = FakeTransport(
            {
                "accounts": DictSubgraph(ACCOUNTS, {"end": self._run("end", 9), **accounts}),
                "books": DictSubgraph(
                    BOOKS, {"add": self._run("add", 1), "clear": self._run("clear", 0), "count": self._run("count", 7)}
                ),
            }
        )

    def _run(self, name: str, value: int) -> Any:
        def resolve(_info: Any, **_arguments: Any) -> int:
            self.ran.append(name)
            return value

        return resolve

    async def answer(self, text: str) -> Any:
        """The answer to an operation, by the plan of the real planner."""
        services = [SubgraphEndpoint(name, url) for name, url in SUPERGRAPH.subgraphs.items()]
        executor = Executor(transport=self.transport, services=services, api_schema=SUPERGRAPH.api)
        executable = executor.prepare(planned(SUPERGRAPH, text), normalized(SUPERGRAPH, text))
        deadline = asyncio.get_running_loop().time() + 5
        return (await executable.execute(ExecutionRequest(deadline=deadline))).decoded()


async def test_mutation_below_a_mutation_runs_before_the_next_root_field() -> None:
    recorder = Recorder(**{"as": {}})
    answer = await recorder.answer('mutation { as(who: "x") { add(n: 3) } end }')
    assert answer == {"data": {"as": {"add": 1}, "end": 9}}
    assert recorder.ran == ["add", "end"]


async def test_mutation_below_a_list_runs_once_for_each_object() -> None:
    recorder = Recorder(forEach=[{}, {}, {}])
    answer = await recorder.answer("mutation { forEach { add(n: 3) } }")
    assert answer == {"data": {"forEach": [{"add": 1}] * 3}}
    assert recorder.ran == ["add"] * 3


async def test_mutation_below_a_null_does_not_run() -> None:
    recorder = Recorder(**{"as": None})
    assert await recorder.answer('mutation { as(who: "x") { add(n: 3) } }') == {"data": {"as": None}}
    assert recorder.ran == []


async def test_query_below_a_null_is_not_sent() -> None:
    recorder = Recorder(save={"ok": True, "query": None})
    answer = await recorder.answer("mutation { save { ok query { count } } clear }")
    assert answer == {"data": {"save": {"ok": True, "query": None}, "clear": 0}}
    assert recorder.ran == ["clear"]


async def test_query_in_a_payload_is_answered_before_the_next_mutation() -> None:
    recorder = Recorder(save={"ok": True, "query": {}})
    answer = await recorder.answer("mutation { save { ok query { count } } clear }")
    assert answer == {"data": {"save": {"ok": True, "query": {"count": 7}}, "clear": 0}}
    assert recorder.ran == ["count", "clear"]
