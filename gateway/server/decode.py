"""Bodies and query strings to GraphQL requests: what is not one is refused with the reason.

Source: GraphQL over HTTP, section "Request Parameters".
"""

from typing import Any
from urllib.parse import parse_qsl

import msgspec

from gateway.errors import ClientError
from gateway.settings import BatchingSettings

MAX_QUERY_PARAMETERS = 16


class WireRequest(msgspec.Struct, rename="camel", gc=False):
    """A GraphQL request as clients write it; members that we do not know are skipped."""

    query: str | None = None
    operation_name: str | None = None
    variables: dict[str, Any] | None = None
    extensions: dict[str, Any] | None = None


_single = msgspec.json.Decoder(WireRequest)
_batch = msgspec.json.Decoder(list[WireRequest])
_mapping = msgspec.json.Decoder(dict[str, Any])


def decode_body(body: bytes) -> WireRequest:
    """The one request in a body.

    Raises:
        ClientError: MALFORMED_BODY, or BATCHING_DISABLED for an array.
    """
    try:
        return _single.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        if body.lstrip()[:1] == b"[":
            raise ClientError("Arrays of requests are not taken here.", code="BATCHING_DISABLED") from None
        raise _malformed(error) from None


def is_batch(body: bytes) -> bool:
    """Whether the body is an array."""
    return body[:1] == b"[" or body.lstrip()[:1] == b"["


def decode_batch(body: bytes, batching: BatchingSettings) -> list[WireRequest]:
    """The requests of an array, in order, n >= 1.

    Raises:
        ClientError: MALFORMED_BODY; BATCHING_DISABLED; BATCH_TOO_LARGE.
    """
    if not batching.enabled:
        raise ClientError("Arrays of requests are not taken here.", code="BATCHING_DISABLED")
    try:
        requests = _batch.decode(body)
    except (msgspec.MsgspecError, UnicodeDecodeError, RecursionError) as error:
        raise _malformed(error) from None
    if not requests:
        raise ClientError("The array of requests is empty.", code="MALFORMED_BODY")
    if len(requests) > batching.max_operations:
        raise ClientError(f"The array has more than {batching.max_operations} requests.", code="BATCH_TOO_LARGE")
    return requests


def decode_query_string(query_string: bytes) -> WireRequest:
    """The request in the address of a GET.

    Raises:
        ClientError: MALFORMED_QUERY_STRING.
    """
    try:
        pairs = parse_qsl(
            query_string.decode("ascii"),
            keep_blank_values=True,
            errors="strict",
            max_num_fields=MAX_QUERY_PARAMETERS,
        )
    except (ValueError, UnicodeDecodeError):
        raise ClientError("The query string is not one in UTF-8.", code="MALFORMED_QUERY_STRING") from None
    found: dict[str, str] = {}
    for name, value in pairs:
        if name in found:
            raise ClientError("A parameter of the query string is given twice.", code="MALFORMED_QUERY_STRING")
        found[name] = value
    return WireRequest(
        query=found.get("query"),
        operation_name=found.get("operationName") or None,
        variables=_member(found, "variables"),
        extensions=_member(found, "extensions"),
    )


def _member(found: dict[str, str], name: str) -> dict[str, Any] | None:
    text = found.get(name)
    if not text or text == "null":
        return None
    try:
        return _mapping.decode(text)
    except (msgspec.MsgspecError, RecursionError):
        raise ClientError(f"The parameter {name} is not a JSON object.", code="MALFORMED_QUERY_STRING") from None


def _malformed(error: Exception) -> ClientError:
    if isinstance(error, msgspec.ValidationError):
        return ClientError(f"The body is not a GraphQL request: {error}.", code="MALFORMED_BODY")
    if isinstance(error, RecursionError):
        return ClientError("The body is nested too deeply.", code="MAX_INPUT_DEPTH_EXCEEDED")
    return ClientError("The body is not JSON in UTF-8.", code="MALFORMED_BODY")
