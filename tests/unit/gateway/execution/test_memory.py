"""What a request holds is free when it is answered, without the collector of circles: variables may be megabytes."""

import asyncio
import gc
import weakref
from collections.abc import Iterator
from typing import Any

import pytest
from graphql import build_schema

from gateway.errors import SubgraphError
from gateway.execution.executor import Executor
from gateway.execution.limits import ExecutionLimits
from gateway.execution.request import ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.fake import FakeTransport
from gateway.operation.model import OperationKind
from gateway.planning.plan import Plan
from tests.support.execution import PlanWriter, normalized

API = build_schema("type Query { users: [User] } type User { id: ID }")
PLAN = Plan(OperationKind.QUERY, (PlanWriter({"accounts": API}).root(0, "accounts", "{ users { id } }"),))


class Variables(dict[str, Any]):
    """Variables that can be watched."""


def away(_request: dict[str, Any]) -> Any:
    raise SubgraphError("It cannot be reached.", service="accounts", code="SUBGRAPH_UNREACHABLE")


@pytest.fixture
def without_collector() -> Iterator[None]:
    gc.collect()
    gc.disable()
    yield
    gc.enable()


@pytest.mark.usefixtures("without_collector")
@pytest.mark.parametrize("is_compiled", [False, True], ids=["general", "fast"])
@pytest.mark.parametrize(
    "accounts",
    [
        away,
        lambda _request: {"data": {"users": [{"id": "1"}]}},
        lambda _request: {"data": {"users": None}, "errors": [{"message": "no", "path": ["users"]}]},
        lambda _request: {"data": {"users": 5}},
        lambda _request: [],
    ],
    ids=["away", "good", "with an error", "with a wrong value", "malformed"],
)
async def test_an_answered_request_holds_nothing(accounts: Any, *, is_compiled: bool) -> None:
    executor = Executor(
        transport=FakeTransport({"accounts": accounts}),
        services=[SubgraphEndpoint("accounts", "http://a/")],
        api_schema=API,
    )
    executable = executor.prepare(PLAN, normalized(API, "{ users { id } }"))
    if is_compiled:
        executable.compile()
    variables = Variables(text="x" * 1000)
    watched = weakref.ref(variables)
    await executable.execute(ExecutionRequest(deadline=asyncio.get_running_loop().time() + 60, variables=variables))
    del variables
    await asyncio.sleep(0)  # callbacks of this turn are done
    assert watched() is None


@pytest.mark.usefixtures("without_collector")
async def test_an_answer_that_is_too_large_holds_nothing() -> None:
    executor = Executor(
        transport=FakeTransport({"accounts": lambda _request: {"data": {"users": []}}}),
        services=[SubgraphEndpoint("accounts", "http://a/")],
        api_schema=API,
        limits=ExecutionLimits(max_answer_bytes=1),
    )
    executable = executor.prepare(PLAN, normalized(API, "{ users { id } }"))
    variables = Variables()
    watched = weakref.ref(variables)
    await executable.execute(ExecutionRequest(deadline=asyncio.get_running_loop().time() + 60, variables=variables))
    del variables
    await asyncio.sleep(0)
    assert watched() is None
