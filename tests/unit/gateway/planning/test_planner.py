"""Properties of plans that a printed plan does not show well: limits, determinism, names, errors."""

import os
import subprocess
import sys
from itertools import count
from pathlib import Path

import pytest

from gateway.errors import ClientError
from gateway.planning.budget import StepBudget
from gateway.planning.fetch_graph.batch import batch_nodes
from gateway.planning.fetch_graph.fetch_node import FetchNode
from gateway.planning.fetch_graph.response_position import HiddenNames, Position
from gateway.planning.planner import plan
from gateway.planning.printer import plan_as_json, print_plan
from gateway.supergraph.model import Supergraph
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.hostile import (
    OPERATIONS,
    chain_of_subgraphs,
    deep_nest,
    doubling_fragments,
    every_field_of_chain,
    every_type_below_every_type,
    every_type_of_interface,
    mutations_in_a_row,
    refusal_of_planning,
    wide_interface,
)
from tests.laboratory.shared_everywhere import shared_operation, shared_subgraphs
from tests.support.planning import GOLDENS, composed, goldens, normalized, planned, read_supergraph_file
from tests.support.work import calls_of

MAX_CALLS = 1_500_000
"""About 0.25 s on an idle core (`python -m tests.bench.hostile` says it); the most costly, 190 roots, takes 700,000."""


@pytest.fixture(scope="module")
def benchmark() -> Supergraph:
    return read_supergraph_file(GOLDENS / "benchmark" / "supergraph.graphql")


@pytest.fixture(scope="module")
def mutations() -> Supergraph:
    return read_supergraph_file(GOLDENS / "mutations" / "supergraph.graphql")


@pytest.mark.parametrize(("text", "code"), OPERATIONS.values(), ids=OPERATIONS.keys())
def test_no_operation_takes_much_work_to_plan(benchmark: Supergraph, text: str, code: str | None) -> None:
    assert len(text) <= 15_500
    assert refusal_of_planning(benchmark, text) == code
    assert calls_of(lambda: refusal_of_planning(benchmark, text)) < MAX_CALLS


def test_operation_that_would_explode_is_the_clients_error(benchmark: Supergraph) -> None:
    with pytest.raises(ClientError) as raised:
        normalized(benchmark, doubling_fragments(12))
    assert raised.value.code == "QUERY_TOO_COMPLEX"


def test_twice_the_mutations_in_a_row_are_little_more_than_twice_the_work(mutations: Supergraph) -> None:
    few, many = mutations_in_a_row(50), mutations_in_a_row(100)
    made = planned(mutations, many)
    work = [calls_of(lambda text=text: refusal_of_planning(mutations, text)) for text in (few, many)]  # type: ignore[misc]
    assert work[1] < 2.6 * work[0]
    assert made.depth() == len(made.fetches) == 400


def test_budget_that_is_used_up_is_the_clients_error(benchmark: Supergraph) -> None:
    operation = normalized(benchmark, deep_nest(3))
    with pytest.raises(ClientError) as raised:
        plan(operation, benchmark, steps=20)
    assert raised.value.code == "QUERY_TOO_COMPLEX"
    assert "more than 20 steps (limits.max_planning_steps)" in raised.value.message


def test_time_that_is_used_up_is_the_clients_error() -> None:
    supergraph = composed(**shared_subgraphs())
    operation = normalized(supergraph, shared_operation(1))
    with pytest.raises(ClientError) as raised:
        plan(operation, supergraph, seconds=10.0, clock=count(step=6).__next__)
    assert raised.value.code == "QUERY_TOO_COMPLEX"
    assert "processor time (limits.max_planning_seconds)" in raised.value.message


def test_hardest_operation_of_the_public_benchmarks_is_planned_in_few_fetches() -> None:
    made = planned(composed(**shared_subgraphs()), shared_operation())
    assert len(made.fetches) <= 17
    assert made.depth() == 6


def rows_of_drafts(count: int) -> list[FetchNode]:
    """Rows of five fetches that wait for one another, each of another of seven subgraphs."""
    at = Position((), frozenset({"T"}), (), is_abstract=False, is_told=True, names=HiddenNames(()))
    nodes: list[FetchNode] = []
    for row in range(count):
        for step in range(5):
            node = FetchNode(len(nodes), f"s{(row * row + step * (row % 3 + 1)) % 7}", at)
            node.depends_on = {nodes[-1]} if step else set()
            nodes.append(node)
    return nodes


def test_batching_grows_with_the_plan() -> None:
    few, many = rows_of_drafts(100), rows_of_drafts(400)
    work = [calls_of(lambda rows=rows: batch_nodes(rows, StepBudget())) for rows in (few, many)]  # type: ignore[misc]
    assert work[1] < 5 * work[0]
    batches = batch_nodes(rows_of_drafts(400), StepBudget())
    assert len(batches) <= 35
    order = {batch: number for number, batch in enumerate(batches)}
    assert all(order[before] < order[batch] for batch in batches for before in batch.depends_on)


def test_deep_query_of_the_benchmark_plans_in_500_steps(benchmark: Supergraph) -> None:
    text = (GOLDENS / "benchmark" / "deep_query_takes_six_fetches.query.graphql").read_text(encoding="utf-8")
    operation = normalized(benchmark, text)
    assert len(plan(operation, benchmark, steps=500).fetches) == 6


