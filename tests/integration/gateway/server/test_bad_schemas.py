"""Supergraphs that cannot be served and operations that cannot be planned: refused with code and place, and the gateway goes on."""

import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import httpx
import pytest
from structlog.testing import capture_logs

from gateway.cli import main
from gateway.server.supergraphs import SupergraphUnusable, load_to_serve
from gateway.settings import LimitSettings, Settings, SubgraphSettings
from tests.integration.gateway.server.conftest import answer_accounts, answer_goods
from tests.laboratory.hostile import DOCUMENTS, doubling_fragments
from tests.support.gateway import RecordingSubgraph, RunningGateway, running_gateway, shop_supergraph
from tests.support.planning import GOLDENS

GOODS = "{ goods { id } }"
GOODS_DATA = {"goods": [{"id": "0"}, {"id": "1"}, {"id": "2"}]}

MAX_BODY_BYTES = 1_000_000
"""By default."""

BAD = {
    "nothing": ("", ":1:1", "INVALID_GRAPHQL"),
    "half of it": (shop_supergraph()[:4000], None, "INVALID_GRAPHQL"),
    "a web page": ("<!doctype html>", ":1:1", "INVALID_GRAPHQL"),
    "a nesting bomb": ("type Query { a: " + "[" * 100_000, ":1:", "INVALID_GRAPHQL"),
    "a plain schema": ("type Query { a: Int }", "", "INVALID_FEDERATION_SUPERGRAPH"),
    "a subgraph": (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"]) type Query { a: Int }',
        "",
        "INVALID_FEDERATION_SUPERGRAPH",
    ),
    "another join": (shop_supergraph().replace("join/v0.5", "join/v0.9"), ":4:3", "UNKNOWN_LINK_VERSION"),
    "another link": (shop_supergraph().replace("link/v1.0", "link/v2.0"), ":3:3", "UNKNOWN_LINK_VERSION"),
    "security that is not known": (
        shop_supergraph().replace("policy/v0.1", "secret/v0.1"),
        ":7:3",
        "UNSUPPORTED_FEATURE",
    ),
    "security of another version": (
        shop_supergraph().replace("policy/v0.1", "policy/v0.2"),
        ":7:3",
        "UNKNOWN_LINK_VERSION",
    ),
    "access by a specification that is not linked": (
        shop_supergraph().replace('  @link(url: "https://specs.apollo.dev/policy/v0.1", for: SECURITY)\n', ""),
        ":62:51",
        "UNLINKED_DIRECTIVE",
    ),
    "a graph that is not there": (
        shop_supergraph().replace(
            "me: Account @join__field(graph: ACCOUNTS)", "me: Account @join__field(graph: NOBODY)"
        ),
        ":36:15",
        "INVALID_FEDERATION_SUPERGRAPH",
    ),
    "a key that is not there": (
        shop_supergraph().replace('key: "id"', 'key: "code"', 1),
        ":46:78",
        "INVALID_FEDERATION_SUPERGRAPH",
    ),
    "a type that is not there": (
        shop_supergraph().replace("secret: String!", "secret: Nope!"),
        ":60:3",
        "INVALID_FEDERATION_SUPERGRAPH",
    ),
    "an address that is none": (
        shop_supergraph(accounts="ftp://accounts/"),
        "",
        "INVALID_FEDERATION_SUPERGRAPH",
    ),
    "no query": (
        shop_supergraph().replace("{ query: Query mutation: Mutation", "{ mutation: Mutation"),
        ":2:1",
        "INVALID_FEDERATION_SUPERGRAPH",
    ),
}


