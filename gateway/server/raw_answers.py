"""Answers that are written without an application: to requests that are none, come too slowly, or are too many."""

import http

import orjson
from uvicorn._types import ASGI3Application, ASGIReceiveCallable, ASGISendCallable, Scope

from gateway.errors import ClientError
from gateway.server.cross_origin import CrossOrigin
from gateway.server.request_head import Fields

MASKED = b'{"errors":[{"message":"Internal server error.","extensions":{"code":"INTERNAL_SERVER_ERROR"}}]}'
"""The body of an answer to a request that met a fault of ours."""

MALFORMED_REQUEST = ClientError("The request is not HTTP/1.1.", code="MALFORMED_REQUEST")
TIMED_OUT = ClientError("The request came too slowly.", code="TIMED_OUT", status=408)
TOO_MANY_CONNECTIONS = ClientError(
    "The gateway has too many connections; come back in a moment.", code="OVERLOADED", status=503
)


def raw_answer(error: ClientError, more: Fields = ()) -> bytes:
    """Return the whole HTTP response that tells `error` in the form of a GraphQL response, and closes the connection.

    Args:
        more: Header fields beside those that every such answer has.
    """
    body = error_body(error)
    head = (
        f"HTTP/1.1 {error.status} {http.HTTPStatus(error.status).phrase}\r\ncontent-type: application/json\r\n"
        f"content-length: {len(body)}\r\nconnection: close\r\n"
    )
    return head.encode("ascii") + b"".join(b"%b: %b\r\n" % field for field in more) + b"\r\n" + body


def error_body(error: ClientError) -> bytes:
    """Return the GraphQL response that has the errors and no data."""
    return orjson.dumps({"errors": error.all_formatted()})


def refuse_connections(cross_origin: CrossOrigin) -> ASGI3Application:
    """Return the application that answers that there are too many connections."""

    async def refuse_connection(scope: Scope, _receive: ASGIReceiveCallable, send: ASGISendCallable) -> None:
        assert scope["type"] == "http"
        body = error_body(TOO_MANY_CONNECTIONS)
        headers = [
            (b"content-type", b"application/json"),
            (b"content-length", b"%d" % len(body)),
            (b"retry-after", b"1"),
            (b"connection", b"close"),
            *cross_origin.fields(list(scope["headers"])),
        ]
        await send({"type": "http.response.start", "status": TOO_MANY_CONNECTIONS.status, "headers": headers})
        await send({"type": "http.response.body", "body": body})

    return refuse_connection
