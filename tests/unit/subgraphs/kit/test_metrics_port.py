"""/metrics on a port of its own: for who has the token, and nothing else is there."""

from pathlib import Path

import httpx
import pytest
from prometheus_client import Counter

from subgraphs.kit.graph import cli
from subgraphs.kit.runtime import server
from subgraphs.kit.runtime.metrics_port import MetricsPortTaken, metrics_served
from subgraphs.payment.__main__ import DEPLOYABLE
from tests.support.identity import CURSOR_KEYS, SERVICE_KEYS
from tests.support.ports import free_port

SCRAPES = Counter("test_metrics_port_scrapes_total", "What the test finds.")


@pytest.mark.parametrize(
    ("token", "header", "path", "status"),
    [
        pytest.param("", None, "/metrics", 200, id="no token set"),
        pytest.param("secret", None, "/metrics", 404, id="no token given"),
        pytest.param("secret", "Bearer secret", "/metrics?name[]=x", 200, id="right token"),
        pytest.param("", None, "/health", 404, id="another path"),
    ],
)
def test_the_port_serves_metrics_alone(token: str, header: str | None, path: str, status: int) -> None:
    port = free_port()
    headers = {"authorization": header} if header else {}
    with metrics_served(port, host="127.0.0.1", token=token):
        answer = httpx.get(f"http://127.0.0.1:{port}{path}", headers=headers, trust_env=False)
    assert answer.status_code == status
    assert ("test_metrics_port_scrapes_total 0.0" in answer.text) is (status == 200)
    with pytest.raises(httpx.ConnectError):
        httpx.get(f"http://127.0.0.1:{port}{path}", trust_env=False)


def test_a_port_that_is_taken_is_named() -> None:
    port = free_port()
    with (
        metrics_served(port, host="127.0.0.1", token=""),
        pytest.raises(MetricsPortTaken, match=rf"127\.0\.0\.1:{port}: Address already in use"),
        metrics_served(port, host="127.0.0.1", token=""),
    ):
        pass


def test_payment_serves_its_metrics_on_the_port_that_it_is_told(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    monkeypatch.setenv("YARMARKA_SERVICE_KEYS", SERVICE_KEYS)
    monkeypatch.setenv("YARMARKA_CURSOR_KEYS", CURSOR_KEYS)
    monkeypatch.setenv("YARMARKA_DATA_DIR", str(tmp_path))
    monkeypatch.setenv("PAYMENT_WEBHOOK_SECRET", "a secret of the tests")
    monkeypatch.setenv("BANK_API_KEY", "a key of the tests")
    monkeypatch.setenv("PAYMENT_METRICS_PORT", str(port))
    monkeypatch.setattr("subgraphs.kit.messaging.server_version.refuse_unsupported", lambda _: None)
    found: list[int] = []

    def serve(app: object, **_: object) -> int:
        paths = {getattr(route, "path", "") for route in getattr(app, "routes", ())}
        assert {"/graphql", "/health"} <= paths
        found.append(httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False).status_code)
        return 0

    monkeypatch.setattr(server, "serve", serve)
    assert cli.run(DEPLOYABLE, ["serve"]) == 0
    assert found == [200]
    assert DEPLOYABLE.settings().metrics_token_here is None
