"""The head of one HTTP request as it arrives: its size, and the fields that decide how the rest is read.

A request that two servers on its way could read in two ways is refused, not interpreted.

Source: RFC 9112, section 3.2 (Request Target and Host), section 6.1 (Transfer-Encoding), section 11.2 (Request Smuggling).
"""

import re
from typing import Final

from gateway.errors import ClientError

MAX_HEAD_BYTES: Final = 64 * 1024
"""Of the request's line and header fields together."""

MAX_FIELDS: Final = 100
"""Header fields of a request. Browsers send about 20, proxies add a few."""

_HOST = re.compile(rb"(?:[A-Za-z0-9._~!$&'()*+,;=%-]*|\[[0-9A-Fa-f:.]+\])(?::[0-9]*)?")
_FRAMING = frozenset({b"host", b"transfer-encoding"})


class RequestHead:
    """What has arrived of a head.

    Attributes:
        size: In bytes, without optional whitespace.
    """

    __slots__ = ("_codings", "_count", "_hosts", "size")

    def __init__(self) -> None:
        self.size = 0
        self._count = 0
        self._hosts: list[bytes] = []
        self._codings: list[bytes] = []

    def add_target(self, part: bytes) -> None:
        """Count a part of the request's target.

        Raises:
            ClientError: HEAD_TOO_LARGE.
        """
        self.size += len(part)
        if self.size > MAX_HEAD_BYTES:
            raise too_large()

    def add_field(self, name: bytes, value: bytes) -> None:
        """Count a header field, whose name is in lower case.

        Raises:
            ClientError: HEAD_TOO_LARGE.
        """
        self.size += len(name) + len(value) + len(b": \r\n")
        self._count += 1
        if self.size > MAX_HEAD_BYTES:
            raise too_large()
        if self._count > MAX_FIELDS:
            raise ClientError(f"The request has more than {MAX_FIELDS} headers.", code="HEAD_TOO_LARGE", status=431)
        if name in _FRAMING:
            (self._hosts if name == b"host" else self._codings).append(value)

    def check(self, http_version: str) -> None:
        """Return if the request is meant for one host and its body can be read.

        Raises:
            ClientError: MALFORMED_REQUEST, REPEATED_HEADER or UNSUPPORTED_TRANSFER_CODING.
        """
        if len(self._hosts) > 1:
            raise ClientError("The header host is repeated.", code="REPEATED_HEADER")
        if self._hosts and not _HOST.fullmatch(self._hosts[0]):
            raise ClientError("The header Host is not the name of a host.", code="MALFORMED_REQUEST")
        if not self._hosts and http_version != "1.0":
            raise ClientError("The request has no Host header.", code="MALFORMED_REQUEST")
        if self._codings:
            self._check_codings(http_version)

    def _check_codings(self, http_version: str) -> None:
        if http_version == "1.0":
            raise ClientError("HTTP/1.0 has no Transfer-Encoding.", code="MALFORMED_REQUEST")
        codings = [coding.strip().lower() for value in self._codings for coding in value.split(b",")]
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
