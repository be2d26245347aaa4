"""The explanation of a plan names every hop, the routes that were rejected, and what each would have cost."""

import pytest

from gateway.planning.explain import Asked, Hop, Rejected, explain, print_why, why_as_json
from gateway.planning.planner import plan
from gateway.planning.search.solution import Cost
from tests.support.planning import GOLDENS, normalized, read_supergraph_file

ITEMS = "{ items { code price maker { id } } }"


def explained(folder: str, text: str) -> tuple[Hop, ...]:
    supergraph = read_supergraph_file(GOLDENS / folder / "supergraph.graphql")
    return explain(normalized(supergraph, text), supergraph)


def the_hop(hops: tuple[Hop, ...], place: str, service: str | None) -> Hop:
    (found,) = (hop for hop in hops if ".".join(hop.place) == place and hop.service == service)
    return found


def field_of(hop: Hop, name: str) -> Asked:
    (found,) = (asked for asked in hop.asked if asked.field == name)
    return found


def test_a_hop_names_the_fields_that_take_it_and_the_key_that_leads_there() -> None:
    hop = the_hop(explained("compound_keys", ITEMS), "items", "prices")
    assert (hop.left, hop.keys) == ("list", ("id code maker { id }",))
    assert [asked.field for asked in hop.asked] == ["code", "price", "maker"]


def test_rejected_route_is_shown_with_its_cost_and_what_it_would_cost_more() -> None:
    """By itself the other route is cheaper; but prices has to be entered anyway, for the price."""
    asked = field_of(the_hop(explained("compound_keys", ITEMS), "items", "prices"), "code")
    assert asked.cost == Cost(2, 2, 10)
    assert asked.rejected == (Rejected("codes", Cost(1, 1, 3), 1101, 0, "would cost 1101 more"),)


def test_way_that_no_key_opens_is_shown_with_its_key() -> None:
    hop = the_hop(explained("compound_keys", ITEMS), "items.key of prices", "codes")
    (rejected,) = field_of(hop, "code").rejected
    assert (rejected.service, rejected.cost, rejected.dearer) == ("prices", None, None)
    assert rejected.because == 'its key "id code maker { id }" cannot be had here'


def test_route_that_answers_less_is_said_to() -> None:
    hops = explained("shareable_values", "{ top { id name { full } price } }")
    (rejected,) = field_of(the_hop(hops, "", "prices"), "top").rejected
    assert (rejected.service, rejected.because) == ("names", "would cost 1 more")


def test_staying_is_told_only_where_something_else_was_weighed() -> None:
    assert all(
        hop.service is not None for hop in explained("benchmark", "{ topProducts { name reviews { author { id } } } }")
    )


def test_requirement_is_explained_where_it_is_collected() -> None:
    hop = the_hop(explained("requirements", "{ goods { promise } }"), "goods.requirement of promise", "shipping")
    assert hop.left == "goods"


def test_sums_of_the_explanation_are_those_of_the_plan() -> None:
    supergraph = read_supergraph_file(GOLDENS / "benchmark" / "supergraph.graphql")
    operation = normalized(supergraph, "{ topProducts { inStock } }")
    (root, *_) = explain(operation, supergraph)
    (asked,) = root.asked
    assert asked.cost is not None
    assert asked.cost.fetches == len(plan(operation, supergraph).fetches) == 2


def test_printed_explanation_is_a_table() -> None:
    assert print_why(explained("compound_keys", ITEMS)).splitlines()[2:] == [
        "                fetches  depth  fields  cost",
        "start -> list",
        "  items               3      3      17  3317",
        'items: list -> prices, by key "id code maker { id }"',
        "  code                2      2      10  2210",
        "    not codes         1      1       3  1103  would cost 1101 more",
        "  price               2      2      10  2210",
        "  maker               2      2      12  2212",
        "    not codes         1      1       5  1105  would cost 1101 more",
        'items (key of prices): list -> codes, by key "id"',
        "  code                1      1       3  1103",
        '    not prices        -      -       -     -  its key "id code maker { id }" cannot be had here',
        "  maker               1      1       5  1105",
        '    not prices        -      -       -     -  its key "id code maker { id }" cannot be had here',
    ]


@pytest.mark.parametrize("folder", sorted(path.name for path in GOLDENS.iterdir()))
def test_every_fetch_of_every_golden_plan_is_explained_by_a_hop(folder: str) -> None:
    for query in sorted((GOLDENS / folder).glob("*.query.graphql")):
        text = query.read_text(encoding="utf-8")
        first = text.partition("\n")[0]
        labels = frozenset(first.removeprefix("# labels:").split()) if first.startswith("# labels:") else frozenset()
        supergraph = read_supergraph_file(query.parent / "supergraph.graphql")
        operation = normalized(supergraph, text)
        hops = explain(operation, supergraph, labels=labels)
        entered = {hop.service for hop in hops}
        assert {fetch.service for fetch in plan(operation, supergraph, labels=labels).fetches} <= entered, query.name


def test_json_says_what_the_table_says() -> None:
    shown = why_as_json(explained("compound_keys", ITEMS))
    assert (shown[1]["place"], shown[1]["from"], shown[1]["to"]) == (["items"], "list", "prices")
    assert shown[1]["fields"][0] == {
        "name": "code",
        "cost": {"fetches": 2, "depth": 2, "fields": 10, "cost": 2210},
        "rejected": [
            {
                "service": "codes",
                "cost": {"fetches": 1, "depth": 1, "fields": 3, "cost": 1103},
                "dearer": 1101,
                "missing": 0,
                "because": "would cost 1101 more",
            }
        ],
    }
