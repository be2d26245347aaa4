"""Every error of the gateway has one of three roots, which say who may read it.

ClientError    the request is wrong: shown as it is, with a stable code and an HTTP status; no subgraph is called.
SubgraphError  a subgraph failed: costs the fields it served; shown with the subgraph's name and the client's path.
InternalError  the gateway is wrong: masked for the client, logged whole.
"""

from collections.abc import Mapping, Sequence
from typing import Any


class GatewayError(Exception):
    """The root of all errors that the gateway raises on purpose."""


class ClientError(GatewayError):
    """A request that cannot be answered as it was sent.

    Args:
        message: what is wrong, in a sentence that the client's author can act on.
        code: a stable name in capitals, e.g. ``GRAPHQL_VALIDATION_FAILED``; goes to ``extensions.code``.
        status: the HTTP status of the answer.
        locations: places in the document, ``{"line": 1, "column": 8}``, both counted from 1.
        extensions: more facts for ``extensions`` beside the code.
    """

    def __init__(
        self,
        message: str,
        *,
        code: str,
        status: int = 400,
        locations: Sequence[Mapping[str, int]] = (),
        extensions: Mapping[str, Any] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.code = code
        self.status = status
        self.locations = tuple(locations)
        self.extensions = dict(extensions or {})

    def again(self) -> "ClientError":
        """Return an equal error that was never raised.

        A remembered error must not be raised itself: it would keep the frames of the last request that it ended, with their
        variables, and two threads would write into it at once.
        """
        return ClientError(
            self.message, code=self.code, status=self.status, locations=self.locations, extensions=self.extensions
        )

    def formatted(self) -> dict[str, Any]:
        """The error as GraphQL shows it."""
        shown: dict[str, Any] = {"message": self.message}
        if self.locations:
            shown["locations"] = [dict(location) for location in self.locations]
        shown["extensions"] = {"code": self.code, **self.extensions}
        return shown

    def all_formatted(self) -> list[dict[str, Any]]:
        """The answer's whole list of errors."""
        return [self.formatted()]


class ManyClientErrors(ClientError):
    """Several things wrong with one request, e.g. all that validation found; status and code are the first one's."""

    def __init__(self, errors: Sequence[ClientError]) -> None:
        first = errors[0]
        super().__init__(first.message, code=first.code, status=first.status, locations=first.locations)
        self.errors = tuple(errors)

    def again(self) -> ClientError:
        return ManyClientErrors(self.errors)

    @staticmethod
    def of(errors: Sequence[ClientError]) -> ClientError:
        """The only error as it is, or all of them as one; `errors` has at least one."""
        return errors[0] if len(errors) == 1 else ManyClientErrors(errors)

    def all_formatted(self) -> list[dict[str, Any]]:
        return [error.formatted() for error in self.errors]


class SubgraphError(GatewayError):
    """A subgraph that did not answer as GraphQL says; costs its fields, never the whole request.

    Args:
        message: what happened, without anything that only our operators may see.
        service: the subgraph's name in the supergraph.
        code: e.g. ``SUBGRAPH_UNREACHABLE``, ``SUBGRAPH_TIMEOUT``, ``SUBGRAPH_MALFORMED_RESPONSE``.
    """

    def __init__(self, message: str, *, service: str, code: str) -> None:
        super().__init__(message)
        self.message = message
        self.service = service
        self.code = code


class InternalError(GatewayError):
    """A fault of the gateway itself: the client sees ``INTERNAL_SERVER_ERROR``, the log sees everything."""
