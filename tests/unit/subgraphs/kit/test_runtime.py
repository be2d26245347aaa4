"""Keys, ids, service tokens, deadlines, configuration, redaction."""

import asyncio
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import jwt
import pytest
from hypothesis import given
from hypothesis import strategies as st
from pydantic import SecretStr

from subgraphs.kit.runtime.client import ServiceUnavailable
from subgraphs.kit.runtime.clock import FixedClock
from subgraphs.kit.runtime.deadline import DeadlineExceeded, bounded, remaining_seconds, seconds_from_header, within
from subgraphs.kit.runtime.feature_flags import ConfigSource, InvalidConfig, ServiceConfig
from subgraphs.kit.runtime.identity import Identity, InvalidServiceToken, ServiceTokens, scopes_of
from subgraphs.kit.runtime.ids import is_uuid, uuid7
from subgraphs.kit.runtime.keys import InvalidKeyRing, KeyRing, new_secret
from subgraphs.kit.runtime.logging import REDACTED, redact
from subgraphs.kit.runtime.settings import SharedSettings
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS, service_tokens

NOW = datetime(2026, 3, 4, 5, 6, 7, tzinfo=UTC)
OLD, NEW = new_secret("old", b"o" * 32), new_secret("new", b"n" * 32)


@given(st.datetimes(min_value=datetime(2020, 1, 1), max_value=datetime(2100, 1, 1)))  # noqa: DTZ001 - made aware below
def test_ids_are_version_7_and_sort_by_their_time(naive: datetime) -> None:
    at = naive.replace(tzinfo=UTC)
    earlier, later = uuid7(at), uuid7(at + timedelta(milliseconds=2))
    assert earlier < later
    assert earlier[14] == "7"
    assert earlier[19] in "89ab"
    assert is_uuid(earlier)


@pytest.mark.parametrize("text", ["", "kid", "kid:", "kid:!!!!", "kid:c2hvcnQ", f"{OLD},{OLD}"])
def test_a_key_ring_refuses_text_that_is_not_one(text: str) -> None:
    with pytest.raises(InvalidKeyRing):
        KeyRing.parse(text)


def test_a_token_of_the_old_key_is_good_until_the_key_is_dropped() -> None:
    clock = FixedClock(NOW)
    token = ServiceTokens(KeyRing.parse(OLD), clock=clock).mint(Identity(caller="order", subject="a"))
    assert ServiceTokens(KeyRing.parse(f"{NEW},{OLD}"), clock=clock).verify(token).caller == "order"
    with pytest.raises(InvalidServiceToken):
        ServiceTokens(KeyRing.parse(NEW), clock=clock).verify(token)


def test_a_token_carries_the_whole_identity_and_expires() -> None:
    clock = FixedClock(NOW)
    tokens = ServiceTokens(KeyRing.parse(OLD), clock=clock)
    identity = Identity("gateway", "a", frozenset({"BUYER"}), scopes_of(["BUYER"]), "device")
    token = tokens.mint(identity)
    assert tokens.verify(token) == identity
    clock.advance(timedelta(seconds=70))
    with pytest.raises(InvalidServiceToken):
        tokens.verify(token)


@pytest.mark.parametrize("algorithm", ["none", "HS512"])
def test_a_token_of_another_algorithm_is_refused(algorithm: str) -> None:
    claims = {"iss": "gateway", "aud": "yarmarka-subgraphs", "iat": 0, "exp": 9_999_999_999}
    key = "o" * 64 if algorithm != "none" else ""
    token = jwt.encode(claims, key, algorithm=algorithm, headers={"kid": "old"})
    with pytest.raises(InvalidServiceToken):
        ServiceTokens(KeyRing.parse(OLD)).verify(token)


def test_the_gateway_without_an_account_is_not_authenticated_and_a_service_is() -> None:
    assert not Identity(caller="gateway").is_authenticated
    assert Identity(caller="gateway", subject="a").is_authenticated
    assert Identity(caller="order").is_authenticated


def test_one_whole_alternative_of_scopes_is_needed() -> None:
    identity = Identity(caller="gateway", subject="a", scopes=frozenset({"config:write"}))
    assert identity.has_scopes([["config:kill"], ["config:write"]])
    assert not identity.has_scopes([["config:kill", "config:write"]])


def test_an_inner_deadline_never_exceeds_the_outer_one() -> None:
    assert remaining_seconds() is None
    with within(0.5), within(60):
        assert bounded(30) <= 0.5
    with within(-1), pytest.raises(DeadlineExceeded):
        bounded(1)
    assert remaining_seconds() is None


@pytest.mark.parametrize(("header", "seconds"), [("1500", 1.5), ("-1", 10), ("x", 10), (None, 10), ("999999999", 60)])
def test_a_deadline_header_is_believed_within_reason(header: str | None, seconds: float) -> None:
    assert seconds_from_header(header, default_seconds=10) == seconds


