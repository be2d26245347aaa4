"""What clients read of subgraphs' errors: what the subgraph's rules let through, and no more of it than fits."""

import asyncio
from typing import Any

import pytest
import structlog
from graphql import build_schema

from gateway.execution.error_rules import ErrorRules
from gateway.execution.executor import Executor
from gateway.execution.request import ExecutionRequest, SubgraphEndpoint
from gateway.execution.transport.fake import FakeTransport
from gateway.operation.model import OperationKind
from gateway.planning.plan import Plan
from gateway.server.supergraphs import served_subgraphs
from gateway.settings import Settings
from gateway.supergraph.reader import read_supergraph
from tests.support.execution import PlanWriter, normalized
from tests.support.gateway import shop_supergraph

API = build_schema("type Query { users: [User] } type User { id: ID }")
ERROR = {
    "message": "connection to postgres://user:pw@db refused",
    "path": ["users"],
    "extensions": {
        "code": "DB_DOWN",
        "retryable": True,
        "stacktrace": ["at secret.py:1"],
        "exception": {"stacktrace": ["at secret.py:1"]},
    },
}
SERVICE = {"serviceName": "accounts"}


async def shown(rules: ErrorRules, error: Any = ERROR) -> dict[str, Any]:
    """The one error that clients read."""
    transport = FakeTransport({"accounts": lambda _request: {"data": {"users": None}, "errors": [error]}})
    services = [SubgraphEndpoint("accounts", "http://accounts.test/graphql", errors=rules)]
    executor = Executor(transport=transport, services=services, api_schema=API)
    plan = Plan(OperationKind.QUERY, (PlanWriter({"accounts": API}).root(0, "accounts", "{ users { id } }"),))
    executable = executor.prepare(plan, normalized(API, "{ users { id } }"))
    answer = await executable.execute(ExecutionRequest(deadline=asyncio.get_running_loop().time() + 60))
    (only,) = answer.errors
    shown: dict[str, Any] = only
    return shown


MASKED = ErrorRules(passes_message=False, passes_code=False, extensions=frozenset())
"""The rules of production."""


async def test_a_masked_error_tells_only_that_there_is_one_and_where() -> None:
    assert await shown(MASKED) == {
        "message": "The subgraph reported an error.",
        "path": ["users"],
        "extensions": {"code": "DOWNSTREAM_SERVICE_ERROR", **SERVICE},
    }


async def test_an_operator_reads_a_masked_error_in_the_log() -> None:
    with structlog.testing.capture_logs() as logs:
        await shown(MASKED)
    assert [(event["event"], event["subgraph"], event["code"]) for event in logs] == [
        ("subgraph.error_masked", "accounts", "DB_DOWN")
    ]
    with structlog.testing.capture_logs() as logs:
        await shown(ErrorRules())
    assert logs == []


@pytest.mark.parametrize(
    ("rules", "message", "extensions"),
    [
        (ErrorRules(passes_code=False, extensions=frozenset()), ERROR["message"], {"code": "DOWNSTREAM_SERVICE_ERROR"}),
        (
            ErrorRules(passes_message=False, extensions=frozenset()),
            "The subgraph reported an error.",
            {"code": "DB_DOWN"},
        ),
        (ErrorRules(extensions=frozenset({"retryable"})), ERROR["message"], {"code": "DB_DOWN", "retryable": True}),
        (ErrorRules(), ERROR["message"], ERROR["extensions"]),
    ],
)
async def test_each_rule_lets_its_part_through(rules: ErrorRules, message: str, extensions: dict[str, Any]) -> None:
    error = await shown(rules)
    assert (error["message"], error["extensions"]) == (message, {**extensions, **SERVICE})


async def test_long_parts_are_cut_whoever_reads_them() -> None:
    """They are shown once for each place that they cost."""
    long = {"message": "m" * 3_000, "extensions": {"code": "C" * 101, "big": "x" * 20_000, "small": 1}}
    error = await shown(ErrorRules(), long)
    assert error["message"] == "m" * 2_000 + "…"
    assert error["extensions"] == {"code": "DOWNSTREAM_SERVICE_ERROR", **SERVICE}


@pytest.mark.parametrize("error", ["text", None, {"message": 5}, {"message": "", "extensions": []}])
async def test_what_is_no_error_is_masked_too(error: Any) -> None:
    assert (await shown(MASKED, error))["extensions"] == {"code": "DOWNSTREAM_SERVICE_ERROR", **SERVICE}


def rules_of(**settings: Any) -> dict[str, ErrorRules]:
    """The rules of each subgraph under these settings."""
    supergraph = read_supergraph(shop_supergraph())
    return {subgraph.name: subgraph.errors for subgraph in served_subgraphs(supergraph, Settings(**settings))}


def test_in_production_errors_are_masked_unless_the_settings_let_them_pass() -> None:
    assert rules_of() == {"accounts": MASKED, "goods": MASKED}
    own = {"goods": {"errors": {"code": True, "extensions": ["retryable"]}}, "accounts": {"timeout_seconds": 1}}
    assert rules_of(subgraphs=own) == {
        "accounts": MASKED,
        "goods": ErrorRules(passes_message=False, extensions=frozenset({"retryable"})),
    }
    everything = {"message": True, "code": True, "extensions": "all"}
    assert rules_of(errors=everything, subgraphs={"goods": {"errors": {}}}) == {
        "accounts": ErrorRules(),
        "goods": MASKED,
    }


def test_in_development_errors_pass() -> None:
    assert rules_of(environment="development") == {"accounts": ErrorRules(), "goods": ErrorRules()}
