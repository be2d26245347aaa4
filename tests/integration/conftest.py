"""What all integration tests share."""

import pytest

BOUNDED_CALLS = ("subgraphs.order.users", "subgraphs.order.catalog", "subgraphs.payment.orders")


@pytest.fixture(autouse=True)
def _patient_services(monkeypatch: pytest.MonkeyPatch) -> None:
    """Let services wait for each other as long as a busy machine needs.

    In service they give up after 0.8 s, so that a hung one costs a page a second; `tests/e2e/test_outages.py` measures that.
    """
    for module in BOUNDED_CALLS:
        monkeypatch.setattr(f"{module}.TIMEOUT_SECONDS", 20.0)
    for module in ("subgraphs.kit.runtime.client", "subgraphs.kit.storage.engine"):
        monkeypatch.setattr(f"{module}.CONNECT_TIMEOUT_SECONDS", 20.0)
