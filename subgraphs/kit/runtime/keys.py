"""Rotating secrets: the first key signs, every key verifies, so a new one can be put in front while the old one expires."""

import base64
import binascii
import hashlib
import hmac
from dataclasses import dataclass

MIN_SECRET_BYTES = 32


class InvalidKeyRing(ValueError):
    """Raised when the text of a key ring is empty, is not `kid:base64url` pairs, repeats a kid, or holds a short secret."""


@dataclass(frozen=True, slots=True, repr=False)
class KeyRing:
    """Secrets by key id, the signing one first.

    Args:
        keys: (kid, secret) pairs, n >= 1; each secret has at least 32 bytes.
    """

    keys: tuple[tuple[str, bytes], ...]

    @classmethod
    def parse(cls, text: str) -> "KeyRing":
        """The ring that is written as `kid:base64url-secret[,kid2:secret2]`.

        Raises:
            InvalidKeyRing: when the text is not such a list. The message never holds a secret.
        """
        keys: list[tuple[str, bytes]] = []
        for position, part in enumerate(filter(None, (part.strip() for part in text.split(",")))):
            kid, separator, encoded = part.partition(":")
            if not separator or not kid:
                raise InvalidKeyRing(f"key {position + 1} is not of the form kid:base64url-secret")
            try:
                secret = base64.b64decode(encoded + "=" * (-len(encoded) % 4), altchars=b"-_", validate=True)
            except (ValueError, binascii.Error):
                raise InvalidKeyRing(f"the secret of key {kid!r} is not base64url") from None
            if len(secret) < MIN_SECRET_BYTES:
                raise InvalidKeyRing(f"the secret of key {kid!r} is shorter than {MIN_SECRET_BYTES} bytes")
            if any(kid == known for known, _ in keys):
                raise InvalidKeyRing(f"key {kid!r} is given twice")
            keys.append((kid, secret))
        if not keys:
            raise InvalidKeyRing("no keys: give kid:base64url-secret")
        return cls(tuple(keys))

    @property
    def signing(self) -> tuple[str, bytes]:
        """The (kid, secret) that signs."""
        return self.keys[0]

    def secret(self, kid: str) -> bytes | None:
        """The secret of a kid, or None when it is not in the ring."""
        return next((secret for known, secret in self.keys if known == kid), None)

    def sign(self, message: bytes) -> bytes:
        """The HMAC-SHA256 of the message under the signing key, 32 bytes."""
        return hmac.digest(self.signing[1], message, hashlib.sha256)

    def verifies(self, message: bytes, signature: bytes) -> bool:
        """True when any key of the ring made the signature; a prefix of at least 16 bytes counts."""
        if len(signature) < 16:
            return False
        return any(
            hmac.compare_digest(hmac.digest(secret, message, hashlib.sha256)[: len(signature)], signature)
            for _, secret in self.keys
        )


def new_secret(kid: str, entropy: bytes) -> str:
    """One `kid:base64url-secret` pair, ready for an environment variable."""
    return f"{kid}:{base64.urlsafe_b64encode(entropy).rstrip(b'=').decode()}"
