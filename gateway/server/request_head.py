"""The head of one HTTP request: its size, and the fields that decide how the rest is read.

A request that two servers on its way could read in two ways is refused, not interpreted.

Source: RFC 9112, section 3.2 (Request Target and Host), section 6.1 (Transfer-Encoding), section 11.2 (Request Smuggling).
"""

import re
from collections.abc import Sequence
from typing import Final

from gateway.errors import ClientError

MAX_HEAD_BYTES: Final = 64 * 1024
"""Of the request's line and header fields together."""

MAX_FIELDS: Final = 100
"""Header fields of a request. Browsers send about 20, proxies add a few."""

_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_AROUND: Final = len(b": \r\n")


Fields = Sequence[tuple[bytes, bytes]]
"""Of a head, names in lower case."""


def check_size(target: bytes, fields: Fields) -> None:
    """Return if a head, as far as it has arrived, is not too long. Optional whitespace does not count.

    Raises:
        ClientError: HEAD_TOO_LARGE.
    """
    if len(fields) > MAX_FIELDS:
        raise ClientError(f"The request has more than {MAX_FIELDS} headers.", code="HEAD_TOO_LARGE", status=431)
    if len(target) + sum([len(name) + len(value) + _AROUND for name, value in fields]) > MAX_HEAD_BYTES:
        raise too_large()


def check_framing(fields: Fields, http_version: str) -> None:
    """Return if the request is meant for one host and its body can be read.

    Raises:
        ClientError: MALFORMED_REQUEST, REPEATED_HEADER or UNSUPPORTED_TRANSFER_CODING.
    """
    host: bytes | None = None
    codings: list[bytes] = []
    for name, value in fields:
        if name == b"host":
            if host is not None:
                raise ClientError("The header host is repeated.", code="REPEATED_HEADER")
            host = value
        elif name == b"transfer-encoding":
            codings.append(value)
    if host is None:
        if http_version != "1.0":
            raise ClientError("The request has no Host header.", code="MALFORMED_REQUEST")
    elif not _HOST.fullmatch(host):
        raise ClientError("The header Host is not the name of a host.", code="MALFORMED_REQUEST")
    if codings:
        _check_codings(codings, http_version)


def _check_codings(values: list[bytes], http_version: str) -> None:
    if http_version == "1.0":
        raise ClientError("HTTP/1.0 has no Transfer-Encoding.", code="MALFORMED_REQUEST")
    codings = [coding.strip().lower() for value in values for coding in value.split(b",")]
    if codings.count(b"chunked") > 1:
        raise ClientError("The transfer coding chunked is repeated.", code="MALFORMED_REQUEST")
    if codings != [b"chunked"]:
        raise ClientError(
            "The only transfer coding that is read here is chunked; name compression in Content-Encoding.",
            code="UNSUPPORTED_TRANSFER_CODING",
            status=501,
        )


def too_large() -> ClientError:
    """Return the refusal of a head that is longer than `MAX_HEAD_BYTES`."""
    message = f"The request's line and headers are longer than {MAX_HEAD_BYTES} bytes."
    return ClientError(message, code="HEAD_TOO_LARGE", status=431)
