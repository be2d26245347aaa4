"""Whether a failure says no, or says nothing.

Work that was refused is tried a few times and then parked. Work that was not answered (no connection, a time-out, a 5xx, a
database or a queue that is away) says nothing about the work: it is tried again for a day. See `kit.messaging.jobs`.
"""

from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from subgraphs.kit.messaging.task_queue import QueueUnavailable
from subgraphs.kit.runtime.client import ServiceRefused, ServiceUnavailable
from subgraphs.kit.runtime.deadline import DeadlineExceeded
from subgraphs.kit.storage.faults import DatabaseUnavailable

UNANSWERED_CODES = frozenset({"SERVICE_UNAVAILABLE", "DEADLINE_EXCEEDED", "INTERNAL_SERVER_ERROR"})
"""Codes of GraphQL errors that are a 5xx in all but their status."""

_UNANSWERED = (
    ServiceUnavailable,
    QueueUnavailable,
    DatabaseUnavailable,
    DeadlineExceeded,
    OSError,  # ConnectionError and TimeoutError are two of its kind
    PoolTimeout,
    OperationalError,
    InterfaceError,
)


def is_unanswered(error: BaseException) -> bool:
    """True when the failure says nothing about the work that failed."""
    match error:
        case ServiceRefused():
            return bool(error.codes) and UNANSWERED_CODES.issuperset(error.codes)
        case DBAPIError() if error.connection_invalidated:
            return True
        case BaseExceptionGroup():
            return all(is_unanswered(each) for each in error.exceptions)
        case _:
            return isinstance(error, _UNANSWERED)
