"""A gateway's life as a process: starting, slow clients, a changed schema, draining, several workers."""

import contextlib
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest

from tests.integration.gateway.server.conftest import answer_goods
from tests.support.gateway import ROOT, RecordingSubgraph, RunningGateway, running_gateway, shop_supergraph
from tests.support.ports import free_port

GOODS = "{ goods { id } }"


def until(is_true: Callable[[], bool], *, seconds: float = 60.0) -> None:
    """Return when it is true; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


@pytest.fixture
def goods() -> Iterator[RecordingSubgraph]:
    with RecordingSubgraph(answer_goods) as subgraph:
        yield subgraph


@pytest.fixture
def schema(tmp_path: Path, goods: RecordingSubgraph) -> Path:
    path = tmp_path / "supergraph.graphql"
    path.write_text(shop_supergraph(goods=goods.url), encoding="utf-8")
    return path


def serve(*arguments: str, **environment: str) -> "subprocess.CompletedProcess[str]":
    """Run the command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "gateway", "serve", *arguments],
        cwd=ROOT,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        timeout=60,
        check=False,
    )


def test_without_a_schema_it_says_what_to_give() -> None:
    ended = serve()
    assert ended.returncode == 2
    assert "--supergraph" in ended.stderr


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    ended = serve("--supergraph", str(tmp_path / "no.graphql"), "--port", "0")
    assert ended.returncode == 2
    assert "no.graphql: cannot be read" in ended.stderr
    assert "Traceback" not in ended.stderr


@pytest.mark.parametrize(
    ("text", "place", "code"),
    [
        ("type Query {\n  a: }", ":2:6", "INVALID_GRAPHQL"),
        ("type Query { a: Int }", "", "INVALID_FEDERATION_SUPERGRAPH"),
        (
            shop_supergraph().replace("policy/v0.1", "secret/v0.1"),
            "",
            "UNSUPPORTED_FEATURE",
        ),
    ],
)
def test_a_broken_schema_is_refused_with_file_and_place(tmp_path: Path, text: str, place: str, code: str) -> None:
    path = tmp_path / "broken.graphql"
    path.write_text(text, encoding="utf-8")
    ended = serve("--supergraph", str(path), "--port", "0")
    assert ended.returncode == 1
    assert f"broken.graphql{place}" in ended.stderr
    assert code in ended.stderr
    assert "Traceback" not in ended.stderr


