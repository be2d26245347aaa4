"""`python -m gateway dev` as a person meets it: a real process, real subgraphs, files that change."""

import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing, contextmanager
from pathlib import Path
from typing import Any

import pytest

from gateway.dev.polling import ANSWER_TIMEOUT_SECONDS
from tests.support.development import LINK, ROOT, RunningDev, ToldSubgraph, running_dev
from tests.support.ports import free_port

PRODUCTS = 'type Query { products: [Product!]! }\ntype Product @key(fields: "id") { id: ID! name: String! }'
REVIEWS = 'type Query { best: Product }\ntype Product @key(fields: "id") { id: ID! stars: Int! }'


@pytest.fixture(scope="module")
def shared(tmp_path_factory: pytest.TempPathFactory) -> Iterator[RunningDev]:
    """Two subgraphs by their files; nobody answers for them."""
    with _running(tmp_path_factory.mktemp("shared")) as running:
        yield running


@pytest.fixture
def dev(shared: RunningDev) -> Iterator[RunningDev]:
    """The shared one; afterwards as it was."""
    config = (shared.folder / "supergraph.yaml").read_text()
    yield shared
    (shared.folder / "supergraph.yaml").write_text(config)
    shared.write("products", PRODUCTS)
    shared.write("reviews", REVIEWS)
    shared.wait_for(lambda: shared.composition()["schema"] == shared.first_schema)


@pytest.fixture
def lone(tmp_path: Path) -> Iterator[RunningDev]:
    """One that a test may end."""
    with _running(tmp_path) as running:
        yield running


@contextmanager
def _running(folder: Path) -> Iterator[RunningDev]:
    for name, sdl in (("products", PRODUCTS), ("reviews", REVIEWS)):
        (folder / f"{name}.graphql").write_text(LINK + sdl)
    sources = {
        name: {"routing_url": f"http://127.0.0.1:{free_port()}/graphql", "schema": {"file": f"{name}.graphql"}}
        for name in ("products", "reviews")
    }
    with running_dev(folder, sources) as running:
        yield running


def test_mocks_of_two_subgraphs_join(dev: RunningDev) -> None:
    answer = dev.ask("{ products { id name stars } best { id name stars } }")
    assert "errors" not in answer
    assert len(answer["data"]["products"]) == 2
    assert all(isinstance(product["stars"], int) for product in answer["data"]["products"])
    assert answer == dev.ask("{ products { id name stars } best { id name stars } }")


def test_a_saved_file_is_taken_up(dev: RunningDev) -> None:
    dev.write("products", PRODUCTS.replace("name: String!", "name: String! price: Int"))
    dev.wait_for(lambda: "errors" not in dev.ask("{ products { price } }"))


def test_what_does_not_compose_is_told_and_the_last_good_schema_stays(dev: RunningDev) -> None:
    dev.write("reviews", REVIEWS.replace("stars: Int!", "stars: Int! name: Int!"))
    dev.wait_for(lambda: dev.composition()["errors"] != [])
    codes = {error["code"] for error in dev.composition()["errors"]}
    assert codes == {"FIELD_TYPE_MISMATCH", "INVALID_FIELD_SHARING"}
    assert "error[FIELD_TYPE_MISMATCH]" in dev.terminal()
    assert "errors" not in dev.ask("{ products { name stars } }")
    dev.write("reviews", REVIEWS)
    dev.wait_for(lambda: dev.composition()["errors"] == [])


def test_a_file_that_is_removed_and_written_again_is_taken_up(dev: RunningDev) -> None:
    file = dev.folder / "reviews.graphql"
    file.unlink()
    dev.wait_for(lambda: dev.composition()["problems"] != [])
    dev.write("reviews", REVIEWS)
    dev.wait_for(lambda: dev.composition()["problems"] == [])


def test_a_file_that_is_saved_by_renaming_is_taken_up(dev: RunningDev) -> None:
    (dev.folder / ".new").write_text(LINK + PRODUCTS.replace("name: String!", "name: String! renamed: Int"))
    (dev.folder / ".new").replace(dev.folder / "products.graphql")
    dev.wait_for(lambda: "errors" not in dev.ask("{ products { renamed } }"))
    assert "cannot be read" not in dev.terminal()


def test_a_configuration_that_changes_is_taken_up(dev: RunningDev) -> None:
    config = dev.folder / "supergraph.yaml"
    config.write_text('{"subgraphs": {"products": {"mock": true, "schema": {"file": "products.graphql"}}}}')
    dev.wait_for(lambda: "errors" in dev.ask("{ best { id } }"))
    dev.wait_for(lambda: dev.composition()["mocked"] == ["products"])


def test_a_subgraph_that_comes_up_replaces_its_mock_and_one_that_goes_down_gets_it_back(tmp_path: Path) -> None:
    port = free_port()
    (tmp_path / "products.graphql").write_text(LINK + PRODUCTS)
    source = {"routing_url": f"http://127.0.0.1:{port}/graphql", "schema": {"file": "products.graphql"}}
    with running_dev(tmp_path, {"products": source}) as dev:
        mocked = dev.ask("{ products { name } }")
        dev.wait_for(lambda: dev.composition()["mocked"] == ["products"])
        real = {"data": {"products": [{"name": "Kettle"}]}}
        with closing(ToldSubgraph("", {"products": [{"name": "Kettle"}]}, port=port)):
            dev.wait_for(lambda: dev.ask("{ products { name } }") == real)
            dev.wait_for(lambda: dev.composition()["mocked"] == [])
        dev.wait_for(lambda: dev.ask("{ products { name } }") == mocked)


