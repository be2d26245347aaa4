"""A request that failed leaves nothing behind for the collector: what it held goes when it ends, not when circles are looked for."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import build_schema

from gateway.errors import SubgraphError
from gateway.execution.executor import Executor
from gateway.execution.request import ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.fake import FakeTransport
from gateway.execution.transport.interface import Reply
from gateway.operation.model import OperationKind
from gateway.planning.plan import Plan
from tests.support.execution import PlanWriter, normalized

SCHEMA = build_schema("type Query { a: Int b: Int }")
TEXT = "{ a b }"


class Variables(dict[str, Any]):
    """Variables that can be watched."""


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


def unreachable(_request: Any) -> Any:
    raise SubgraphError("away", service="one", code="SUBGRAPH_UNREACHABLE")


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("is_compiled", [True, False])
@pytest.mark.parametrize(
    "answer",
    [
        unreachable,
        lambda _: b"{",
        lambda _: {"data": {}},
        lambda _: {"data": {"a": "x"}},
        lambda _: Reply(500, "", b""),
    ],
    ids=["unreachable", "no JSON", "a field left out", "a wrong value", "500"],
)
async def test_a_failed_request_lets_its_variables_go(answer: Any, is_compiled: bool) -> None:
    writer = PlanWriter({"one": SCHEMA, "two": SCHEMA})
    plan = Plan(OperationKind.QUERY, (writer.root(0, "one", "{ a }"), writer.root(1, "two", "{ b }")))
    transport = FakeTransport({"one": answer, "two": lambda _: {"data": {"b": 2}}})
    services = [SubgraphEndpoint(name, f"http://{name}.test/") for name in ("one", "two")]
    executable = Executor(transport=transport, services=services, api_schema=SCHEMA).prepare(
        plan, normalized(SCHEMA, TEXT)
    )
    if is_compiled:
        executable.compile()
    variables = Variables(n="x" * 1_000)
    watched = weakref.ref(variables)
    deadline = asyncio.get_running_loop().time() + 60
    answered = await executable.execute(ExecutionRequest(deadline=deadline, variables=variables))
    assert answered.error_count == 1
    del variables
    await asyncio.sleep(0)
    assert watched() is None
