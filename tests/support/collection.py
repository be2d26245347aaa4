"""A pytest plugin that writes down what was collected: each test's id, and a digest of its parameters where they are plain values.

    COLLECTION_FILE=out.txt COLLECTION_CLOCK_SHIFT=86400 pytest -p tests.support.collection --collect-only

The clock that Python's standard library reads is shifted by so many seconds before any test module is imported.
"""

import hashlib
import os
import time
from enum import Enum
from pathlib import Path

import pytest

SHIFT_SECONDS = float(os.environ.get("COLLECTION_CLOCK_SHIFT", "0"))
_real_time, _real_time_ns = time.time, time.time_ns


def pytest_configure() -> None:
    """Shift the clock."""
    time.time = lambda: _real_time() + SHIFT_SECONDS
    time.time_ns = lambda: _real_time_ns() + int(SHIFT_SECONDS * 1e9)


def pytest_collection_finish(session: pytest.Session) -> None:
    """Write the file that COLLECTION_FILE names: a line for each test, in the order of the run."""
    lines = [f"{item.nodeid} {_digest(item)}" for item in session.items]
    Path(os.environ["COLLECTION_FILE"]).write_text("\n".join(lines))


def _digest(item: pytest.Item) -> str:
    callspec = getattr(item, "callspec", None)
    if callspec is None:
        return "-"
    plain = {name: _plain(value) for name, value in callspec.params.items()}
    return hashlib.sha256(repr(sorted(plain.items())).encode()).hexdigest()[:16]


def _plain(value: object) -> object:
    """The value with everything replaced by its type's name whose `repr` says nothing of it."""
    match value:
        case None | bool() | int() | float() | str() | bytes() | Enum():
            return value
        case list() | tuple():
            return [_plain(each) for each in value]
        case dict():
            return [(_plain(key), _plain(each)) for key, each in value.items()]
        case set() | frozenset():
            return sorted(repr(_plain(each)) for each in value)
        case _:
            return type(value).__name__