def test_a_running_subgraph_that_changes_is_followed(tmp_path: Path) -> None:
    with (
        closing(ToldSubgraph(LINK + PRODUCTS, {"products": []})) as subgraph,
        running_dev(tmp_path, {"products": {"schema": {"subgraph_url": subgraph.url}}}) as dev,
    ):
        subgraph.sdl = LINK + PRODUCTS.replace("name: String!", "name: String! price: Int")
        dev.wait_for(lambda: "errors" not in dev.ask("{ products { price } }"))


def test_a_subgraph_that_hangs_holds_back_no_other(tmp_path: Path) -> None:
    (tmp_path / "products.graphql").write_text(LINK + PRODUCTS)
    with closing(ToldSubgraph(LINK + REVIEWS, {"best": None})) as reviews:
        sources: dict[str, Any] = {
            "products": {"mock": True, "schema": {"file": "products.graphql"}},
            "reviews": {"schema": {"subgraph_url": reviews.url}},
        }
        with running_dev(tmp_path, sources) as dev:
            dev.wait_for(lambda: dev.ask("{ best { id } }") == {"data": {"best": None}})
            reviews.hangs = True
            dev.write("products", PRODUCTS.replace("name: String!", "name: String! price: Int"))
            waited = dev.wait_for(lambda: "errors" not in dev.ask("{ products { price } }"))
            assert waited < ANSWER_TIMEOUT_SECONDS


def test_it_waits_for_a_subgraph_that_nobody_knows_the_sdl_of(tmp_path: Path) -> None:
    port = free_port()
    source = {"schema": {"subgraph_url": f"http://127.0.0.1:{port}/graphql"}}
    with running_dev(tmp_path, {"products": source}) as dev:
        (problem,) = dev.composition()["problems"]
        assert "--override products=FILE" in problem
        assert dev.ask("{ products { id } }")["errors"][0]["extensions"]["code"] == "NOT_READY"
        with closing(ToldSubgraph(LINK + PRODUCTS, {"products": []}, port=port)):
            dev.wait_for(lambda: dev.ask("{ products { id } }") == {"data": {"products": []}})


def test_one_subgraph_of_a_deployed_supergraph_is_taken_from_this_machine(tmp_path: Path) -> None:
    query = "{ products { id } best { id } }"
    with (
        closing(ToldSubgraph(LINK + PRODUCTS, {"products": [{"id": "1"}]})) as products,
        closing(ToldSubgraph(LINK + REVIEWS, {"best": {"id": "deployed"}})) as deployed,
        closing(ToldSubgraph(LINK + REVIEWS, {"best": {"id": "local"}})) as local,
    ):
        sources = {s: {"schema": {"subgraph_url": u.url}} for s, u in (("products", products), ("reviews", deployed))}
        supergraph = tmp_path / "deployed.graphql"
        with running_dev(tmp_path, sources, "--output", str(supergraph)) as dev:
            assert dev.ask(query) == {"data": {"products": [{"id": "1"}], "best": {"id": "deployed"}}}
        override = f"reviews={local.url}"
        with running_dev(tmp_path, {}, "--supergraph", str(supergraph), "--override", override) as dev:
            assert dev.ask(query) == {"data": {"products": [{"id": "1"}], "best": {"id": "local"}}}


def test_ctrl_c_ends_it_with_success_and_leaves_the_port_free(lone: RunningDev) -> None:
    lone.process.send_signal(signal.SIGINT)
    assert lone.process.wait(10) == 0
    assert "Traceback" not in lone.terminal()
    with socket.socket() as again:
        again.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        again.bind(("127.0.0.1", lone.port))


def test_a_gateway_does_not_outlive_a_parent_that_was_killed(lone: RunningDev) -> None:
    lone.process.kill()
    lone.process.wait(10)
    give_up = time.monotonic() + 10
    while _is_answered(lone):
        assert time.monotonic() < give_up
        time.sleep(0.05)


def _is_answered(dev: RunningDev) -> bool:
    with socket.socket() as client:
        return client.connect_ex(("127.0.0.1", dev.port)) == 0


@pytest.mark.parametrize(
    ("flags", "told"),
    [
        (["--config", "nowhere.yaml"], "nowhere.yaml: No such file"),
        (["--supergraph", "nowhere.graphql"], "nowhere.graphql: No such file"),
        (["--supergraph", "README.md"], "README.md: is not a supergraph"),
        (["--override", "nothing"], "write NAME=ADDRESS"),
        (["--port", "many"], "invalid int value"),
        (["--gateway", "nowhere.yaml"], "nowhere.yaml: cannot be read"),
        (["--output", "nowhere/out.graphql"], "nowhere/out.graphql: there is no such folder"),
    ],
)
def test_wrong_usage_is_refused_at_once(flags: list[str], told: str) -> None:
    status, error = _refused(*flags)
    assert status == 2
    assert told in error
    assert "Traceback" not in error


def test_a_port_that_is_taken_is_named_before_anything_starts(dev: RunningDev) -> None:
    status, error = _refused("--config", str(dev.folder / "supergraph.yaml"), "--port", str(dev.port))
    assert status == 2
    assert error.count("\n") == 1
    assert f"cannot listen on 127.0.0.1:{dev.port}" in error


def _refused(*flags: str) -> tuple[int, str]:
    command = [sys.executable, "-m", "gateway", "dev", *flags]
    ended = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, timeout=30, check=False)
    return ended.returncode, ended.stderr
