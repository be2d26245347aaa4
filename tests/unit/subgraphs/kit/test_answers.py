"""Which failures say nothing about the work, and so cost no attempt."""

import pytest
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from subgraphs.kit.messaging.task_queue import QueueUnavailable
from subgraphs.kit.runtime.client import ServiceRefused, ServiceUnavailable
from subgraphs.kit.storage.answers import is_unanswered
from subgraphs.kit.storage.faults import DatabaseUnavailable, TransactionConflict

UNANSWERED = [
    DatabaseUnavailable("no connection"),
    TransactionConflict("SQLSTATE 40P01"),
    OperationalError("BEGIN", {}, ConnectionRefusedError()),
    PoolTimeout("all connections are in use"),
    QueueUnavailable("away"),
    ServiceUnavailable("order", "timed out"),
    ServiceRefused("order", [{"extensions": {"code": "SERVICE_UNAVAILABLE"}}]),
    ExceptionGroup("two", [DatabaseUnavailable("full"), TimeoutError()]),
]
REFUSED = [
    ValueError("unreadable"),
    ServiceRefused("order", [{"extensions": {"code": "NOT_FOUND"}}]),
    ExceptionGroup("two", [DatabaseUnavailable("full"), ValueError("unreadable")]),
]


@pytest.mark.parametrize("error", UNANSWERED, ids=lambda error: type(error).__name__)
def test_a_failure_of_a_dependency_is_no_refusal(error: Exception) -> None:
    assert is_unanswered(error)


@pytest.mark.parametrize("error", REFUSED, ids=lambda error: type(error).__name__)
def test_a_refusal_counts(error: Exception) -> None:
    assert not is_unanswered(error)
