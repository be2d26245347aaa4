"""Where a request came from, believing only the proxies that are ours."""

from collections.abc import Sequence


def client_address(peer: Sequence[object] | None, forwarded_for: bytes, trusted_proxies: int) -> str:
    """The client's address: the peer's, or what the outermost trusted proxy says of its own peer.

    Every proxy appends its peer to X-Forwarded-For; what stands left of the trusted part was written by the client, who may write
    anything.

    Args:
        peer: (host, port) of the connection; None for a Unix socket.
        forwarded_for: the header, all its lines joined with commas; b"" if there is none.
        trusted_proxies: how many proxies are in front of this process; 0 believes nobody.
    """
    connected = str(peer[0]) if peer else ""
    if trusted_proxies == 0 or not forwarded_for:
        return connected
    hops = [hop.strip() for hop in forwarded_for.decode("latin-1").split(",")]
    return hops[-trusted_proxies] if len(hops) >= trusted_proxies else hops[0]
