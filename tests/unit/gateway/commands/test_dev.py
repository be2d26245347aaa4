"""`python -m gateway dev`: mocks that hold together, and a loop that keeps the last good schema."""

import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from gateway.commands.dev import DevelopmentLoop, extracted_config
from gateway.commands.mock_server import MockServer
from gateway.commands.mocking import MockedSubgraph
from gateway.commands.sources import SchemaSource, ask_for_sdl
from gateway.composition.model import Subgraph

LINK = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'
SDL = LINK + (
    "type Query { product(id: ID!): Product products: [Product!]! node: Node! }\n"
    'type Product implements Node @key(fields: "id") { id: ID! title: String! price: Int! kind: Kind! tags: [String!] }\n'
    "interface Node { id: ID! }\nenum Kind { A B }"
)


@pytest.fixture
def mock() -> MockedSubgraph:
    return MockedSubgraph(Subgraph("products", "", SDL))


def test_a_mock_gives_typed_values_in_lists_of_two(mock: MockedSubgraph) -> None:
    answer = mock.answer("{ products { id title price kind tags } }", None, None)
    products = answer["data"]["products"]
    assert len(products) == 2
    assert products[0]["id"] != products[1]["id"]
    assert isinstance(products[0]["price"], int)
    assert products[0]["kind"] in {"A", "B"}
    assert "errors" not in answer


def test_a_mock_answers_the_same_thing_the_same_way(mock: MockedSubgraph) -> None:
    query = "{ products { id title } node { __typename id } }"
    assert mock.answer(query, None, None) == mock.answer(query, None, None)


def test_what_is_asked_for_by_its_id_has_it(mock: MockedSubgraph) -> None:
    answer = mock.answer("query ($id: ID!) { product(id: $id) { id title } }", {"id": "p7"}, None)
    assert answer["data"]["product"]["id"] == "p7"


def test_entities_keep_their_keys(mock: MockedSubgraph) -> None:
    query = "query ($r: [_Any!]!) { _entities(representations: $r) { __typename ... on Product { id title } } }"
    answer = mock.answer(
        query, {"r": [{"__typename": "Product", "id": "p1"}, {"__typename": "Product", "id": "p2"}]}, None
    )
    first, second = answer["data"]["_entities"]
    assert (first["__typename"], first["id"], second["id"]) == ("Product", "p1", "p2")
    assert first["title"]


def test_a_wrong_query_is_an_error(mock: MockedSubgraph) -> None:
    assert "errors" in mock.answer("{ nothing }", None, None)


@pytest.fixture
def mocks() -> Iterator[MockServer]:
    server = MockServer()
    yield server
    server.close()


@pytest.fixture
def project(tmp_path: Path) -> Path:
    (tmp_path / "a.graphql").write_text(LINK + "type Query { q: Int }")
    config = tmp_path / "supergraph.yaml"
    source = {"routing_url": "http://127.0.0.1:9/graphql", "schema": {"file": "a.graphql"}}
    config.write_text(json.dumps({"subgraphs": {"a": source}}))
    return config


def test_a_change_that_composes_is_written(project: Path, mocks: MockServer, tmp_path: Path) -> None:
    output = tmp_path / "out.graphql"
    loop = DevelopmentLoop(project, output, mocks)
    assert loop.look()
    (tmp_path / "a.graphql").write_text(LINK + "type Query { fresh: Int }")
    assert loop.look()
    assert "fresh: Int" in output.read_text()


def test_a_change_that_does_not_compose_leaves_the_last_good_schema(
    project: Path, mocks: MockServer, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    output = tmp_path / "out.graphql"
    loop = DevelopmentLoop(project, output, mocks)
    assert loop.look()
    good = output.read_text()
    (tmp_path / "a.graphql").write_text("type Query {")
    assert not loop.look()
    assert not loop.look()
    assert output.read_text() == good
    assert capsys.readouterr().err.count("INVALID_GRAPHQL") == 1
    (tmp_path / "a.graphql").write_text(LINK + "type Query { mended: Int }")
    assert loop.look()
    assert "mended" in output.read_text()


def test_a_subgraph_that_is_down_is_mocked(project: Path, mocks: MockServer, tmp_path: Path) -> None:
    output = tmp_path / "out.graphql"
    assert DevelopmentLoop(project, output, mocks).look()
    assert f'url: "{mocks.url("a")}"' in output.read_text()


def test_mocks_can_be_left_out(project: Path, mocks: MockServer, tmp_path: Path) -> None:
    output = tmp_path / "out.graphql"
    assert DevelopmentLoop(project, output, mocks, mocks_down=False).look()
    assert 'url: "http://127.0.0.1:9/graphql"' in output.read_text()


def test_a_subgraph_can_be_overridden_by_a_local_one(project: Path, mocks: MockServer, tmp_path: Path) -> None:
    local = tmp_path / "local.graphql"
    local.write_text(LINK + "type Query { local: Int }")
    output = tmp_path / "out.graphql"
    assert DevelopmentLoop(project, output, mocks, overrides={"a": SchemaSource(file=str(local))}).look()
    assert "local: Int" in output.read_text()


def test_mocks_answer_over_http(mocks: MockServer) -> None:
    sdl = LINK + "type Query { _service: _Service! }\ntype _Service { sdl: String }\n"
    mocks.serve({"a": MockedSubgraph(Subgraph("a", "", sdl.replace("type Query {", "type Query { q: Int")))})
    assert ask_for_sdl("a", mocks.url("a"), {}).startswith("sdl ")


def test_one_subgraph_of_a_deployed_supergraph_is_overridden_by_a_local_one(
    project: Path, mocks: MockServer, tmp_path: Path
) -> None:
    deployed = tmp_path / "deployed.graphql"
    assert DevelopmentLoop(project, deployed, mocks, mocks_down=False).look()
    config = tmp_path / "extracted.yaml"
    config.write_text(extracted_config(deployed))
    local = tmp_path / "local.graphql"
    local.write_text(LINK + "type Query { q: Int local: Int }")
    output = tmp_path / "out.graphql"
    assert DevelopmentLoop(config, output, mocks, overrides={"a": SchemaSource(file=str(local))}).look()
    assert "local: Int" in output.read_text()
