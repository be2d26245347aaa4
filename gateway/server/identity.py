"""From an Authorization header to a caller, and from a caller to what subgraphs are told.

No header is an anonymous caller. A header that is there must be right: a forged, expired or foreign token is refused, never taken
for no token. Verified tokens are remembered, so that the signature is checked once, not once a request: until they expire, or their
issuer withdraws the key that they are signed with.

Source: RFC 6750 (Bearer tokens), RFC 8725 (JWT Best Current Practices).
"""

import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import jwt

from gateway.errors import ClientError
from gateway.operation.access import ANONYMOUS, Caller
from gateway.server.jwks import Jwks, KeysUnavailableError

MAX_TOKEN_BYTES = 16_384
MAX_REMEMBERED = 20_000
LEEWAY_SECONDS = 5
ISSUED_AHEAD_SECONDS = 60
"""How far the issuer's clock may be ahead of ours."""

MAX_SESSION_ID_CHARACTERS = 200

REQUIRED_CLAIMS = ["exp", "iss", "sub"]


@dataclass(frozen=True, slots=True)
class Verified:
    """A token that was verified.

    Attributes:
        expires_at: by the clock that only grows.
        kid: the id of `key` at the issuer.
        key: what the signature was verified with.
    """

    expires_at: float
    caller: Caller
    issuer: Jwks
    kid: str
    key: jwt.PyJWK


class Authenticator:
    """Verifies the tokens of the configured issuers.

    Args:
        issuers: their keys; with none of them every caller is anonymous, and the header is not looked at.
        clock: seconds since the epoch, to compare with a token's claims.
        age_clock: seconds that only grow: a clock that is set back does not prolong what is remembered.
    """

    def __init__(
        self,
        issuers: Sequence[Jwks],
        *,
        clock: Callable[[], float] = time.time,
        age_clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self._issuers = {issuer.issuer.issuer: issuer for issuer in issuers}
        self._clock, self._age_clock = clock, age_clock
        self._remembered: dict[bytes, Verified] = {}

    def recall(self, authorization: bytes) -> Caller | None:
        """The caller whose header this is, if it was verified before and is still valid; None means `verify` must tell."""
        if not authorization or not self._issuers:
            return ANONYMOUS
        remembered = self._remembered.get(authorization)
        if remembered is None or remembered.expires_at <= self._age_clock():
            return None
        return remembered.caller if remembered.issuer.holds(remembered.kid, remembered.key) else None

    def expires_at(self, authorization: bytes) -> float | None:
        """Return when a verified header expires, by the clock that only grows; None for a header that never does."""
        remembered = self._remembered.get(authorization)
        return None if remembered is None else remembered.expires_at

    async def verify(self, authorization: bytes) -> Caller:
        """The caller whose header this is.

        Raises:
            ClientError: UNAUTHENTICATED (401) for a token that is not valid; IDENTITY_UNAVAILABLE (503) if no issuer's keys could
                be fetched yet.
        """
        scheme, _, token = authorization.partition(b" ")
        token = token.strip()
        if scheme.lower() != b"bearer" or not token or len(token) > MAX_TOKEN_BYTES:
            raise _refused("The Authorization header is not a bearer token.")
        kid, claimed_issuer = _unverified(token)
        issuer = self._issuers.get(claimed_issuer)
        if issuer is None:
            raise _refused("The token's issuer is not known.")
        try:
            key = await issuer.key(kid)
        except KeysUnavailableError:
            raise ClientError(
                "Tokens cannot be verified at the moment.", code="IDENTITY_UNAVAILABLE", status=503
            ) from None
        if key is None:
            raise _refused("The token's key is not known.")
        return self._verified(authorization, token, kid, key, issuer)

    def _verified(self, authorization: bytes, token: bytes, kid: str, key: jwt.PyJWK, issuer: Jwks) -> Caller:
        settings = issuer.issuer
        try:
            claims = jwt.decode(
                token,
                key,
                algorithms=[key.algorithm_name],
                audience=settings.audience,
                issuer=settings.issuer,
                leeway=LEEWAY_SECONDS,
                options={
                    "require": REQUIRED_CLAIMS,
                    "verify_aud": settings.audience is not None,
                    "verify_iat": False,
                },
            )
        except jwt.ExpiredSignatureError:
            raise _refused("The token has expired.") from None
        except (jwt.InvalidTokenError, OverflowError):
            raise _refused("The token is not valid.") from None
        if not claims["sub"].strip():
            raise _refused("The token does not name its subject.")
        now, issued_at = self._clock(), claims.get("iat", 0)
        if not isinstance(issued_at, int | float) or issued_at > now + ISSUED_AHEAD_SECONDS:
            raise _refused("The token is not valid yet.")
        caller = Caller(
            subject=claims["sub"],
            scopes=frozenset(_names(claims.get(settings.scope_claim))),
            roles=frozenset(_names(claims.get(settings.roles_claim))),
            session_id=_text(claims.get("sid")),
        )
        if len(self._remembered) >= MAX_REMEMBERED:
            self._remembered.clear()
        expires_at = self._age_clock() + float(claims["exp"]) - now
        self._remembered[authorization] = Verified(expires_at, caller, issuer, kid, key)
        return caller


def _unverified(token: bytes) -> tuple[str, str]:
    """The key id and the issuer that a token claims: they choose among what is configured, and are believed only when the
    signature has been checked with the chosen key.

    Raises:
        ClientError: UNAUTHENTICATED: it is no token, or names neither.
    """
    try:
        kid = jwt.get_unverified_header(token).get("kid")
        issuer = jwt.decode(token, options={"verify_signature": False}).get("iss")
    except (jwt.InvalidTokenError, RecursionError):
        raise _refused("The token is malformed.") from None
    if not isinstance(kid, str) or not isinstance(issuer, str):
        raise _refused("The token does not name its key and its issuer.")
    return kid, issuer


def _text(claim: Any) -> str | None:
    """A claim that is a text of no unusual length; None otherwise."""
    return claim if isinstance(claim, str) and 0 < len(claim) <= MAX_SESSION_ID_CHARACTERS else None


def _names(claim: Any) -> list[str]:
    """A claim's names: a list of them, or text with spaces between."""
    if isinstance(claim, str):
        return claim.split()
    if isinstance(claim, list):
        return [name for name in claim if isinstance(name, str)]
    return []


def _refused(message: str) -> ClientError:
    return ClientError(message, code="UNAUTHENTICATED", status=401)
