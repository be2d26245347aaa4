"""What subgraphs are told about a request: the headers that the settings list, and who the caller is.

Nothing goes on by itself. With service tokens configured, who the caller is goes on as a short-lived token of ours, in the place of
whatever Authorization the client sent; without them, Authorization goes on only if it is listed. The lines of a caller are the same
bytes while its token is, so that identical queries in flight can be shared within one identity and never across two.
"""

import re
import time
from collections.abc import Callable, Iterable, Sequence
from random import getrandbits

from gateway.execution.request import NO_HEADERS, HeaderLines, header_lines
from gateway.operation.access import Caller
from gateway.server.client_address import client_address
from gateway.settings import Settings

TOKEN_TTL_SECONDS = 60
MIN_LEFT_SECONDS = 20
"""A minted token is used until this much of its life is left: longer than a request to a subgraph may take to arrive."""

MAX_CLOCK_STEP_SECONDS = 2.0
"""How far the clock may move against the monotonic one, by slewing, before it counts as set."""

MAX_REMEMBERED = 20_000
FORWARDED_FOR = b"x-forwarded-for"
"""Listed, it goes on as the client's true address, as far as the trusted proxies tell; never as the client wrote it."""

TRACEPARENT = re.compile(rb"00-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}")
ANONYMOUS_ID = re.compile(r"[A-Za-z0-9_-]{1,64}")
ADDRESS = re.compile(r"[0-9A-Fa-f.:]{2,45}")
TOKEN_SAFE = re.compile(rb"[\x20-\x7e\x80-\xff\t]*")

Mint = Callable[[Caller], str]
RawHeaders = Iterable[tuple[bytes, bytes]]


class Propagation:
    """Makes the header lines that go with a request's fetches.

    Args:
        mint: a token for a caller, valid for `TOKEN_TTL_SECONDS`; None if subgraphs get no tokens.
        clock: the one that `mint` reads, in seconds since the epoch.
        age_clock: seconds that only grow.
    """

    def __init__(
        self,
        settings: Settings,
        mint: Mint | None,
        *,
        clock: Callable[[], float] = time.time,
        age_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._mint = mint
        self._clock, self._age_clock = clock, age_clock
        self._forwarded = frozenset(
            name.encode() for name in settings.headers.forward if mint is None or name != "authorization"
        )
        self._trusted_proxies = settings.server.trusted_proxies
        self._address_header = settings.headers.client_address
        self._minted: dict[Caller, tuple[float, HeaderLines]] = {}
        self._ahead = clock() - age_clock()

    def identity_lines(self, caller: Caller, headers: RawHeaders, peer: Sequence[object] | None) -> HeaderLines:
        """The lines that say who asks: the token, and the listed headers as the client sent them, in the client's order.

        Args:
            peer: (host, port) of the connection; None for a Unix socket.
        """
        lines = self._token_line(caller) if self._mint is not None else NO_HEADERS
        if not self._forwarded:
            return lines
        if FORWARDED_FOR in self._forwarded:
            claimed = b",".join(value for name, value in headers if name == FORWARDED_FOR)
            address = client_address(peer, claimed, self._trusted_proxies)
            lines = HeaderLines(lines + header_lines([("x-forwarded-for", address)]))
        listed = [
            (name.decode("latin-1"), value.decode("latin-1"))
            for name, value in headers
            if name in self._forwarded and name != FORWARDED_FOR and TOKEN_SAFE.fullmatch(value)
        ]
        return HeaderLines(lines + header_lines(listed)) if listed else lines

    def hop_lines(self, headers: RawHeaders, peer: Sequence[object] | None) -> HeaderLines:
        """The client's address, where the settings name a header for it: a line that makes no other caller."""
        if self._address_header is None:
            return NO_HEADERS
        claimed = b",".join(value for name, value in headers if name == FORWARDED_FOR)
        address = client_address(peer, claimed, self._trusted_proxies)
        # A proxy may have been told anything: an address has no other letters.
        return header_lines([(self._address_header, address)]) if ADDRESS.fullmatch(address) else NO_HEADERS

    def _token_line(self, caller: Caller) -> HeaderLines:
        age_now = self._age_clock()
        ahead = self._clock() - age_now
        if abs(ahead - self._ahead) > MAX_CLOCK_STEP_SECONDS:
            # The clock was set: tokens that were minted before carry times that subgraphs may refuse.
            self._minted.clear()
            self._ahead = ahead
        minted = self._minted.get(caller)
        if minted is not None and minted[0] - age_now > MIN_LEFT_SECONDS:
            return minted[1]
        assert self._mint is not None
        lines = header_lines([("authorization", f"Bearer {self._mint(caller)}")])
        if len(self._minted) >= MAX_REMEMBERED:
            self._minted.clear()
        self._minted[caller] = (age_now + TOKEN_TTL_SECONDS, lines)
        return lines


def trace_lines(traceparent: bytes | None, tracestate: bytes) -> HeaderLines:
    """The W3C trace context as the client sent it; if it sent none, or none that is well formed, a new one.

    Source: W3C Trace Context, section 3.2.
    """
    if traceparent is None or not TRACEPARENT.fullmatch(traceparent):
        # Ids of traces are no secrets, and the system's randomness would cost each request a system call.
        drawn = b"%048x" % getrandbits(192)
        return HeaderLines(b"traceparent: 00-" + drawn[:32] + b"-" + drawn[32:] + b"-01\r\n")
    lines = b"traceparent: " + traceparent + b"\r\n"
    if tracestate and len(tracestate) <= 512 and TOKEN_SAFE.fullmatch(tracestate):
        lines += b"tracestate: " + tracestate + b"\r\n"
    return HeaderLines(lines)


def anonymous_id(value: bytes) -> str | None:
    """The id in a header that names the device; None if it does not look like one."""
    text = value.decode("latin-1")
    return text if ANONYMOUS_ID.fullmatch(text) else None


def service_token_mint(keys: str) -> Mint:
    """Mints the market's service tokens.

    Args:
        keys: ``kid:base64url-secret[,kid2:secret2]``; the first signs.

    Raises:
        ValueError: `keys` is no key ring; the message holds no secret.
    """
    from subgraphs.kit.runtime.identity import GATEWAY, Identity, ServiceTokens
    from subgraphs.kit.runtime.keys import KeyRing

    tokens = ServiceTokens(KeyRing.parse(keys))

    def mint(caller: Caller) -> str:
        identity = Identity(
            caller=GATEWAY,
            subject=caller.subject,
            roles=caller.roles,
            scopes=caller.scopes,
            anonymous_id=caller.anonymous_id,
            session_id=caller.session_id,
        )
        return tokens.mint(identity, ttl_seconds=TOKEN_TTL_SECONDS)

    return mint
