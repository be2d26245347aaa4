"""Errors in their two kinds: those a client can act on are types of the schema, the rest are GraphQL errors with a stable code.

What is unexpected is masked: the client sees INTERNAL_SERVER_ERROR and the trace id, the log sees the exception.
"""

from typing import Any

import strawberry
import structlog
from graphql import GraphQLError, GraphQLSyntaxError
from strawberry import federation
from strawberry.exceptions import MissingQueryError
from strawberry.schema.exceptions import CannotGetOperationTypeError, InvalidOperationTypeError

from subgraphs.kit.messaging.task_queue import QueueUnavailable
from subgraphs.kit.runtime.client import ServiceError
from subgraphs.kit.runtime.deadline import DeadlineExceeded
from subgraphs.kit.runtime.refusals import IdempotencyConflict, InvalidInput, NotFound, Refusal, VersionConflict
from subgraphs.kit.storage.faults import DatabaseUnavailable
from subgraphs.kit.storage.pagination import InvalidCursor, InvalidPage

UNAVAILABLE = "SERVICE_UNAVAILABLE"
"""The code of an answer that a client may ask for again; `extensions.retryable` is true beside it."""

NO_OPERATION = (MissingQueryError, CannotGetOperationTypeError, InvalidOperationTypeError)

_log = structlog.get_logger(__name__)


@strawberry.interface
class UserError:
    code: str
    message: str
    path: list[str] | None = None


@federation.type(shareable=True)
class ValidationError(UserError):
    pass


@federation.type(shareable=True)
class NotFoundError(UserError):
    pass


@federation.type(shareable=True, description="Optimistic lock lost: caller must refetch and retry")
class VersionConflictError(UserError):
    current_version: int = 0


@federation.type(shareable=True, description="Same idempotency key, different body")
class IdempotencyConflictError(UserError):
    pass


def shown(refusal: Refusal) -> dict[str, Any]:
    """Return the fields of `UserError` that answer a refusal."""
    return {"code": refusal.code, "message": str(refusal), "path": list(refusal.path) or None}


def user_error(refusal: Refusal) -> UserError | None:
    """Return the shared error type that answers a refusal; None when it is a domain's own."""
    match refusal:
        case InvalidInput():
            return ValidationError(**shown(refusal))
        case NotFound():
            return NotFoundError(**shown(refusal))
        case VersionConflict(current_version=current_version):
            return VersionConflictError(**shown(refusal), current_version=current_version)
        case IdempotencyConflict():
            return IdempotencyConflictError(**shown(refusal))
        case _:
            return None


class Fault(Exception):
    """A fault that the client may see, with its stable code. Raised when there is no result union to answer with."""

    def __init__(self, code: str, message: str) -> None:
        super().__init__(message)
        self.code = code


def presented(error: GraphQLError) -> dict[str, Any]:
    """The error as the client gets it, always with `extensions.code`; an unexpected one is logged and masked."""
    shown: dict[str, Any] = {"message": error.message}
    if error.locations:
        shown["locations"] = [{"line": place.line, "column": place.column} for place in error.locations]
    if error.path is not None:
        shown["path"] = error.path
    code, message = _code_and_message(error)
    extensions = {**(error.extensions or {}), "code": code}
    if code == UNAVAILABLE:
        extensions["retryable"] = True
    return {**shown, "message": message, "extensions": extensions}


def _code_and_message(error: GraphQLError) -> tuple[str, str]:
    if error.extensions and "code" in error.extensions:
        return str(error.extensions["code"]), error.message
    cause = error.original_error
    while isinstance(cause, GraphQLError) and cause.original_error is not None:
        cause = cause.original_error
    match cause:
        case Fault() | InvalidCursor() | InvalidPage() | Refusal():
            return cause.code, str(cause)
        case DeadlineExceeded():
            return "DEADLINE_EXCEEDED", "The request ran out of time"
        case ServiceError():
            _log.warning("graphql.service_failed", service_called=cause.service, error=str(cause))
            return UNAVAILABLE, f"The {cause.service} service did not answer"
        case DatabaseUnavailable() | QueueUnavailable():
            _log.warning("graphql.dependency_unavailable", kind=type(cause).__name__, error=str(cause), path=error.path)
            return UNAVAILABLE, "The service cannot answer now: try again"
        case GraphQLError() | None:
            return "GRAPHQL_PARSE_FAILED" if isinstance(
                error, GraphQLSyntaxError
            ) else "GRAPHQL_VALIDATION_FAILED", error.message
        case MissingQueryError() | CannotGetOperationTypeError() | InvalidOperationTypeError():
            return "BAD_REQUEST", "There is no such operation in the query"
        case ValueError() if error.path is None:  # a variable that its scalar refused
            return "BAD_USER_INPUT", error.message
        case _:
            _log.error("graphql.unexpected_error", path=error.path, exc_info=cause)
            return "INTERNAL_SERVER_ERROR", "Internal error"
