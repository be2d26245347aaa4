"""The explanation of a plan names the routes that were weighed, those rejected with their cost."""

import pytest

from gateway.planning.planner import plan
from gateway.planning.solution import Route
from gateway.planning.why import Explained, explain, print_why
from tests.support.planning import GOLDENS, normalized, read_supergraph_file


def explained(folder: str, text: str) -> dict[str, Explained]:
    supergraph = read_supergraph_file(GOLDENS / folder / "supergraph.graphql")
    decisions = explain(normalized(supergraph, text), supergraph)
    return {".".join(each.path): each for each in decisions}


def test_rejected_route_is_shown_with_its_cost() -> None:
    decision = explained("compound_keys", "{ items { code price } }")["items.code"].decision
    assert decision.taken is not None
    assert decision.taken.service == "prices"
    (rejected,) = decision.rejected
    assert rejected.service == "codes"
    assert rejected.cost is not None
    assert rejected.cost.fetches == 1


def test_way_that_no_key_opens_is_shown_as_closed() -> None:
    decision = explained("compound_keys", "{ items { code price } }")["items.key of prices.code"].decision
    assert Route("prices", None, 1) in decision.rejected


def test_requirement_is_explained_where_it_is_collected() -> None:
    paths = explained("requirements", "{ goods { promise } }")
    assert paths["goods.requirement of promise.days"].service == "goods"


def test_sums_of_the_explanation_are_those_of_the_plan() -> None:
    supergraph = read_supergraph_file(GOLDENS / "benchmark" / "supergraph.graphql")
    operation = normalized(supergraph, "{ topProducts { inStock } }")
    (root, *_) = explain(operation, supergraph)
    assert root.decision.taken is not None
    assert root.decision.taken.cost is not None
    assert root.decision.taken.cost.fetches == len(plan(operation, supergraph).fetches) == 2


@pytest.mark.parametrize(
    "line",
    [
        "items.code (at list)",
        "  go to prices                 2 fetches, 2 deep, weight of fields 10 (score 2210)",
        "  not codes                    1 fetch, 1 deep, weight of fields 3 (score 1103)",
        "  not prices                   no key that leads there can be had here",
    ],
)
def test_printed_explanation_reads_line_by_line(line: str) -> None:
    supergraph = read_supergraph_file(GOLDENS / "compound_keys" / "supergraph.graphql")
    shown = print_why(explain(normalized(supergraph, "{ items { code price } }"), supergraph))
    assert line in shown.splitlines()
