"""Who asks: the identity that travels between services as a short-lived signed token.

A token is an HS256 JWT: `iss` names the caller (the gateway or a service), `sub` the account on whose behalf it calls, if any.
Only holders of a service key can mint one, and nothing else is believed: not an address, not a header.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import jwt

from subgraphs.kit.runtime.clock import Clock, utc_now
from subgraphs.kit.runtime.ids import uuid7
from subgraphs.kit.runtime.keys import KeyRing

AUDIENCE = "yarmarka-subgraphs"
GATEWAY = "gateway"
TOKEN_TTL_SECONDS = 60
CLOCK_LEEWAY_SECONDS = 5
ISSUED_AHEAD_SECONDS = 60
"""How far the caller's clock may be ahead of ours."""

_SCOPES_BY_ROLE = {
    "BUYER": ("profile:read",),
    "SELLER": ("profile:read", "seller:catalog", "seller:orders", "seller:finance"),
    "SUPPORT": ("support:payments", "support:notifications"),
    "ADMIN": (
        "admin:users",
        "config:read",
        "config:write",
        "config:kill",
        "ml:read",
        "ml:write",
        "notifications:admin",
        "support:payments",
        "support:notifications",
    ),
}


def scopes_of(roles: Iterable[str]) -> frozenset[str]:
    """The scopes that the roles give together. An unknown role gives none."""
    return frozenset(scope for role in roles for scope in _SCOPES_BY_ROLE.get(role, ()))


class InvalidServiceToken(Exception):
    """Raised when a service token is malformed, forged, expired, for another audience, or signed by an unknown key."""


@dataclass(frozen=True, slots=True)
class Identity:
    """The caller, and the account it calls for.

    Args:
        caller: the gateway's or the service's name.
        subject: the account's id; None for an anonymous client, or for a service that calls for itself.
        anonymous_id: the device's id of a client that has not signed in.
        session_id: of the sign-in that the client's token comes from.
    """

    caller: str
    subject: str | None = None
    roles: frozenset[str] = frozenset()
    scopes: frozenset[str] = frozenset()
    anonymous_id: str | None = None
    session_id: str | None = None

    @property
    def is_service(self) -> bool:
        """True for a call that a service makes; only such calls may use internal fields."""
        return self.caller != GATEWAY

    @property
    def is_authenticated(self) -> bool:
        """True when there is an account behind the call, or a service that calls for itself."""
        return self.subject is not None or self.is_service

    def has_scopes(self, alternatives: Iterable[Iterable[str]]) -> bool:
        """True when the scopes include every one of at least one alternative, as in @requiresScopes."""
        return any(self.scopes.issuperset(needed) for needed in alternatives)


class ServiceTokens:
    """Mints and verifies service tokens under one key ring."""

    def __init__(self, keys: KeyRing, *, clock: Clock = utc_now) -> None:
        self._keys = keys
        self._clock = clock

    def mint(self, identity: Identity, *, ttl_seconds: int = TOKEN_TTL_SECONDS) -> str:
        """A signed token that carries the identity for `ttl_seconds`."""
        kid, secret = self._keys.signing
        now = int(self._clock().timestamp())
        claims: dict[str, object] = {
            "iss": identity.caller,
            "aud": AUDIENCE,
            "roles": sorted(identity.roles),
            "scope": " ".join(sorted(identity.scopes)),
            "iat": now,
            "exp": now + ttl_seconds,
            "jti": uuid7(),
        }
        if identity.subject is not None:
            claims["sub"] = identity.subject
        if identity.anonymous_id is not None:
            claims["anon"] = identity.anonymous_id
        if identity.session_id is not None:
            claims["sid"] = identity.session_id
        return jwt.encode(claims, secret, algorithm="HS256", headers={"kid": kid})

    def verify(self, token: str) -> Identity:
        """The identity that a token carries.

        Raises:
            InvalidServiceToken: when the token is not one of ours, or is not valid now.
        """
        try:
            kid = jwt.get_unverified_header(token).get("kid")
            secret = self._keys.secret(kid) if isinstance(kid, str) else None
            if secret is None:
                raise InvalidServiceToken("the token's key is not known")
            claims = jwt.decode(
                token,
                secret,
                algorithms=["HS256"],
                audience=AUDIENCE,
                options={"require": ["iss", "aud", "exp", "iat"], "verify_exp": False, "verify_iat": False},
            )
        except jwt.InvalidTokenError as error:
            raise InvalidServiceToken("the token is not valid") from error
        return self._read(claims)

    def _read(self, claims: dict[str, object]) -> Identity:
        now = self._clock().timestamp()
        issuer, expires, issued = claims["iss"], claims["exp"], claims["iat"]
        roles, scope = claims.get("roles", []), claims.get("scope", "")
        if not (
            isinstance(issuer, str)
            and issuer
            and isinstance(expires, int)
            and isinstance(issued, int)
            and isinstance(roles, list)
            and isinstance(scope, str)
        ):
            raise InvalidServiceToken("the token's claims have wrong types")
        if now >= expires + CLOCK_LEEWAY_SECONDS or issued > now + ISSUED_AHEAD_SECONDS:
            raise InvalidServiceToken("the token is not valid now")
        return Identity(
            caller=issuer,
            subject=_text_or_none(claims.get("sub")),
            roles=frozenset(str(role) for role in roles),
            scopes=frozenset(scope.split()),
            anonymous_id=_text_or_none(claims.get("anon")),
            session_id=_text_or_none(claims.get("sid")),
        )


def _text_or_none(value: object) -> str | None:
    return value if isinstance(value, str) and value else None
