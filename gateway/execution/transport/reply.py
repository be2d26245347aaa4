"""Judges what a subgraph sent back: a GraphQL response, or a SubgraphError that says what it was instead.

A body counts if it is a well-formed GraphQL response in JSON. A status other than 2xx always costs an error: the response's own, or
else one that names the status, since a proxy may have answered. A content type that is not JSON is no GraphQL, whatever the body
looks like; ``text/plain`` and none at all pass for JSON, since old servers do not set it.

Source: GraphQL over HTTP, section 6.4.
"""

from dataclasses import dataclass
from typing import Any, Final

from gateway.errors import SubgraphError
from gateway.execution.encoding import decode_json
from gateway.execution.request import SubgraphEndpoint
from gateway.execution.transport.interface import Reply


@dataclass(frozen=True, slots=True)
class SubgraphResponse:
    """A well-formed GraphQL response: `errors` is a list of anything, () if there were none."""

    data: dict[str, Any] | None
    errors: tuple[Any, ...]


JSON_TYPES: Final = frozenset({"application/json", "application/graphql-response+json", "text/json", "text/plain", ""})


def is_good(reply: Reply) -> bool:
    """Whether a reply may hold an answer without errors: a 2xx with JSON."""
    return 200 <= reply.status < 300 and (reply.content_type in JSON_TYPES or reply.content_type.endswith("+json"))


def judge(service: SubgraphEndpoint, reply: Reply) -> SubgraphResponse:
    """The GraphQL response in a reply.

    Raises:
        SubgraphError: ``SUBGRAPH_HTTP_ERROR`` for a status other than 2xx without a GraphQL response in it,
            ``SUBGRAPH_MALFORMED_RESPONSE`` for a 2xx that holds none.
    """
    if is_good(reply):
        return judge_body(service, reply.body)
    if is_ok(reply.status):
        raise malformed(service, f"has the content type {reply.content_type[:100]!r}, which is not JSON")
    try:
        response = judge_body(service, reply.body)
    except SubgraphError:
        raise http_error(service, reply.status) from None
    if not response.errors:
        raise http_error(service, reply.status)
    return response


def judge_body(service: SubgraphEndpoint, body: bytes) -> SubgraphResponse:
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
    if data is None and not errors:
        raise malformed(service, "has neither data nor errors")
    return SubgraphResponse(data, tuple(errors or ()))


def is_ok(status: int) -> bool:
    """Whether a status is 2xx."""
    return 200 <= status < 300


def http_error(service: SubgraphEndpoint, status: int) -> SubgraphError:
    """The error for a status without a GraphQL response."""
    return SubgraphError(
        f"Subgraph {service.name!r} answered with HTTP status {status}.",
        service=service.name,
        code="SUBGRAPH_HTTP_ERROR",
    )


def malformed(service: SubgraphEndpoint, what: str) -> SubgraphError:
    """The error for a body that GraphQL does not know."""
    return SubgraphError(
        f"The response of subgraph {service.name!r} {what}.", service=service.name, code="SUBGRAPH_MALFORMED_RESPONSE"
    )
