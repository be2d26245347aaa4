"""What the tests of the workers share."""

import pytest

from subgraphs.kit.storage import engine


@pytest.fixture(autouse=True)
def _patient_writers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let writers of one SQLite file wait for each other as long as a busy machine needs; in service they give up after 1.5 s."""
    monkeypatch.setattr(engine, "LOCK_WAIT_SECONDS", 60.0)
