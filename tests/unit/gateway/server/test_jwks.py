"""An issuer's keys: fetched when needed, not too often, kept when the issuer is down."""

import asyncio
import http.client
import json
import os
from pathlib import Path
from typing import Any

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.server import jwks
from gateway.server.jwks import Jwks, KeysUnavailableError
from gateway.settings import IssuerSettings

ISSUER = IssuerSettings(issuer="https://x.test", jwks_url="https://x.test/jwks", algorithms=("EdDSA",))


def entry(kid: str, **more: Any) -> dict[str, Any]:
    public = jwt.algorithms.OKPAlgorithm.to_jwk(Ed25519PrivateKey.generate().public_key(), as_dict=True)
    return {**public, "kid": kid, **more}


class FakeIssuer:
    """An issuer's JWKS endpoint, counted."""

    def __init__(self, *keys: dict[str, Any]) -> None:
        self.keys = list(keys)
        self.fetches = 0
        self.is_down = False

    def __call__(self, _url: str) -> bytes:
        self.fetches += 1
        if self.is_down:
            raise OSError("down")
        return json.dumps({"keys": self.keys}).encode()


class Clock:
    """A clock that is set by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def clock() -> Clock:
    return Clock()


async def settle() -> None:
    """Let a fetch beside the requests end."""
    for task in asyncio.all_tasks() - {asyncio.current_task()}:
        await task


async def test_keys_are_fetched_once_for_many(clock: Clock) -> None:
    issuer = FakeIssuer(entry("a"), entry("b"))
    keys = Jwks(ISSUER, refresh_seconds=300, fetch=issuer, clock=clock)
    found = await asyncio.gather(*(keys.key(kid) for kid in ("a", "b", "a", "c")))
    assert [key is not None for key in found] == [True, True, True, False]
    assert issuer.fetches == 1


async def test_a_new_key_is_found_after_the_cooldown(clock: Clock) -> None:
    issuer = FakeIssuer(entry("a"))
    keys = Jwks(ISSUER, refresh_seconds=300, fetch=issuer, clock=clock)
    assert await keys.key("a") is not None
    issuer.keys.append(entry("b"))
    assert await keys.key("b") is None
    clock.now += jwks.COOLDOWN_SECONDS + 1
    assert await keys.key("b") is not None
    assert issuer.fetches == 2


async def test_old_keys_serve_while_new_ones_are_fetched_and_while_the_issuer_is_down(clock: Clock) -> None:
    issuer = FakeIssuer(entry("a"))
    keys = Jwks(ISSUER, refresh_seconds=300, fetch=issuer, clock=clock)
    assert await keys.key("a") is not None
    issuer.is_down = True
    clock.now += 301
    assert await keys.key("a") is not None
    await settle()
    assert issuer.fetches == 2
    assert await keys.key("a") is not None


async def test_a_key_that_the_issuer_withdrew_is_gone_after_the_refresh(clock: Clock) -> None:
    issuer = FakeIssuer(entry("a"))
    keys = Jwks(ISSUER, refresh_seconds=300, fetch=issuer, clock=clock)
    assert await keys.key("a") is not None
    issuer.keys = [entry("b")]
    clock.now += 301
    await keys.key("a")
    await settle()
    assert await keys.key("a") is None


async def test_without_any_keys_nothing_can_be_said(clock: Clock) -> None:
    issuer = FakeIssuer()
    issuer.is_down = True
    with pytest.raises(KeysUnavailableError):
        await Jwks(ISSUER, refresh_seconds=300, fetch=issuer, clock=clock).key("a")


async def test_keys_of_other_algorithms_and_uses_are_not_taken(clock: Clock) -> None:
    secret = {"kty": "oct", "kid": "hmac", "k": "c2VjcmV0", "alg": "HS256"}
    issuer = FakeIssuer(
        secret, entry("enc", use="enc"), entry("other", alg="RS256"), {"kid": 5}, entry("a", alg="EdDSA")
    )
    keys = Jwks(ISSUER, refresh_seconds=300, fetch=issuer, clock=clock)
    assert await keys.key("a") is not None
    assert [await keys.key(kid) for kid in ("hmac", "enc", "other")] == [None] * 3


async def test_what_is_no_jwks_keeps_the_old_keys(clock: Clock) -> None:
    issuer = FakeIssuer(entry("a"))
    keys = Jwks(ISSUER, refresh_seconds=1, fetch=issuer, clock=clock)
    assert await keys.key("a") is not None
    broken = Jwks(ISSUER, refresh_seconds=1, fetch=lambda _: b"<html>", clock=clock)
    with pytest.raises(KeysUnavailableError):
        await broken.key("a")


async def test_keys_outlive_a_restart_while_the_issuer_is_down(clock: Clock, tmp_path: Path) -> None:
    issuer = FakeIssuer(entry("a"))
    keys_dir = tmp_path / "gateway" / "keys"
    assert await Jwks(ISSUER, refresh_seconds=300, keys_dir=keys_dir, fetch=issuer, clock=clock).key("a") is not None
    [kept] = list(os.scandir(keys_dir))
    assert kept.stat().st_mode & 0o077 == 0
    issuer.is_down = True
    restarted = Jwks(ISSUER, refresh_seconds=300, keys_dir=keys_dir, fetch=issuer, clock=clock)
    assert await restarted.key("a") is not None
    with pytest.raises(KeysUnavailableError):
        await restarted.key("b")
    issuer.is_down, issuer.keys = False, [entry("b")]
    clock.now += jwks.COOLDOWN_SECONDS
    assert await restarted.key("b") is not None
    assert await restarted.key("a") is None, "what the issuer says replaces what was kept"
    elsewhere = ISSUER.model_copy(update={"jwks_url": "https://y.test/jwks"})
    issuer.is_down = True
    with pytest.raises(KeysUnavailableError):
        await Jwks(elsewhere, refresh_seconds=300, keys_dir=keys_dir, fetch=issuer, clock=clock).key("b")


@pytest.mark.parametrize("content", [b"", b"{", b"[]", b'{"keys": [{"kid": "a", "kty": "OKP"}]}'])
async def test_a_broken_copy_is_as_none(clock: Clock, tmp_path: Path, content: bytes) -> None:
    issuer = FakeIssuer(entry("a"))
    await Jwks(ISSUER, refresh_seconds=300, keys_dir=tmp_path, fetch=issuer, clock=clock).key("a")
    [kept] = list(os.scandir(tmp_path))
    await asyncio.to_thread(Path(kept.path).write_bytes, content)
    keys = Jwks(ISSUER, refresh_seconds=300, keys_dir=tmp_path, fetch=issuer, clock=clock)
    assert await keys.key("a") is not None
    assert issuer.fetches == 2


async def test_a_folder_that_cannot_be_written_costs_nothing(clock: Clock, tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    keys = Jwks(ISSUER, refresh_seconds=300, keys_dir=tmp_path / "file", fetch=FakeIssuer(entry("a")), clock=clock)
    assert await keys.key("a") is not None


@pytest.mark.parametrize("broken", [{"x": "AA"}, {"x": 5}, {"crv": "P-1"}, {"crv": []}, {"d": []}])
async def test_a_key_that_cannot_be_read_costs_the_others_nothing(clock: Clock, broken: dict[str, Any]) -> None:
    issuer = FakeIssuer({**entry("broken"), **broken}, entry("a"))
    keys = Jwks(ISSUER, refresh_seconds=300, fetch=issuer, clock=clock)
    assert await keys.key("a") is not None
    assert await keys.key("broken") is None


@pytest.mark.parametrize("body", [b'{"keys":' + b"[" * 400_000, b"[]", b"\xff"])
async def test_a_document_that_is_no_jwks_is_as_no_answer(clock: Clock, body: bytes) -> None:
    keys = Jwks(ISSUER, refresh_seconds=300, fetch=lambda _: body, clock=clock)
    with pytest.raises(KeysUnavailableError):
        await keys.key("a")


async def test_an_issuer_that_breaks_off_its_answer_is_as_none(clock: Clock) -> None:
    def fetch(_: str) -> bytes:
        raise http.client.IncompleteRead(b"{")

    with pytest.raises(KeysUnavailableError):
        await Jwks(ISSUER, refresh_seconds=300, fetch=fetch, clock=clock).key("a")