@pytest.mark.parametrize("hash_seed", ["1", "2"])
def test_plans_do_not_depend_on_the_process_that_makes_them(hash_seed: str) -> None:
    program = "from tests.support.planning import goldens\nfor golden in goldens(): print(golden.printed())"
    printed = subprocess.run(
        [sys.executable, "-c", program],
        env={**os.environ, "PYTHONHASHSEED": hash_seed},
        cwd=Path(__file__).parents[4],
        capture_output=True,
        text=True,
        check=True,
        timeout=120,
    ).stdout
    assert printed == "".join(f"{golden.expected.read_text(encoding='utf-8')}\n" for golden in goldens())


def test_chain_of_twenty_keys_is_found_without_trying_every_way() -> None:
    supergraph = chain_of_subgraphs(20)
    assert planned(supergraph, "{ e { f19 } }").depth() == 20
    every_field = every_field_of_chain(20)
    assert len(planned(supergraph, every_field).fetches) == 20
    assert calls_of(lambda: refusal_of_planning(supergraph, every_field)) < MAX_CALLS / 10


def test_an_interface_of_120_types_is_planned_type_by_type_without_looking_at_all_pairs() -> None:
    wide = wide_interface(120)
    text = every_type_of_interface(120)
    assert len(planned(wide, text).fetches) == 3
    assert calls_of(lambda: refusal_of_planning(wide, text)) < MAX_CALLS
    few, many = (calls_of(lambda n=n: refusal_of_planning(wide, every_type_of_interface(n))) for n in (50, 100))  # type: ignore[misc]
    assert many < 3 * few


def test_types_below_types_are_planned_in_bounds() -> None:
    wide, text = wide_interface(70), every_type_below_every_type(70, 7)
    assert len(text) <= 15_500
    assert len(planned(wide, text).fetches) == 3
    assert calls_of(lambda: refusal_of_planning(wide, text)) < MAX_CALLS


def test_operation_that_asks_nobody_has_no_fetch(benchmark: Supergraph) -> None:
    assert planned(benchmark, "{ __typename __schema { queryType { name } } }").fetches == ()


def test_skipped_field_is_not_fetched(benchmark: Supergraph) -> None:
    text = "query ($no: Boolean!) { users { username reviews @include(if: $no) { id } } }"
    assert [fetch.service for fetch in planned(benchmark, text, conditions={"no": False}).fetches] == ["accounts"]
    assert len(planned(benchmark, text, conditions={"no": True}).fetches) == 2


def test_fetch_names_just_the_variables_it_uses(benchmark: Supergraph) -> None:
    made = planned(
        benchmark, "query ($first: Int = 3, $id: ID!) { topProducts(first: $first) { upc } user(id: $id) { id } }"
    )
    used = {fetch.service: fetch.variables for fetch in made.fetches}
    assert used == {"products": ("first",), "accounts": ("id",)}
    documents = {fetch.service: fetch.document for fetch in made.fetches}
    assert documents["products"].startswith("query($first: Int = 3)")
    assert documents["accounts"].startswith("query($id: ID!)")


def test_client_variable_called_representations_is_no_conflict(benchmark: Supergraph) -> None:
    made = planned(benchmark, "query ($representations: Int) { topProducts(first: $representations) { inStock } }")
    assert made.fetches[1].groups[0].variable == "_representations"


def test_query_that_no_key_leads_to_says_where(benchmark: Supergraph) -> None:
    keyless = (GOLDENS / "benchmark" / "supergraph.graphql").read_text(encoding="utf-8").replace(', key: "upc"', "")
    with pytest.raises(ClientError) as raised:
        planned(read_supergraph(keyless), "{ topProducts { upc goods: inStock } }")
    assert raised.value.code == "QUERY_NOT_PLANNABLE"
    assert "topProducts.goods" in raised.value.message


def test_argument_from_a_context_that_nothing_around_sets_is_refused_by_name() -> None:
    supergraph = read_supergraph("""
        schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
          @link(url: "https://specs.apollo.dev/context/v0.1", for: SECURITY)
        { query: Query }
        enum join__Graph { A @join__graph(name: "a", url: "http://a.test/") }
        type Query @join__type(graph: A) { shop: Shop item: Item }
        type Shop @join__type(graph: A, key: "id") @context(name: "a__shop") { id: ID! currency: String item: Item }
        type Item @join__type(graph: A, key: "id") {
          id: ID!
          price: Int @join__field(graph: A, contextArguments: [
            { context: "a__shop", name: "currency", type: "String", selection: " { currency }" }
          ])
        }
    """)
    assert [fetch.service for fetch in planned(supergraph, "{ shop { item { id } } }").fetches] == ["a"]
    assert [fetch.service for fetch in planned(supergraph, "{ shop { item { id price } } }").fetches] == ["a", "a"]
    with pytest.raises(ClientError, match=r"^item\.price takes an argument from a context"):
        planned(supergraph, "{ item { id price } }")


def test_json_of_a_plan_has_the_text_and_every_fetch(benchmark: Supergraph) -> None:
    made = planned(benchmark, "{ topProducts { inStock } }")
    shown = plan_as_json(made)
    assert shown["text"] == print_plan(made)
    assert [fetch["dependsOn"] for fetch in shown["fetches"]] == [[], [0]]
    assert shown["fetches"][1]["groups"][0]["paths"] == ["topProducts.@"]
