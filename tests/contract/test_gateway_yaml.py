"""The market's gateway.yaml beside what the market is."""

from pathlib import Path

import pytest

from gateway.server.readiness import SubgraphReadiness
from gateway.settings import Settings
from gateway.settings_file import load_settings
from local.deployables import OWNERS_OF_TABLES
from subgraphs import SERVICES

ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture
def settings(monkeypatch: pytest.MonkeyPatch) -> Settings:
    monkeypatch.setenv("YARMARKA_SERVICE_KEYS", "k1:" + "c2VjcmV0" * 6)
    return load_settings(ROOT / "gateway.yaml")


async def test_the_gateway_is_not_ready_while_postgresql_is_away(settings: Settings) -> None:
    """Feed has no database, and stays ready."""
    path = settings.server.subgraphs_ready_path
    assert path is not None
    readiness = SubgraphReadiness(
        path,
        lambda: {name: f"http://{name}/graphql" for name in SERVICES},
        required=settings.server.subgraphs_required,
        probe=lambda url: "503" if url.split("/")[2] in OWNERS_OF_TABLES else None,
        answer_seconds=60,
    )
    try:
        assert set(await readiness.unready()) == set(OWNERS_OF_TABLES) < set(SERVICES)
        assert await readiness.failing() != {}
    finally:
        readiness.close()


@pytest.mark.parametrize("name", SERVICES)
def test_a_stopped_service_costs_less_than_a_second(settings: Settings, name: str) -> None:
    subgraph = settings.subgraphs[name]
    assert subgraph.timeout_seconds is not None
    assert subgraph.timeout_seconds < 1
    assert subgraph.liveness is not None
    assert subgraph.liveness.path == "/health"
    assert subgraph.liveness.after_seconds + subgraph.liveness.timeout_seconds < 1
