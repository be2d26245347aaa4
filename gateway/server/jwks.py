"""An issuer's public keys: fetched from its JWKS, looked up by key id, kept when the issuer is down.

The last good document is kept on disk as well, so that a gateway that starts while the issuer is down verifies tokens all the same.
It serves until the issuer answers, and is then replaced.

A token can only choose among keys that are here already; whatever its header says of keys (`jwk`, `jku`, `x5u`, `x5c`) is never
read. A key id that is not known causes a fetch, but not more often than once in `COOLDOWN_SECONDS`, so that made-up key ids do not
turn the gateway into a load generator.

Source: RFC 7517 (JSON Web Key), RFC 8725 (JWT Best Current Practices).
"""

import asyncio
import hashlib
import http.client
import json
import os
import time
import urllib.error
import urllib.request
from collections.abc import Callable
from pathlib import Path
from typing import Any

import jwt
import structlog

from gateway.settings import IssuerSettings

COOLDOWN_SECONDS = 10.0
FETCH_TIMEOUT_SECONDS = 5.0
MAX_JWKS_BYTES = 1_000_000
KEY_TYPES = {"EdDSA": "OKP", "ES": "EC", "RS": "RSA", "PS": "RSA"}

log = structlog.get_logger(__name__)

Fetch = Callable[[str], bytes]
"""From an address to the body there; blocks; raises OSError or ValueError."""


class KeysUnavailableError(Exception):
    """Raised when no keys of an issuer were ever fetched, and it does not answer now."""


def fetch_jwks(url: str) -> bytes:
    """The document at `url`.

    Raises:
        OSError: it cannot be reached, or answers no 200.
        ValueError: it is too large.
    """
    request = urllib.request.Request(url, headers={"accept": "application/json"})  # noqa: S310 - settings allow http(s) only
    with urllib.request.urlopen(request, timeout=FETCH_TIMEOUT_SECONDS) as response:  # noqa: S310 - as above
        body: bytes = response.read(MAX_JWKS_BYTES + 1)
    if len(body) > MAX_JWKS_BYTES:
        raise ValueError("the JWKS is too large")
    return body


class Jwks:
    """The keys of one issuer.

    Args:
        clock: seconds that only grow.
        refresh_seconds: after this long keys are fetched anew, beside the requests that go on with the old ones.
        keys_dir: folder of the file with the last good document; None keeps none.
    """

    def __init__(
        self,
        issuer: IssuerSettings,
        *,
        refresh_seconds: float,
        keys_dir: Path | None = None,
        fetch: Fetch = fetch_jwks,
        clock: Callable[[], float] = time.monotonic,
    ) -> None:
        self.issuer = issuer
        self._clock = clock
        self._refresh_seconds = refresh_seconds
        self._fetch = fetch
        self._kept_at = None if keys_dir is None else keys_dir / _file_name(issuer)
        self._keys: dict[str, jwt.PyJWK] = self._read_kept()
        self._fetched_at: float | None = None
        self._tried_at: float | None = None
        self._fetching: asyncio.Task[None] | None = None

    def holds(self, kid: str, key: jwt.PyJWK) -> bool:
        """Return whether the issuer still publishes a key; start a refresh, which nothing waits for, if the keys are old."""
        self._refresh_if_old(self._clock())
        return self._keys.get(kid) is key

    async def key(self, kid: str) -> jwt.PyJWK | None:
        """The key of this id, or None if the issuer has none.

        Raises:
            KeysUnavailableError: nothing is known of the issuer's keys.
        """
        found = self._keys.get(kid)
        now = self._clock()
        if found is not None:
            self._refresh_if_old(now)
            return found
        if self._start_fetching(now) or self._fetching is not None:
            assert self._fetching is not None
            await asyncio.shield(self._fetching)
        if self._fetched_at is None:
            raise KeysUnavailableError(self.issuer.issuer)
        return self._keys.get(kid)

    def _refresh_if_old(self, now: float) -> None:
        if self._fetched_at is None or now - self._fetched_at > self._refresh_seconds:
            self._start_fetching(now)

    def _start_fetching(self, now: float) -> bool:
        """Begin to fetch unless that is under way, or was tried a moment ago."""
        if self._fetching is not None:
            return False
        if self._tried_at is not None and now - self._tried_at < COOLDOWN_SECONDS:
            return False
        self._tried_at = now
        self._fetching = asyncio.create_task(self._refresh())
        return True

    async def _refresh(self) -> None:
        try:
            body = await asyncio.to_thread(self._fetch, self.issuer.jwks_url)
            self._keys = _keep_equal(_read_keys(body, self.issuer), self._keys)
            self._fetched_at = self._clock()
            await asyncio.to_thread(self._keep, body)
        except (OSError, ValueError, http.client.HTTPException) as error:
            log.warning("jwks.refresh_failed", issuer=self.issuer.issuer, url=self.issuer.jwks_url, error=str(error))
        finally:
            self._fetching = None

    def _read_kept(self) -> dict[str, jwt.PyJWK]:
        if self._kept_at is None:
            return {}
        try:
            return _read_keys(self._kept_at.read_bytes(), self.issuer)
        except FileNotFoundError:
            return {}
        except (OSError, ValueError) as error:
            log.warning("jwks.kept_copy_unusable", issuer=self.issuer.issuer, error=str(error))
            return {}

    def _keep(self, body: bytes) -> None:
        if self._kept_at is None:
            return
        beside = self._kept_at.with_suffix(f".{os.getpid()}.tmp")
        try:
            # Written beside and renamed: a reader or a crash never sees half a file.
            self._kept_at.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
            beside.touch(mode=0o600)
            beside.write_bytes(body)
            beside.replace(self._kept_at)
        except OSError as error:
            log.warning("jwks.not_kept", issuer=self.issuer.issuer, error=str(error))


