"""A request's body, whole and within its limit, compressed or not."""

import zlib

from starlette.types import Receive

from gateway.errors import ClientError


class ClientGoneError(Exception):
    """Raised when the client hung up before its request was whole."""


async def read_body(receive: Receive, *, encoding: bytes, declared: bytes, max_bytes: int) -> bytes:
    """The body, decompressed.

    Args:
        encoding: the Content-Encoding header in lower case; b"" or b"identity" for none.
        declared: the Content-Length header, b"" if there is none.
        max_bytes: of the body as sent, and of what it decompresses to.

    Raises:
        ClientError: BODY_TOO_LARGE, UNSUPPORTED_ENCODING or MALFORMED_BODY.
        ClientGoneError: the connection is closed.
    """
    if declared.isdigit() and int(declared) > max_bytes:
        raise _too_large(max_bytes)
    message = await receive()
    if message["type"] == "http.disconnect":
        raise ClientGoneError
    body: bytes = message.get("body", b"")
    if message.get("more_body"):
        parts = [body]
        size = len(body)
        while message.get("more_body"):
            if size > max_bytes:
                raise _too_large(max_bytes)
            message = await receive()
            if message["type"] == "http.disconnect":
                raise ClientGoneError
            part = message.get("body", b"")
            parts.append(part)
            size += len(part)
        body = b"".join(parts)
    if len(body) > max_bytes:
        raise _too_large(max_bytes)
    if not encoding or encoding == b"identity":
        return body
    return _decompressed(body, encoding, max_bytes)


def _decompressed(body: bytes, encoding: bytes, max_bytes: int) -> bytes:
    """What the body stands for; never more than one byte past the limit is unpacked."""
    if encoding in (b"gzip", b"x-gzip"):
        unpacker = zlib.decompressobj(wbits=zlib.MAX_WBITS | 16)
    elif encoding == b"deflate":
        unpacker = zlib.decompressobj()
    else:
        raise ClientError(
            "The body's encoding is not known here: send gzip, deflate or none.",
            code="UNSUPPORTED_ENCODING",
            status=415,
        )
    try:
        unpacked = unpacker.decompress(body, max_bytes + 1)
    except zlib.error:
        raise ClientError("The body is not what its Content-Encoding says.", code="MALFORMED_BODY") from None
    if len(unpacked) > max_bytes:
        raise _too_large(max_bytes)
    if not unpacker.eof or unpacker.unused_data:
        raise ClientError("The body is not what its Content-Encoding says.", code="MALFORMED_BODY")
    return unpacked


def _too_large(max_bytes: int) -> ClientError:
    return ClientError(f"The body is larger than {max_bytes} bytes.", code="BODY_TOO_LARGE", status=413)
