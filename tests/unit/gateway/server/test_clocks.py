"""A clock that is wrong for a while costs that while, and nothing after it."""

import time

import jwt
import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

from gateway.errors import ClientError
from gateway.operation.access import Caller
from gateway.server.forwarding import MIN_LEFT_SECONDS, TOKEN_TTL_SECONDS, Propagation
from gateway.server.identity import ISSUED_AHEAD_SECONDS, Authenticator
from gateway.server.jwks import Jwks
from gateway.settings import IssuerSettings, Settings

CALLER = Caller(subject="ann", scopes=frozenset(), roles=frozenset())


class Clocks:
    """The wall clock and the monotonic one, moved by hand."""

    def __init__(self) -> None:
        self.wall, self.age = time.time(), 1000.0

    def advance(self, seconds: float) -> None:
        self.wall += seconds
        self.age += seconds


class Minted:
    """Notes when each token was minted, by the wall clock."""

    def __init__(self, clocks: Clocks) -> None:
        self.clocks = clocks
        self.at: list[float] = []

    def __call__(self, _: Caller) -> str:
        self.at.append(self.clocks.wall)
        return f"token-{len(self.at)}"


def propagation(clocks: Clocks, mint: Minted) -> Propagation:
    return Propagation(Settings(), mint, clock=lambda: clocks.wall, age_clock=lambda: clocks.age)


def token_of(sent: bytes) -> str:
    return sent.decode().strip().rpartition(" ")[2]


def test_a_token_is_used_again_until_too_little_of_its_life_is_left() -> None:
    clocks = Clocks()
    mint = Minted(clocks)
    asked = propagation(clocks, mint)
    assert [token_of(asked.identity_lines(CALLER, [], None)) for _ in range(3)] == ["token-1"] * 3
    clocks.advance(TOKEN_TTL_SECONDS - MIN_LEFT_SECONDS)
    assert token_of(asked.identity_lines(CALLER, [], None)) == "token-2"


@pytest.mark.parametrize("step", [120.0, -120.0, 3600.0])
def test_no_token_of_a_wrong_clock_is_used_after_the_clock_is_right_again(step: float) -> None:
    clocks = Clocks()
    mint = Minted(clocks)
    asked = propagation(clocks, mint)
    asked.identity_lines(CALLER, [], None)
    clocks.wall += step
    clocks.advance(6)
    asked.identity_lines(CALLER, [], None)
    clocks.advance(6)
    clocks.wall -= step
    asked.identity_lines(CALLER, [], None)
    right = clocks.wall
    assert mint.at[-1] == right
    assert len(mint.at) == 3


@pytest.mark.parametrize(
    ("ahead", "is_believed"), [(0, True), (ISSUED_AHEAD_SECONDS - 5, True), (ISSUED_AHEAD_SECONDS + 5, False)]
)
async def test_an_issuer_may_be_a_minute_ahead(ahead: int, is_believed: bool) -> None:
    signed = Signed()
    now = int(time.time())
    authorization = signed.authorization(iat=now + ahead, exp=now + ahead + 900)
    if is_believed:
        assert (await signed.authenticator.verify(authorization)).subject == "ann"
    else:
        with pytest.raises(ClientError, match="not valid yet"):
            await signed.authenticator.verify(authorization)


async def test_a_clock_that_is_set_back_does_not_prolong_a_token() -> None:
    signed, clocks = Signed(), Clocks()
    signed.authenticator._clock, signed.authenticator._age_clock = (lambda: clocks.wall), (lambda: clocks.age)
    now = int(time.time())
    authorization = signed.authorization(iat=now, exp=now + 60)
    await signed.authenticator.verify(authorization)
    assert signed.authenticator.recall(authorization) is not None
    clocks.wall -= 3600
    clocks.age += 61
    assert signed.authenticator.recall(authorization) is None


class Signed:
    """An issuer and what verifies its tokens."""

    def __init__(self) -> None:
        issuer = IssuerSettings(issuer="https://x.test", jwks_url="https://x.test/jwks", algorithms=("EdDSA",))
        self._private = Ed25519PrivateKey.generate()
        public = jwt.algorithms.OKPAlgorithm.to_jwk(self._private.public_key(), as_dict=True)
        keys = Jwks(issuer, refresh_seconds=300)
        keys._keys = {"a": jwt.PyJWK({**public, "kid": "a"}, algorithm="EdDSA")}
        keys._fetched_at = time.monotonic()
        self.authenticator = Authenticator([keys])

    def authorization(self, **times: int) -> bytes:
        claims = {"iss": "https://x.test", "sub": "ann", **times}
        return b"Bearer " + jwt.encode(claims, self._private, algorithm="EdDSA", headers={"kid": "a"}).encode()
