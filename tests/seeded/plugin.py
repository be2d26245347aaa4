"""A pytest plugin: `--seeded-bug NAME` makes a bug for the whole run, and `--seeded-report FILE` writes how far the machine came."""

from dataclasses import asdict
from pathlib import Path

import orjson
import pytest

from tests.seeded.bugs import BUGS
from tests.support.money_machine import PROGRESS


def pytest_addoption(parser: pytest.Parser) -> None:
    """Add the two options."""
    parser.addoption("--seeded-bug", choices=sorted(BUGS), required=True)
    parser.addoption("--seeded-report", type=Path, required=True)


def pytest_configure(config: pytest.Config) -> None:
    """Make the bug, and undo it at the end."""
    patch = pytest.MonkeyPatch()
    BUGS[config.getoption("--seeded-bug")].seed(patch)
    config.add_cleanup(patch.undo)


def pytest_sessionfinish(session: pytest.Session) -> None:
    """Write how far the machine came."""
    session.config.getoption("--seeded-report").write_bytes(orjson.dumps(asdict(PROGRESS)))
