"""Content types: what a client sends, and what it would like back.

A request of a content type that a browser sends to anybody without asking first (no CORS preflight) is refused, and so is a
GET without a header that only a script of ours can set: otherwise any page could run operations with its visitor's cookies.

Source: GraphQL over HTTP, sections "Media Types", "Request" and "Response"; Fetch, "CORS-safelisted request-header".
"""

import enum

from gateway.errors import ClientError
from gateway.operation.cache import remembered_if_short

JSON = b"application/json"
GRAPHQL_RESPONSE = b"application/graphql-response+json"
EVENT_STREAM = b"text/event-stream"
HTML = b"text/html"

PREFLIGHTED_HEADERS = frozenset(
    {b"x-apollo-operation-name", b"apollo-require-preflight", b"graphql-require-preflight", b"x-graphql-yoga-csrf"}
)
"""Any of these on a GET shows that a browser asked first; so does a content type that is not one of a form."""

SIMPLE_CONTENT_TYPES = frozenset({b"", b"application/x-www-form-urlencoded", b"multipart/form-data", b"text/plain"})

MAX_REMEMBERED_BYTES = 256
"""Of a header; those of browsers and GraphQL clients are shorter."""


class ResponseForm(enum.Enum):
    """How an answer is written.

    LEGACY_JSON is what a client gets that asked for ``application/json`` by name: status 200 for every well-formed request,
    errors of the document included. PLAIN_JSON is for clients that did not say: JSON, with telling status codes.

    Attributes:
        content_type: the value of the header.
    """

    GRAPHQL_RESPONSE = ("graphql-response", b"application/graphql-response+json; charset=utf-8")
    PLAIN_JSON = ("plain-json", b"application/json; charset=utf-8")
    LEGACY_JSON = ("legacy-json", b"application/json; charset=utf-8")
    EVENT_STREAM = ("event-stream", b"text/event-stream; charset=utf-8")

    def __init__(self, _name: str, content_type: bytes) -> None:
        self.content_type = content_type


class Accepted:
    """What an Accept header allows.

    Attributes:
        single: the form of a single answer; None if the client takes none of ours.
        streams: the client takes an event stream.
        prefers_html: a browser's navigation: HTML before anything that we have.
    """

    __slots__ = ("prefers_html", "single", "streams")

    def __init__(self, *, single: ResponseForm | None, streams: bool, prefers_html: bool) -> None:
        self.single = single
        self.streams = streams
        self.prefers_html = prefers_html


@remembered_if_short(max_length=MAX_REMEMBERED_BYTES, max_entries=1024)
def read_accept(header: bytes) -> Accepted:
    """What the client takes; an empty header takes everything.

    Source: RFC 9110, section 12.5.1. Of equal weights the first named wins.
    """
    if not header.strip():
        return Accepted(single=ResponseForm.PLAIN_JSON, streams=True, prefers_html=False)
    weights: list[tuple[float, int, bytes]] = []
    for place, part in enumerate(header.lower().split(b",")[:64]):
        media, _, parameters = part.partition(b";")
        weights.append((_weight(parameters), -place, media.strip()))
    offered = [media for weight, _, media in sorted(weights, reverse=True) if weight > 0]
    single: ResponseForm | None = None
    for media in offered:
        match media:
            case b"application/graphql-response+json":
                single = ResponseForm.GRAPHQL_RESPONSE
            case b"application/json":
                single = ResponseForm.LEGACY_JSON
            case b"*/*" | b"application/*":
                single = ResponseForm.PLAIN_JSON
            case b"text/event-stream":
                single = ResponseForm.EVENT_STREAM
            case _:
                continue
        break
    html = offered.index(HTML) if HTML in offered else None
    ours = next((i for i, media in enumerate(offered) if media in (JSON, GRAPHQL_RESPONSE, EVENT_STREAM)), None)
    return Accepted(
        single=single,
        streams=any(media in (EVENT_STREAM, b"text/*", b"*/*") for media in offered),
        prefers_html=html is not None and (ours is None or html < ours),
    )


def _weight(parameters: bytes) -> float:
    for parameter in parameters.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"q":
            try:
                return float(value)
            except ValueError:
                return 0.0
    return 1.0


@remembered_if_short(max_length=MAX_REMEMBERED_BYTES, max_entries=256)
def check_content_type(header: bytes) -> None:
    """Returns if a POST of this content type is taken.

    Raises:
        ClientError: CSRF_PREVENTED, UNSUPPORTED_MEDIA_TYPE or UNSUPPORTED_CHARSET.
    """
    media, charset = split_content_type(header)
    if media in SIMPLE_CONTENT_TYPES:
        raise ClientError(
            "Send the request as application/json: a browser sends this content type without asking first.",
            code="CSRF_PREVENTED",
        )
    if media != JSON:
        raise ClientError("Send the request as application/json.", code="UNSUPPORTED_MEDIA_TYPE", status=415)
    if charset not in (b"", b"utf-8", b"utf8"):
        raise ClientError("Send the request in UTF-8.", code="UNSUPPORTED_CHARSET")


def split_content_type(header: bytes) -> tuple[bytes, bytes]:
    """The media type and the charset, in lower case; b"" where there is none."""
    media, _, parameters = header.lower().partition(b";")
    for parameter in parameters.split(b";"):
        name, _, value = parameter.partition(b"=")
        if name.strip() == b"charset":
            return media.strip(), value.strip().strip(b'"')
    return media.strip(), b""


def check_preflighted(names: frozenset[bytes], content_type: bytes) -> None:
    """Returns if a browser must have asked before it sent a GET with these headers.

    Args:
        names: of all headers, in lower case.
        content_type: its value, b"" if there is none.

    Raises:
        ClientError: CSRF_PREVENTED.
    """
    if names & PREFLIGHTED_HEADERS:
        return
    media, _ = split_content_type(content_type)
    if media not in SIMPLE_CONTENT_TYPES:
        return
    raise ClientError(
        "A GET needs a header that a browser does not send by itself, for example `graphql-require-preflight: 1`.",
        code="CSRF_PREVENTED",
    )
