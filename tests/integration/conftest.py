"""What all integration tests share."""

import pytest

PATIENCE_SECONDS = 20.0
TIME_OUTS = (
    "subgraphs.order.clients.user.TIMEOUT_SECONDS",
    "subgraphs.order.clients.catalog.TIMEOUT_SECONDS",
    "subgraphs.payment.clients.order.TIMEOUT_SECONDS",
    "subgraphs.kit.runtime.client.CONNECT_TIMEOUT_SECONDS",
    "subgraphs.kit.runtime.health.CHECK_TIMEOUT_SECONDS",
    "subgraphs.kit.storage.engine.CONNECT_TIMEOUT_SECONDS",
    "subgraphs.kit.messaging.ended_sessions.TIMEOUT_SECONDS",
    "subgraphs.user.attempts._TIMEOUT_SECONDS",
)


@pytest.fixture(autouse=True)
def _patient_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let services wait for each other, for Redis and for databases as long as a busy machine needs.

    In service they give up after 0.3 to 3 s, so that a hung one costs a page a second; `tests/e2e/test_outages.py` measures that.
    """
    for name in TIME_OUTS:
        monkeypatch.setattr(name, PATIENCE_SECONDS)


@pytest.fixture(autouse=True)
def _patient_writers(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let writers of one SQLite file wait for each other as long as a busy machine needs; in service they give up after 1.5 s."""
    monkeypatch.setattr("subgraphs.kit.storage.engine.LOCK_WAIT_SECONDS", 60.0)
