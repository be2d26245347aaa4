"""Content types: what is taken, what is given, what a browser must have asked for."""

import sys

import pytest

from gateway.errors import ClientError
from gateway.server.content_negotiation import ResponseForm, check_content_type, check_preflighted, read_accept


@pytest.mark.parametrize(
    ("header", "form", "streams", "html"),
    [
        (b"", ResponseForm.PLAIN_JSON, True, False),
        (b"*/*", ResponseForm.PLAIN_JSON, True, False),
        (b"application/*", ResponseForm.PLAIN_JSON, False, False),
        (b"application/json", ResponseForm.LEGACY_JSON, False, False),
        (b"Application/JSON; charset=utf-8", ResponseForm.LEGACY_JSON, False, False),
        (b"application/graphql-response+json, application/json;q=0.9", ResponseForm.GRAPHQL_RESPONSE, False, False),
        (b"application/graphql-response+json;q=0.1, application/json", ResponseForm.LEGACY_JSON, False, False),
        (b"text/event-stream", ResponseForm.EVENT_STREAM, True, False),
        (b"application/json, text/event-stream", ResponseForm.LEGACY_JSON, True, False),
        (b"application/json;q=0", None, False, False),
        (b"application/json;q=nonsense", None, False, False),
        (b"image/png", None, False, False),
        (b"text/html,application/xhtml+xml,application/xml;q=0.9,*/*;q=0.8", ResponseForm.PLAIN_JSON, True, True),
        (b"application/json, text/html;q=0.5", ResponseForm.LEGACY_JSON, False, False),
    ],
)
def test_an_accept_header_is_read_as_http_says(
    header: bytes, form: ResponseForm | None, streams: bool, html: bool
) -> None:
    accepted = read_accept(header)
    assert (accepted.single, accepted.streams, accepted.prefers_html) == (form, streams, html)


@pytest.mark.parametrize(
    "header", [b"application/json", b"APPLICATION/JSON;charset=UTF-8", b'application/json; charset="utf-8"']
)
def test_json_in_utf_8_is_taken(header: bytes) -> None:
    check_content_type(header)


@pytest.mark.parametrize(
    ("header", "code"),
    [
        (b"", "CSRF_PREVENTED"),
        (b"text/plain", "CSRF_PREVENTED"),
        (b"text/plain; application/json", "CSRF_PREVENTED"),
        (b"multipart/form-data; boundary=application/json", "CSRF_PREVENTED"),
        (b"application/x-www-form-urlencoded", "CSRF_PREVENTED"),
        (b"application/xml", "UNSUPPORTED_MEDIA_TYPE"),
        (b"application/json; charset=utf-16", "UNSUPPORTED_CHARSET"),
    ],
)
def test_other_content_types_are_refused(header: bytes, code: str) -> None:
    with pytest.raises(ClientError) as refused:
        check_content_type(header)
    assert refused.value.code == code


def test_a_get_needs_what_a_browser_does_not_send_by_itself() -> None:
    check_preflighted(frozenset({b"apollo-require-preflight"}), b"")
    check_preflighted(frozenset({b"content-type"}), b"application/json")
    with pytest.raises(ClientError):
        check_preflighted(frozenset({b"cookie", b"accept", b"content-type"}), b"text/plain")


def test_long_headers_are_not_remembered() -> None:
    accept = b"application/json, x/" + b"y" * 60_000
    content_type = b"application/json; x=" + b"y" * 60_000
    before = sys.getrefcount(accept), sys.getrefcount(content_type)
    assert read_accept(accept).single is ResponseForm.LEGACY_JSON
    check_content_type(content_type)
    assert (sys.getrefcount(accept), sys.getrefcount(content_type)) == before
