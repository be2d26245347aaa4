"""A gateway before a subgraph whose process is stopped: the client does not wait for the mutation's time-out."""

import socket
from pathlib import Path

from tests.support.gateway import RecordingSubgraph, running_gateway, shop_supergraph

RENAME = 'mutation { rename(id: "1", name: "new") { name } }'


def test_a_mutation_of_a_stopped_subgraph_ends_by_its_silence(tmp_path: Path) -> None:
    schema = tmp_path / "supergraph.graphql"
    liveness = {"path": "/health", "after_seconds": 0.02, "timeout_seconds": 0.3}
    settings = {
        "supergraph": {"path": str(schema)},
        "subgraphs": {"goods": {"mutation_timeout_seconds": 25, "liveness": liveness}},
    }
    # The kernel takes connections for a process that is stopped, and nobody reads them.
    with (
        socket.create_server(("127.0.0.1", 0), backlog=64) as stopped,
        RecordingSubgraph(lambda _: {"data": {"me": {"id": "1"}}}) as accounts,
    ):
        origin = f"127.0.0.1:{stopped.getsockname()[1]}"
        schema.write_text(shop_supergraph(accounts=accounts.url, goods=f"http://{origin}/graphql"), encoding="utf-8")
        with running_gateway(tmp_path, settings) as gateway:
            answer = gateway.ask(RENAME).json()
            metrics = gateway.http.get("/metrics").text
            log = gateway.log()
    assert answer["data"] == {"rename": None}
    assert answer["errors"][0]["extensions"]["code"] == "SUBGRAPH_TIMEOUT"
    assert "whether the mutation took place is unknown" in answer["errors"][0]["message"]
    assert f'gateway_subgraph_silent_fetches_total{{origin="{origin}"}} 1.0' in metrics
    assert [entry["origin"] for entry in log if entry["event"] == "subgraph.silent"] == [origin]