def _file_name(issuer: IssuerSettings) -> str:
    """A name for the issuer and its address: keys of another address are not its."""
    return hashlib.sha256(f"{issuer.issuer}\n{issuer.jwks_url}".encode()).hexdigest()[:32] + ".json"


def _read_keys(body: bytes, issuer: IssuerSettings) -> dict[str, jwt.PyJWK]:
    """The keys by id that may sign with one of the issuer's algorithms; others are left out, and so is a key that cannot be read.

    Raises:
        ValueError: it is no JWKS.
    """
    try:
        document = json.loads(body)
    except RecursionError:
        raise ValueError("the document is nested too deeply") from None
    listed = document.get("keys") if isinstance(document, dict) else None
    if not isinstance(listed, list):
        raise ValueError("the document is not a JWKS")  # noqa: TRY004 - it is a wrong value from outside, not our mistake
    keys: dict[str, jwt.PyJWK] = {}
    for entry in listed:
        kid = entry.get("kid") if isinstance(entry, dict) else None
        if not isinstance(kid, str) or entry.get("use", "sig") != "sig":
            continue
        algorithm = _algorithm_of(entry, issuer)
        if algorithm is None:
            continue
        try:
            keys[kid] = jwt.PyJWK(entry, algorithm=algorithm)
        except (jwt.PyJWTError, ValueError, TypeError, KeyError) as error:
            # One key that cannot be read must not take the others along: every token would be refused.
            log.warning("jwks.key_left_out", issuer=issuer.issuer, kid=kid, error=repr(error))
    return keys


def _keep_equal(fresh: dict[str, jwt.PyJWK], kept: dict[str, jwt.PyJWK]) -> dict[str, jwt.PyJWK]:
    """Return the fresh keys; one that did not change stays the same object, so that its tokens need no second verification."""
    return {kid: kept[kid] if kid in kept and _is_equal(kept[kid], key) else key for kid, key in fresh.items()}


def _is_equal(one: jwt.PyJWK, other: jwt.PyJWK) -> bool:
    return one.algorithm_name == other.algorithm_name and bool(one.key == other.key)


def _algorithm_of(entry: dict[str, Any], issuer: IssuerSettings) -> str | None:
    """The one algorithm that the key is used with: its own if pinned for the issuer, or else the first that fits its type."""
    own = entry.get("alg")
    if own is not None:
        return own if own in issuer.algorithms else None
    for algorithm in issuer.algorithms:
        if (KEY_TYPES.get(algorithm) or KEY_TYPES.get(algorithm[:2])) == entry.get("kty"):
            return algorithm
    return None
