"""Header lines of a request as one mapping, and the refusal of a header that is repeated though it has one value.

Source: RFC 9110, section 5.2 (Field Lines and Combined Field Value) and section 5.3 (Field Order).
"""

from collections.abc import Iterable, Mapping, Sequence

from gateway.errors import ClientError

SINGLETONS = frozenset(
    {
        b"authorization",
        b"content-encoding",
        b"content-length",
        b"content-type",
        b"host",
        b"traceparent",
    }
)
"""Headers with one value. Of two lines a proxy, the gateway and a subgraph may each read another one."""


def combine_headers(lines: Sequence[tuple[bytes, bytes]]) -> Mapping[bytes, bytes]:
    """Return the headers by name; the values of a repeated name are joined with commas, in their order."""
    headers = dict(lines)
    if len(headers) == len(lines):
        return headers
    joined: dict[bytes, list[bytes]] = {}
    for name, value in lines:
        joined.setdefault(name, []).append(value)
    return {name: b", ".join(values) for name, values in joined.items()}


def refuse_repeated(lines: Iterable[tuple[bytes, bytes]], singletons: frozenset[bytes]) -> None:
    """Return if no header of `singletons` has more than one line, equal lines included.

    Raises:
        ClientError: REPEATED_HEADER.
    """
    seen: set[bytes] = set()
    for name, _ in lines:
        if name in seen:
            raise ClientError(f"The header {name.decode('latin-1')} is repeated.", code="REPEATED_HEADER")
        if name in singletons:
            seen.add(name)
