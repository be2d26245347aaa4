"""The gateway's metrics on a port of their own, with one process and with several."""

from pathlib import Path

import httpx
import pytest

from tests.support.gateway import RecordingSubgraph, running_gateway, shop_supergraph
from tests.support.ports import free_port


@pytest.mark.parametrize("workers", [1, 2])
def test_metrics_have_a_port_of_their_own(tmp_path: Path, workers: int) -> None:
    port = free_port()
    schema = tmp_path / "supergraph.graphql"
    with RecordingSubgraph(lambda _: {"data": {"goods": []}}) as goods:
        schema.write_text(shop_supergraph(goods=goods.url), encoding="utf-8")
        settings = {"supergraph": {"path": str(schema)}, "server": {"workers": workers, "metrics_port": port}}
        with running_gateway(tmp_path, settings) as gateway:
            for _ in range(8):
                assert gateway.ask("{ goods { id } }").json() == {"data": {"goods": []}}
            here = gateway.http.get("/metrics")
            there = httpx.get(f"http://127.0.0.1:{port}/metrics", trust_env=False)
    assert here.status_code == 404
    assert there.status_code == 200
    # Of all workers together.
    assert 'gateway_requests_total{kind="query",outcome="ok"} 8.0' in there.text


def test_a_metrics_port_that_is_taken_is_refused_at_start(tmp_path: Path) -> None:
    schema = tmp_path / "supergraph.graphql"
    schema.write_text(shop_supergraph(), encoding="utf-8")
    with RecordingSubgraph(lambda _: {}) as taken:
        port = int(taken.url.split(":")[2].split("/")[0])
        settings = {"supergraph": {"path": str(schema)}, "server": {"metrics_port": port}}
        with (
            pytest.raises(RuntimeError, match=rf"cannot serve /metrics on 127\.0\.0\.1:{port}: Address already in use"),
            running_gateway(tmp_path, settings),
        ):
            pass
