"""Judges what a subgraph sent back: a GraphQL response, or a SubgraphError that says what it was instead.

Source: GraphQL over HTTP, section 6.4. With ``application/graphql-response+json`` the body counts whatever the status is.
With ``application/json`` (and, for old servers, anything else) it counts if it is a well-formed GraphQL response: of a
status other than 2xx only its errors are believed to be the subgraph's own words.
"""

from dataclasses import dataclass
from typing import Any

from gateway.errors import SubgraphError
from gateway.execution.encoding import decode_json
from gateway.execution.request import Service
from gateway.execution.transport import Reply


@dataclass(frozen=True, slots=True)
class SubgraphResponse:
    """A well-formed GraphQL response: `errors` is a list of anything, () if there were none."""

    data: dict[str, Any] | None
    errors: tuple[Any, ...]


def judge(service: Service, reply: Reply) -> SubgraphResponse:
    """The GraphQL response in a reply.

    Raises:
        SubgraphError: ``SUBGRAPH_HTTP_ERROR`` for a status other than 2xx without a GraphQL response in it,
            ``SUBGRAPH_MALFORMED_RESPONSE`` for a 2xx that holds none.
    """
    try:
        return judge_body(service, reply.body)
    except SubgraphError:
        if is_ok(reply.status):
            raise
        raise http_error(service, reply.status) from None


def judge_body(service: Service, body: bytes) -> SubgraphResponse:
    """The GraphQL response in a body, whatever it came with.

    Raises:
        SubgraphError: ``SUBGRAPH_MALFORMED_RESPONSE``.
    """
    try:
        response = decode_json(body)
    except ValueError:
        raise malformed(service, "is no JSON") from None
    if not isinstance(response, dict):
        raise malformed(service, "is no JSON object")
    data = response.get("data")
    errors = response.get("errors")
    if data is not None and not isinstance(data, dict):
        raise malformed(service, "has data that is no object")
    if errors is not None and not isinstance(errors, list):
        raise malformed(service, "has errors that are no list")
    if data is None and not errors and "data" not in response:
        raise malformed(service, "has neither data nor errors")
    return SubgraphResponse(data, tuple(errors or ()))


def is_ok(status: int) -> bool:
    """Whether a status is 2xx."""
    return 200 <= status < 300


def http_error(service: Service, status: int) -> SubgraphError:
    """The error for a status without a GraphQL response."""
    return SubgraphError(
        f"Subgraph {service.name!r} answered with HTTP status {status}.",
        service=service.name,
        code="SUBGRAPH_HTTP_ERROR",
    )


def malformed(service: Service, what: str) -> SubgraphError:
    """The error for a body that GraphQL does not know."""
    return SubgraphError(
        f"The response of subgraph {service.name!r} {what}.", service=service.name, code="SUBGRAPH_MALFORMED_RESPONSE"
    )
