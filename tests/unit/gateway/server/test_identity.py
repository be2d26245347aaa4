"""Verified tokens: remembered while their key is published, and refused without a subject."""

import asyncio
import base64
import json
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import ClientError
from gateway.server.identity import Authenticator
from gateway.server.jwks import Jwks
from gateway.settings import IssuerSettings

ISSUER = IssuerSettings(issuer="https://x.test", jwks_url="https://x.test/jwks", algorithms=("EdDSA",))


class Signer:
    """An issuer whose published keys a test changes, and an authenticator that trusts it."""

    def __init__(self) -> None:
        self.private = Ed25519PrivateKey.generate()
        public = jwt.algorithms.OKPAlgorithm.to_jwk(self.private.public_key(), as_dict=True)
        self.keys: list[dict[str, Any]] = [{**public, "kid": "a"}]
        self.now = 1000.0
        self.jwks = Jwks(ISSUER, refresh_seconds=300, fetch=self._fetch, clock=lambda: self.now)
        self.authenticator = Authenticator([self.jwks], age_clock=lambda: self.now)

    def authorization(self, **claims: Any) -> bytes:
        payload = {"iss": "https://x.test", "sub": "ann", "exp": 4_000_000_000, **claims}
        return b"Bearer " + jwt.encode(payload, self.private, algorithm="EdDSA", headers={"kid": "a"}).encode()

    async def refresh(self) -> None:
        """Let the keys grow old, and the refresh that the next request starts end."""
        self.now += 301
        self.authenticator.recall(self.authorization())
        for task in asyncio.all_tasks() - {asyncio.current_task()}:
            await task

    def _fetch(self, _url: str) -> bytes:
        return json.dumps({"keys": self.keys}).encode()


async def test_a_remembered_token_goes_with_its_key() -> None:
    signer = Signer()
    header = signer.authorization()
    await signer.authenticator.verify(header)
    assert signer.authenticator.recall(header) is not None
    signer.keys = []
    await signer.refresh()
    assert signer.authenticator.recall(header) is None
    with pytest.raises(ClientError) as refused:
        await signer.authenticator.verify(header)
    assert refused.value.code == "UNAUTHENTICATED"


async def test_a_refresh_that_changes_nothing_costs_no_second_verification() -> None:
    signer = Signer()
    header = signer.authorization()
    await signer.authenticator.verify(header)
    await signer.refresh()
    assert signer.authenticator.recall(header) is not None


async def test_another_key_of_the_same_id_ends_the_tokens_of_the_first() -> None:
    signer = Signer()
    header = signer.authorization()
    await signer.authenticator.verify(header)
    other = jwt.algorithms.OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate().public_key(), as_dict=True)
    signer.keys = [{**other, "kid": "a"}]
    await signer.refresh()
    assert signer.authenticator.recall(header) is None


@pytest.mark.parametrize("subject", ["", " "])
async def test_a_token_without_a_subject_signs_nobody_in(subject: str) -> None:
    signer = Signer()
    with pytest.raises(ClientError) as refused:
        await signer.authenticator.verify(signer.authorization(sub=subject))
    assert refused.value.code == "UNAUTHENTICATED"


async def test_a_verified_token_says_when_it_expires() -> None:
    signer = Signer()
    header = signer.authorization()
    assert signer.authenticator.expires_at(header) is None
    await signer.authenticator.verify(header)
    expires_at = signer.authenticator.expires_at(header)
    assert expires_at is not None
    assert expires_at > signer.now


@pytest.mark.parametrize("payload", [b"[" * 12_000, b'{"iss":' + b"[" * 11_000, b"1" * 11_000])
async def test_a_payload_of_any_json_is_refused_as_a_token(payload: bytes) -> None:
    head, body = (base64.urlsafe_b64encode(part).rstrip(b"=") for part in (b'{"alg":"EdDSA","kid":"a"}', payload))
    with pytest.raises(ClientError) as refused:
        await Signer().authenticator.verify(b"Bearer " + head + b"." + body + b".AA")
    assert refused.value.code == "UNAUTHENTICATED"