@pytest.fixture(scope="module")
def schema(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return tmp_path_factory.mktemp("gateway") / "supergraph.graphql"


@pytest.fixture(scope="module")
def gateway(schema: Path) -> Iterator[RunningGateway]:
    """A gateway on a schema in which goods know their sellers, but no key leads to these."""
    with RecordingSubgraph(answer_goods) as goods, RecordingSubgraph(answer_accounts) as accounts:
        text = shop_supergraph(goods=goods.url, accounts=accounts.url)
        account = 'type Account @join__type(graph: ACCOUNTS, key: "id"'
        assert account in text
        schema.write_text(text.replace(account, f"{account}, resolvable: false"), encoding="utf-8")
        with running_gateway(schema.parent, {"supergraph": {"path": str(schema)}}) as running:
            yield running


def refusals(gateway: RunningGateway) -> list[dict[str, Any]]:
    return [event for event in gateway.log() if event["event"] == "supergraph.refused"]


def until(is_true: Callable[[], bool], *, seconds: float = 15.0) -> None:
    """Return when it is true; fail when it is not in time."""
    deadline = time.monotonic() + seconds
    while not is_true():
        assert time.monotonic() < deadline, "not in time"
        time.sleep(0.02)


@pytest.mark.parametrize("name", [name for name in BAD if name != "an address that is none"])
def test_a_command_ends_with_one_line_that_says_why(
    tmp_path: Path, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    text, place, code = BAD[name]
    path = tmp_path / "broken.graphql"
    path.write_text(text, encoding="utf-8")
    assert main(["plan", "--supergraph", str(path), str(path)]) == 1
    (line,) = capsys.readouterr().err.splitlines()
    assert f"broken.graphql{place or ':'}" in line
    assert f" {code}: " in line


@pytest.mark.parametrize("name", BAD)
def test_a_running_gateway_keeps_the_schema_that_it_has(gateway: RunningGateway, schema: Path, name: str) -> None:
    text, place, code = BAD[name]
    before, served = len(refusals(gateway)), schema.read_text(encoding="utf-8")
    try:
        schema.write_text(text, encoding="utf-8")
        until(lambda: len(refusals(gateway)) > before)
        refused = refusals(gateway)[-1]
        assert refused["level"] == "error"
        assert f"supergraph.graphql{place or ':'}" in refused["error"]
        assert f" {code}: " in refused["error"]
        assert "exception" not in refused
        assert gateway.ask(GOODS).json() == {"data": GOODS_DATA}
        assert gateway.http.get("/ready").status_code == 200
    finally:
        schema.write_text(served, encoding="utf-8")


@pytest.mark.parametrize("address", ["", "accounts", "ftp://accounts/", "http://", "http://accounts:port/"])
def test_a_subgraph_without_an_address_is_refused_unless_the_settings_have_one(tmp_path: Path, address: str) -> None:
    path = tmp_path / "supergraph.graphql"
    path.write_text(shop_supergraph(accounts=address), encoding="utf-8")
    with pytest.raises(SupergraphUnusable) as refused:
        load_to_serve(path, Settings())
    assert str(refused.value) == (
        f"{path}: INVALID_FEDERATION_SUPERGRAPH: subgraph 'accounts' has no HTTP address: {address!r}; set subgraphs.accounts.url"
    )
    known = Settings(subgraphs={"accounts": SubgraphSettings(url="http://accounts.test/")})
    assert load_to_serve(path, known).supergraph.subgraphs["accounts"] == address


def test_a_size_that_cannot_be_counted_is_refused_where_costs_are_counted(tmp_path: Path) -> None:
    path = tmp_path / "supergraph.graphql"
    path.write_text(shop_supergraph().replace('["first"]', '["filter.nope"]'), encoding="utf-8")
    with pytest.raises(
        SupergraphUnusable, match=r"supergraph.graphql:38:\d+: INVALID_COST_DIRECTIVE: Query.goods is sized"
    ):
        load_to_serve(path, Settings(limits=LimitSettings(max_cost=10)))
    assert load_to_serve(path, Settings()).costs is None


def test_costs_that_are_not_linked_are_counted_with_a_warning(tmp_path: Path) -> None:
    path = tmp_path / "supergraph.graphql"
    linked = '  @link(url: "https://specs.apollo.dev/cost/v0.1", import: ["@cost", "@listSize"])\n'
    path.write_text(shop_supergraph().replace(linked, ""), encoding="utf-8")
    with capture_logs() as logs:
        loaded = load_to_serve(path, Settings(limits=LimitSettings(max_cost=10)))
    assert loaded.costs is not None
    assert loaded.costs.fields["Query", "goods"].size is not None
    (warning,) = [event for event in logs if event["log_level"] == "warning"]
    assert (warning["event"], warning["directives"]) == ("supergraph.costs_not_linked", ["@listSize"])


def test_a_file_that_is_gone_or_no_text_is_refused_and_one_that_comes_back_is_served(
    gateway: RunningGateway, schema: Path
) -> None:
    before, served = len(refusals(gateway)), schema.read_bytes()
    schema.unlink()
    until(lambda: len(refusals(gateway)) == before + 1)
    assert "cannot be read" in refusals(gateway)[-1]["error"]
    assert gateway.ask(GOODS).json() == {"data": GOODS_DATA}
    schema.write_bytes(bytes(range(256)))
    until(lambda: len(refusals(gateway)) == before + 2)
    assert "is not text in UTF-8" in refusals(gateway)[-1]["error"]
    assert gateway.ask(GOODS).json() == {"data": GOODS_DATA}
    fresh = served.replace(b"items: [Item!]!", b"things: [Item!]! @join__field(graph: GOODS)\n  items: [Item!]!")
    schema.write_bytes(fresh)
    until(lambda: gateway.ask("{ things { id } }").status_code == 200)
    assert gateway.ask(GOODS).json() == {"data": GOODS_DATA}
    schema.write_bytes(served)


def test_a_query_that_no_plan_answers_is_told_where_and_asks_nobody(gateway: RunningGateway) -> None:
    for _ in range(2):  # that there is no plan is remembered
        response = gateway.ask("{ goods { id seller { nickname } } }")
        assert response.status_code == 500
        (error,) = response.json()["errors"]
        assert error["extensions"]["code"] == "QUERY_NOT_PLANNABLE"
        assert "goods.seller.nickname" in error["message"]
    assert gateway.ask(GOODS).json() == {"data": GOODS_DATA}


@pytest.mark.parametrize("name", [name for name, (_, code) in DOCUMENTS.items() if code is not None])
def test_a_document_that_would_explode_is_refused(gateway: RunningGateway, name: str) -> None:
    document, code = DOCUMENTS[name]
    response = ask_hostile(gateway, document)
    if len(document) < MAX_BODY_BYTES:
        assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, code)
    else:
        assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (413, "BODY_TOO_LARGE")
    assert gateway.ask(GOODS).json() == {"data": GOODS_DATA}


def test_an_operation_that_would_explode_in_the_planner_is_refused(tmp_path: Path) -> None:
    """As if the limits on documents had let it through."""
    limits = {"max_selections": 1_000_000, "max_aliases": 100_000, "max_depth": 190}
    schema = GOLDENS / "benchmark" / "supergraph.graphql"
    with running_gateway(tmp_path, {"supergraph": {"path": str(schema)}, "limits": limits}) as gateway:
        response = ask_hostile(gateway, doubling_fragments(12))
        assert (response.status_code, response.json()["errors"][0]["extensions"]["code"]) == (400, "QUERY_TOO_COMPLEX")
        assert gateway.ask("{ __typename }").json() == {"data": {"__typename": "Query"}}
        assert gateway.http.get("/ready").status_code == 200


def ask_hostile(gateway: RunningGateway, document: str) -> httpx.Response:
    """The answer; that it takes little work is counted by the tests of each stage."""
    return gateway.ask(document, headers={"accept": "application/graphql-response+json"})


def test_nothing_of_it_was_a_fault_of_the_gateways(gateway: RunningGateway) -> None:
    assert gateway.process.poll() is None
    faults = [event for event in gateway.log() if event["level"] in {"error", "critical"}]
    assert {event["event"] for event in faults} <= {"supergraph.refused"}