class ConfigService:
    """Answers what the test puts in; the fake of what `ServiceConfig` asks."""

    def __init__(self) -> None:
        self.answer: dict[str, Any] | Exception | None = None

    async def __call__(self, revision: str) -> dict[str, Any] | None:
        if isinstance(self.answer, Exception):
            raise self.answer
        return self.answer


def flags(revision: str, **values: Any) -> dict[str, Any]:
    return {"revision": revision, "flags": [{"key": key, "value": value} for key, value in values.items()]}


@pytest.mark.parametrize(("ahead", "is_believed"), [(59, True), (61, False)])
def test_a_caller_may_be_a_minute_ahead(ahead: int, is_believed: bool) -> None:
    clock = FixedClock(NOW + timedelta(seconds=ahead))
    tokens = ServiceTokens(KeyRing.parse(OLD), clock=clock)
    token = tokens.mint(Identity("gateway"))
    clock.advance(-timedelta(seconds=ahead))
    if is_believed:
        assert tokens.verify(token) == Identity("gateway")
    else:
        with pytest.raises(InvalidServiceToken):
            tokens.verify(token)


async def test_a_bad_update_is_rejected_whole_and_the_last_good_one_survives_a_restart(tmp_path: Path) -> None:
    service, kept = ConfigService(), tmp_path / "config.json"
    source = ConfigSource({"size": 10, "open": True}, fetch=service, kept_at=kept)
    assert source.current.get("size") == 10
    service.answer = flags("r1", size=20, unknown="ignored")
    await source.refresh()
    assert source.current.get("size") == 20
    for bad in (flags("r2", size=30, open="yes"), {"revision": "r2"}, flags("r2", size=True)):
        service.answer = bad
        with pytest.raises(InvalidConfig):
            await source.refresh()
        assert (source.current.revision, source.current.get("size")) == ("r1", 20)
    restarted = ConfigSource({"size": 10, "open": True}, fetch=service, kept_at=kept)
    assert (restarted.current.revision, restarted.current.get("size")) == ("r1", 20)
    await restarted.ready()


async def test_a_source_without_any_answer_is_not_ready_and_serves_defaults(tmp_path: Path) -> None:
    service = ConfigService()
    service.answer = ServiceUnavailable("config", "away")
    source = ConfigSource({"size": 10}, fetch=service, kept_at=tmp_path / "config.json")
    running = asyncio.create_task(source.loop.run())
    await asyncio.sleep(0)
    with pytest.raises(InvalidConfig):
        await source.ready()
    assert source.current.get("size") == 10
    running.cancel()


@pytest.mark.parametrize(
    "answer",
    [b'{"errors": ["x"]}', b'{"errors": "x"}', b"[]", b"null", b'{"data": {"serviceConfig": 7}}', b"\xff", b"{}"],
)
async def test_a_configuration_outlives_an_answer_that_makes_no_sense(
    answer: bytes, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    settings = SharedSettings(
        data_dir=tmp_path, service_keys=SecretStr(SERVICE_KEYS), cursor_keys=SecretStr(CURSOR_KEYS)
    )
    source = ServiceConfig({"size": 10}, service="order", settings=settings, tokens=service_tokens())
    good = b'{"data": {"serviceConfig": {"revision": "r1", "flags": [{"key": "size", "value": 20}]}}}'
    answers = iter([answer, good])

    async def read_next(*_: object, **__: object) -> dict[str, Any]:
        return source._client._read(200, next(answers))

    monkeypatch.setattr(source._client, "_once", read_next)
    await source.loop.round()
    assert (source.loop.failures, source.current.get("size")) == (1, 10)
    await source.loop.round()
    assert (source.loop.failures, source.current.get("size")) == (0, 20)


@pytest.mark.parametrize(
    "value",
    [
        "eyJhbGciOi.eyJzdWIi.c2ln",
        "mail to ann@example.org now",
        "postgresql://user:hunter2@db/user",
        "card 4242 4242 4242 4242",
        "Authorization: Bearer abc",
    ],
)
def test_no_secret_inside_text_reaches_a_log(value: str) -> None:
    shown = redact(None, "info", {"event": "x", "detail": {"text": value}})["detail"]["text"]
    assert REDACTED in shown
    for secret in ("eyJ", "ann@", "hunter2", "4242", "abc"):
        assert secret not in shown


def test_values_under_telling_names_never_reach_a_log() -> None:
    event = redact(None, "info", {"event": "x", "password": "p", "refresh_token": "t", "ms": 3})
    assert event == {"event": "x", "password": REDACTED, "refresh_token": REDACTED, "ms": 3}
