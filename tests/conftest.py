"""Fixtures for all tests, each defined beside what it starts, in tests/support; and what holds for every test."""

import logging
import re
from collections.abc import Iterator

import pytest
import structlog
from hypothesis import settings

from tests.support.databases import database_url, more_databases, postgres_port, postgres_url
from tests.support.redis import redis_port, redis_url

__all__ = ["database_url", "more_databases", "postgres_port", "postgres_url", "redis_port", "redis_url"]

LONGEST_ID = 60
_WORDS = re.compile(r"[ -~]*")

# Hypothesis' default deadline of 200 ms is a timed assertion: on a busy machine it fails what is right.
settings.register_profile("yarmarka", deadline=None)
settings.load_profile("yarmarka")

# The default renderer draws each traceback with the variables of every frame. That took 2 s of processor on the event loop of a service
# under test, and on a busy machine the request beside it ran out of time.
structlog.configure(
    processors=[
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="%Y-%m-%d %H:%M:%S", utc=False),
        structlog.dev.ConsoleRenderer(colors=False, exception_formatter=structlog.dev.plain_traceback),
    ]
)


@pytest.fixture(autouse=True)
def _log_is_left_as_it_was(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """Undo what a command that runs in the test's process does to the log of all.

    Loggers that keep their configuration would write past `capture_logs` in every later test.
    """
    root, configure, before = logging.getLogger(), structlog.configure, structlog.get_config()
    handlers, level = root.handlers[:], root.level
    monkeypatch.setattr(
        structlog, "configure", lambda **given: configure(**{**given, "cache_logger_on_first_use": False})
    )
    yield
    configure(**before)
    root.handlers[:] = handlers
    root.setLevel(level)


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """The name of the argument, to which pytest adds a number, for a value that is not a few printable words.

    A test's id must be the same in every process of a run: bytes that hold a clock made workers collect different tests.
    """
    if isinstance(val, bytes) or (isinstance(val, str) and not (len(val) <= LONGEST_ID and _WORDS.fullmatch(val))):
        return argname
    return None
