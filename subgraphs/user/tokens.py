"""The clients' tokens: access tokens signed with Ed25519, the published keys to verify them, refresh tokens.

The keys' file is a JWK set with the private parts. The first key signs, all are published; `make-keys` puts a new one in front and keeps
two old ones, and a running service sees the change by the file's time.
"""

import base64
import hashlib
import os
import secrets
from dataclasses import dataclass
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import orjson
from cryptography.fernet import Fernet
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey, Ed25519PublicKey
from jwt.algorithms import OKPAlgorithm

from subgraphs.kit.runtime.identity import scopes_of
from subgraphs.kit.runtime.ids import uuid7

AUDIENCE = "yarmarka"
VERIFICATION_AUDIENCE = "yarmarka:verify-email"
KEPT_KEYS = 3


class TokenKeys:
    """The keys of one file.

    Raises:
        FileNotFoundError: when there is no such file; `python -m subgraphs.user make-keys DIR` makes it.
    """

    def __init__(self, path: Path) -> None:
        self._path = path
        self._seen: int | None = None
        self._keys: list[tuple[str, Ed25519PrivateKey, dict[str, Any]]] = []
        self._read()

    @property
    def signing(self) -> tuple[str, Ed25519PrivateKey]:
        """The kid and the private key that sign now."""
        self._read()
        kid, private, _ = self._keys[0]
        return kid, private

    def verifying(self, kid: str) -> Ed25519PublicKey | None:
        """The public key of a kid; None for one that is not in the file."""
        self._read()
        return next((private.public_key() for known, private, _ in self._keys if known == kid), None)

    def published(self) -> dict[str, Any]:
        """The JWK set for everybody, without private parts."""
        self._read()
        return {"keys": [public for _, _, public in self._keys]}

    def _read(self) -> None:
        changed = self._path.stat().st_mtime_ns
        if changed == self._seen:
            return
        keys = []
        for jwk in orjson.loads(self._path.read_bytes())["keys"]:
            private = OKPAlgorithm.from_jwk(jwk)
            if not isinstance(private, Ed25519PrivateKey):
                raise ValueError(f"key {jwk.get('kid')!r} is not a private Ed25519 key")  # noqa: TRY004 - a bad file, not a bad call
            public = {name: value for name, value in jwk.items() if name != "d"}
            keys.append((str(jwk["kid"]), private, {**public, "use": "sig", "alg": "EdDSA"}))
        if not keys:
            raise ValueError(f"{self._path} holds no keys")
        self._keys, self._seen = keys, changed

    @staticmethod
    def rotate(path: Path) -> Path:
        """Put a new key in front of those in the file, or make the file; only its owner may read it."""
        old = orjson.loads(path.read_bytes())["keys"] if path.exists() else []
        new = OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate(), as_dict=True)
        keys = [{**new, "kid": uuid7()}, *old][:KEPT_KEYS]
        path.parent.mkdir(parents=True, exist_ok=True)
        beside = path.with_suffix(".tmp")
        with os.fdopen(os.open(beside, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
            file.write(orjson.dumps({"keys": keys}, option=orjson.OPT_INDENT_2))
        return beside.replace(path)


@dataclass(frozen=True, slots=True)
class AccessTokens:
    """Signs access tokens."""

    keys: TokenKeys
    issuer: str
    ttl: timedelta

    def issue(
        self, account_id: str, *, roles: list[str], session_id: str, token_id: str, now: datetime
    ) -> tuple[str, datetime]:
        """A token for the account and the instant when it expires. The same arguments give the same token."""
        kid, private = self.keys.signing
        expires_at = now + self.ttl
        claims = {
            "iss": self.issuer,
            "aud": AUDIENCE,
            "sub": account_id,
            "roles": roles,
            "scope": " ".join(sorted(scopes_of(roles))),
            "iat": int(now.timestamp()),
            "exp": int(expires_at.timestamp()),
            "jti": token_id,
            "sid": session_id,
        }
        return jwt.encode(claims, private, algorithm="EdDSA", headers={"kid": kid}), expires_at


@dataclass(frozen=True, slots=True)
class VerificationTokens:
    """Signs and reads the tokens that prove an address. Their audience is their own: no gateway takes one for an access token."""

    keys: TokenKeys
    issuer: str
    ttl: timedelta

    def issue(self, email: str, *, now: datetime) -> str:
        """A token that proves, when it comes back, that whoever sends it reads what is sent to the address."""
        kid, private = self.keys.signing
        claims = {
            "iss": self.issuer,
            "aud": VERIFICATION_AUDIENCE,
            "sub": email,
            "exp": int((now + self.ttl).timestamp()),
        }
        return jwt.encode(claims, private, algorithm="EdDSA", headers={"kid": kid})

    def read(self, token: str, *, now: datetime) -> str | None:
        """The address that a token proves; None for one that is not ours or has expired."""
        try:
            key = self.keys.verifying(str(jwt.get_unverified_header(token).get("kid")))
            if key is None:
                return None
            claims = jwt.decode(
                token,
                key,
                algorithms=["EdDSA"],
                audience=VERIFICATION_AUDIENCE,
                issuer=self.issuer,
                # The time is the service's clock, which a test may set.
                options={"require": ["exp", "sub", "aud", "iss"], "verify_exp": False},
            )
        except jwt.InvalidTokenError:
            return None
        email, expires = claims["sub"], claims["exp"]
        if not (isinstance(email, str) and isinstance(expires, int)):
            return None
        return email if now.timestamp() < expires else None


@dataclass(frozen=True, slots=True)
class RefreshSecret:
    """A refresh token as the client holds it: an id to find it by, a secret to prove it."""

    token_id: str
    secret: str

    @classmethod
    def new(cls) -> "RefreshSecret":
        """A fresh one, with 256 bits of secret."""
        return cls(uuid7(), secrets.token_urlsafe(32))

    @classmethod
    def parse(cls, text: str) -> "RefreshSecret | None":
        """The token that the text spells, or None when it spells none."""
        token_id, separator, secret = text.partition(".")
        return cls(token_id, secret) if separator and len(token_id) == 36 and secret else None

    @property
    def text(self) -> str:
        """What the client is given."""
        return f"{self.token_id}.{self.secret}"

    @property
    def secret_hash(self) -> str:
        """What is kept. A fast hash is enough for 256 random bits."""
        return hashlib.sha256(self.secret.encode()).hexdigest()

    def seal(self, successor: "RefreshSecret") -> str:
        """The successor's secret under a key made of this one's: who holds both this token and the database reads it, nobody else."""
        return self._box().encrypt(successor.secret.encode()).decode()

    def unseal(self, successor_id: str, sealed: str) -> "RefreshSecret":
        """The successor that was sealed under this token."""
        return RefreshSecret(successor_id, self._box().decrypt(sealed.encode()).decode())

    def _box(self) -> Fernet:
        key = hashlib.sha256(f"yarmarka refresh successor:{self.secret}".encode()).digest()
        return Fernet(base64.urlsafe_b64encode(key))