def test_a_port_in_use_is_named_with_its_setting(schema: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        ended = serve("--supergraph", str(schema), "--port", port)
    assert ended.returncode == 2
    assert port in ended.stderr
    assert "GATEWAY_PORT" in ended.stderr


def test_an_unknown_setting_is_refused_with_file_and_key(tmp_path: Path) -> None:
    config = tmp_path / "gateway.yaml"
    config.write_text("server: {prot: 4000}", encoding="utf-8")
    ended = serve("--config", str(config))
    assert ended.returncode == 2
    assert "gateway.yaml:1: server.prot is not a setting" in ended.stderr


def test_settings_that_name_what_the_schema_does_not_have_are_refused(schema: Path, tmp_path: Path) -> None:
    config = tmp_path / "gateway.yaml"
    text = f"supergraph: {{path: {schema}}}\nsubgraphs:\n  goods: {{}}\n  acounts: {{}}\noverride_labels:\n  - new\n"
    text += "server:\n  subgraphs_ready_path: /ready\n  subgraphs_required: [goods, acount]\n"
    config.write_text(text, encoding="utf-8")
    ended = serve("--config", str(config), "--port", "0")
    assert ended.returncode == 2
    expected = "gateway.yaml:4: subgraphs.acounts: the supergraph has no subgraph acounts; did you mean accounts?"
    assert expected in ended.stderr
    assert "gateway.yaml:6: override_labels: the supergraph has no label new" in ended.stderr
    assert "gateway.yaml:9: server.subgraphs_required: the supergraph has no subgraph acount" in ended.stderr
    assert "Traceback" not in ended.stderr


def test_it_serves_with_nothing_but_a_schema(schema: Path, tmp_path: Path) -> None:
    port = free_port()
    process = subprocess.Popen(
        [sys.executable, "-m", "gateway", "serve", "--supergraph", str(schema), "--port", str(port)],
        cwd=tmp_path,
        env={**os.environ, "PYTHONPATH": str(ROOT)},
        stdout=subprocess.DEVNULL,
    )
    try:
        until(lambda: _answers(port))
    finally:
        process.send_signal(signal.SIGTERM)
        status = process.wait(15)
    assert status == 0


def test_it_serves_what_subgraphs_compose_to(tmp_path: Path, goods: RecordingSubgraph) -> None:
    (tmp_path / "goods.graphql").write_text("type Query { goods: [Good!]! } type Good { id: ID! }", encoding="utf-8")
    config = tmp_path / "supergraph.yaml"
    config.write_text(
        f"subgraphs: {{goods: {{routing_url: '{goods.url}', schema: {{file: goods.graphql}}}}}}", encoding="utf-8"
    )
    with running_gateway(tmp_path, {"supergraph": {"subgraphs": str(config)}}) as gateway:
        assert gateway.ask(GOODS).json()["data"]["goods"] == [{"id": "0"}, {"id": "1"}, {"id": "2"}]


def test_subgraphs_that_do_not_compose_are_not_served(tmp_path: Path) -> None:
    (tmp_path / "a.graphql").write_text("type A { id: ID! }", encoding="utf-8")
    config = tmp_path / "supergraph.yaml"
    config.write_text("subgraphs: {a: {routing_url: 'http://x', schema: {file: a.graphql}}}", encoding="utf-8")
    ended = serve("--subgraphs", str(config), "--port", "0")
    assert ended.returncode == 1
    assert "NO_QUERIES" in ended.stderr


def _answers(port: int) -> bool:
    with contextlib.suppress(httpx.TransportError):
        response = httpx.post(f"http://127.0.0.1:{port}/graphql", json={"query": GOODS}, trust_env=False)
        return bool(response.json()["data"]["goods"])
    return False


@pytest.mark.parametrize(
    ("opening", "drip"),
    [
        (b"", b""),
        (b"POST /gra", b""),
        (b"POST /graphql HTTP/1.1\r\n", b"a: b\r\n"),
        (b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-length: 1000\r\ncontent-type: application/json\r\n\r\n{", b" "),
        (b"\r\n", b"\r\n"),
    ],
    ids=["silent", "half a header", "header drips", "body drips", "empty lines drip"],
)
def test_a_client_that_does_not_hurry_is_let_go(slow_gateway: int, opening: bytes, drip: bytes) -> None:
    began = time.monotonic()
    with socket.create_connection(("127.0.0.1", slow_gateway)) as client:
        client.settimeout(0.2)
        client.sendall(opening)
        while True:
            assert time.monotonic() - began < 6, "still open"
            try:
                if not client.recv(1000):
                    break
            except TimeoutError:
                pass
            except ConnectionError:
                break
            try:
                client.sendall(drip)
            except OSError:
                break
    assert time.monotonic() - began > 0.5


@pytest.fixture(scope="module")
def slow_gateway(tmp_path_factory: pytest.TempPathFactory) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("slow")
    (folder / "s.graphql").write_text(shop_supergraph(), encoding="utf-8")
    told = {"supergraph": {"path": str(folder / "s.graphql")}, "server": {"read_timeout_seconds": 1.0}}
    with running_gateway(folder, told) as gateway:
        yield gateway.port


def test_a_client_that_does_not_read_is_let_go(tmp_path: Path) -> None:
    large = [{"__typename": "Good", "id": "x" * 1000}] * 20_000
    with RecordingSubgraph(lambda _: {"data": {"goods": large}}) as goods:
        (tmp_path / "s.graphql").write_text(shop_supergraph(goods=goods.url), encoding="utf-8")
        told = {"supergraph": {"path": str(tmp_path / "s.graphql")}, "server": {"read_timeout_seconds": 1.0}}
        with running_gateway(tmp_path, told) as gateway:
            body = json.dumps({"query": GOODS}).encode()
            head = b"POST /graphql HTTP/1.1\r\nhost: x\r\ncontent-type: application/json\r\ncontent-length: %d\r\n\r\n"
            with socket.create_connection(("127.0.0.1", gateway.port)) as client:
                client.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, 4096)
                client.sendall(head % len(body) + body)
                until(lambda: bool(goods.requests))
                until(lambda: _is_reset(client), seconds=15)


def _is_reset(client: socket.socket) -> bool:
    """Whether the peer has given the connection up; nothing is read."""
    try:
        client.send(b"x")
    except OSError:
        return True
    return False


def test_a_new_schema_is_served_and_a_broken_one_is_not(schema: Path, tmp_path: Path) -> None:
    with running_gateway(tmp_path, {"supergraph": {"path": str(schema)}}) as gateway:
        old = schema.read_text(encoding="utf-8")
        assert gateway.ask("{ fresh: goods { id } }").status_code == 200
        schema.write_text(old.replace("type Bundle", "type Bundle {"), encoding="utf-8")
        until(lambda: any(event["event"] == "supergraph.refused" for event in gateway.log()))
        assert gateway.ask(GOODS).status_code == 200
        assert gateway.http.get("/ready").status_code == 200
        new = old.replace("items: [Item!]!", "things: [Item!]! @join__field(graph: GOODS)\n  items: [Item!]!")
        replacement = schema.with_suffix(".new")
        replacement.write_text(new, encoding="utf-8")
        replacement.replace(schema)
        until(lambda: gateway.ask("{ things { id } }").status_code == 200)
        assert gateway.ask(GOODS).status_code == 200


def test_a_new_schema_has_the_plans_of_the_old_ones_clients_ready(schema: Path, tmp_path: Path) -> None:
    told = {"supergraph": {"path": str(schema)}, "explain": {"enabled": True}}
    conditional = "query ($no: Boolean!) { goods { id name @skip(if: $no) } }"

    def is_cached(gateway: RunningGateway, query: str, **variables: Any) -> bool:
        answer = gateway.ask(query, variables=variables, headers={"x-gateway-explain": "trace"}).json()
        return bool(answer["extensions"]["trace"]["planIsCached"])

    with running_gateway(tmp_path, told) as gateway:
        assert not is_cached(gateway, conditional, no=True)
        assert is_cached(gateway, conditional, no=True)
        text = schema.read_text(encoding="utf-8")
        new = text.replace("items: [Item!]!", "things: [Item!]! @join__field(graph: GOODS)\n  items: [Item!]!")
        replacement = schema.with_suffix(".new")
        replacement.write_text(new, encoding="utf-8")
        replacement.replace(schema)
        until(lambda: gateway.ask("{ things { __typename } }").status_code == 200)
        assert is_cached(gateway, conditional, no=True)
        assert not is_cached(gateway, conditional, no=False)


def test_a_request_under_way_finishes_on_the_schema_that_it_began_on(tmp_path: Path) -> None:
    release = threading.Event()

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        if "things" not in body["query"]:
            release.wait(20)
        return {"data": {"things": [], **answer_goods(body)["data"]}}

    with RecordingSubgraph(answer) as goods:
        schema = tmp_path / "s.graphql"
        text = shop_supergraph(goods=goods.url)
        schema.write_text(text, encoding="utf-8")
        with running_gateway(tmp_path, {"supergraph": {"path": str(schema)}}) as gateway:
            address = f"http://127.0.0.1:{gateway.port}/graphql"
            answers: list[httpx.Response] = []

            def ask() -> None:
                answers.append(httpx.post(address, json={"query": GOODS}, trust_env=False, timeout=30))

            asking = threading.Thread(target=ask)
            asking.start()
            until(lambda: bool(goods.requests))
            things = "  things: [Good!]! @join__field(graph: GOODS)\n  wares("
            schema.write_text(text.replace("  goods(", things), encoding="utf-8")
            until(lambda: gateway.ask("{ things { id } }").status_code == 200)
            assert gateway.ask(GOODS).status_code == 400
            release.set()
            asking.join(20)
            assert answers[0].json()["data"]["goods"] == [{"id": "0"}, {"id": "1"}, {"id": "2"}]


def test_a_request_under_way_is_answered_while_draining(tmp_path: Path) -> None:
    release = threading.Event()

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        release.wait(10)
        return answer_goods(body)

    with RecordingSubgraph(answer) as goods:
        (tmp_path / "s.graphql").write_text(shop_supergraph(goods=goods.url), encoding="utf-8")
        with running_gateway(tmp_path, {"supergraph": {"path": str(tmp_path / "s.graphql")}}) as gateway:
            answers: list[httpx.Response] = []
            idle = httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}", trust_env=False)
            assert idle.get("/health").status_code == 200
            asking = threading.Thread(target=lambda: answers.append(gateway.ask(GOODS)))
            asking.start()
            until(lambda: bool(goods.requests))
            gateway.process.send_signal(signal.SIGTERM)
            until(lambda: _refuses(gateway.port))
            # A client with an open connection may still ask, and is told to come back elsewhere.
            last = idle.get("/ready")
            assert last.status_code == 503
            assert last.json()["failing"] == {"process": "draining"}
            assert last.headers["connection"] == "close"
            release.set()
            asking.join(10)
            assert answers[0].status_code == 200
            assert answers[0].headers["connection"] == "close"
            assert gateway.process.wait(10) == 0


def test_more_than_can_be_answered_is_refused_at_once(tmp_path: Path) -> None:
    release = threading.Event()

    def answer(body: dict[str, Any]) -> dict[str, Any]:
        release.wait(20)
        return answer_goods(body)

    with RecordingSubgraph(answer) as goods:
        (tmp_path / "s.graphql").write_text(shop_supergraph(goods=goods.url), encoding="utf-8")
        told = {"supergraph": {"path": str(tmp_path / "s.graphql")}, "server": {"max_in_flight": 1}}
        with running_gateway(tmp_path, told) as gateway:
            answers: list[httpx.Response] = []
            asking = threading.Thread(target=lambda: answers.append(gateway.ask(GOODS)))
            asking.start()
            until(lambda: bool(goods.requests))
            refused = httpx.post(f"http://127.0.0.1:{gateway.port}/graphql", json={"query": GOODS}, trust_env=False)
            assert (refused.status_code, refused.headers["retry-after"]) == (503, "1")
            assert refused.json()["errors"][0]["extensions"]["code"] == "OVERLOADED"
            release.set()
            asking.join(20)
            assert answers[0].status_code == 200
            assert gateway.ask(GOODS).status_code == 200


def _refuses(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return True
    return False


def test_a_worker_that_dies_is_replaced_and_all_count_together(schema: Path, tmp_path: Path) -> None:
    told = {"supergraph": {"path": str(schema)}, "server": {"workers": 2}}
    with running_gateway(tmp_path, told) as gateway:
        until(lambda: len(_served(gateway.log())) == 2)
        for _ in range(20):
            with httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}", trust_env=False) as client:
                assert client.post("/graphql", json={"query": GOODS}).status_code == 200
        counted = 'gateway_requests_total{kind="query",outcome="ok"} 20.0'
        until(lambda: counted in gateway.http.get("/metrics").text)
        gateway.http.close()
        children = Path(f"/proc/{gateway.process.pid}/task/{gateway.process.pid}/children")
        workers = [int(pid) for pid in children.read_text(encoding="utf-8").split() if _is_worker(int(pid))]
        assert len(workers) == 2
        os.kill(workers[0], signal.SIGKILL)
        until(lambda: len(_served(gateway.log())) == 3)
        until(lambda: _answers(gateway.port))


def test_replacing_the_workers_under_load_drops_no_request(schema: Path, tmp_path: Path) -> None:
    told = {"supergraph": {"path": str(schema)}, "server": {"workers": 2}}
    with running_gateway(tmp_path, told) as gateway:
        until(lambda: len(_served(gateway.log())) == 2)
        stop = threading.Event()
        statuses: list[int] = []
        failures: list[str] = []

        def ask() -> None:
            with httpx.Client(base_url=f"http://127.0.0.1:{gateway.port}", trust_env=False, timeout=30) as client:
                while not stop.is_set():
                    try:
                        statuses.append(client.post("/graphql", json={"query": GOODS}).status_code)
                    except httpx.TransportError as error:
                        failures.append(repr(error))

        clients = [threading.Thread(target=ask) for _ in range(4)]
        for client in clients:
            client.start()
        until(lambda: len(statuses) > 20)
        gateway.process.send_signal(signal.SIGHUP)
        until(lambda: sum(event["event"] == "worker.replaced" for event in gateway.log()) == 2, seconds=60)
        stop.set()
        for client in clients:
            client.join()
        assert failures == []
        assert set(statuses) == {200}


def _is_worker(pid: int) -> bool:
    return b"spawn_main" in Path(f"/proc/{pid}/cmdline").read_bytes()


def _served(events: list[dict[str, Any]]) -> list[dict[str, Any]]:
    return [event for event in events if event["event"] == "supergraph.served"]


def test_endless_headers_are_refused(slow_gateway: int) -> None:
    with socket.create_connection(("127.0.0.1", slow_gateway)) as client:
        client.settimeout(5)
        client.sendall(b"GET /health HTTP/1.1\r\nhost: x\r\n")
        with contextlib.suppress(ConnectionError):
            for _ in range(200):
                client.sendall(b"x-more: " + b"y" * 1000 + b"\r\n")
        with contextlib.suppress(ConnectionError):
            assert b" 431 " in client.recv(1000)
    httpx.get(f"http://127.0.0.1:{slow_gateway}/health", trust_env=False).raise_for_status()
