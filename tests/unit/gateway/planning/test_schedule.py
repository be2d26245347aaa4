"""Subgraphs are chosen again once a plan is known: a place prefers those that are asked at its level anyway."""

import pytest

from gateway.planning.explain import explain, print_why
from gateway.planning.plan import Plan
from gateway.supergraph.model import Supergraph
from tests.laboratory.shared_everywhere import shared_operation, shared_subgraphs
from tests.support.planning import composed, normalized, planned

TOP = """
type Query { top: Top }
type Top @key(fields: "id") { id: ID! part: Part maker: Maker }
type Part @key(fields: "id") { id: ID! }
type Maker @key(fields: "id") { id: ID! }
"""
PRICE = 'type Part @key(fields: "id") { id: ID! price: Int @shareable }'
SIZE = 'type Maker @key(fields: "id") { id: ID! size: Int'


def shape(made: Plan) -> tuple[int, int]:
    """How many fetches there are, and how many of them in a row."""
    return len(made.fetches), made.depth()


def services(made: Plan) -> list[str]:
    """The subgraph of each fetch."""
    return [fetch.service for fetch in made.fetches]


@pytest.fixture(scope="module")
def shop() -> Supergraph:
    return composed(top=TOP, archive=PRICE, stock=f"{PRICE} {SIZE} }}")


def test_a_subgraph_that_is_asked_anyway_is_preferred_to_an_equally_good_one(shop: Supergraph) -> None:
    assert services(planned(shop, "{ top { part { price } maker { size } } }")) == ["top", "stock"]


def test_by_itself_the_first_of_equally_good_subgraphs_is_asked(shop: Supergraph) -> None:
    assert services(planned(shop, "{ top { part { price } } }")) == ["top", "archive"]


def test_the_reason_is_told(shop: Supergraph) -> None:
    text = "{ top { part { price } maker { size } } }"
    (row,) = (row for row in print_why(explain(normalized(shop, text), shop)).splitlines() if "not archive" in row)
    assert row.endswith("would cost the same; the other is asked anyway, or comes first")


def test_a_fetch_waits_for_a_later_one_of_its_subgraph() -> None:
    supergraph = composed(
        top=TOP,
        archive=PRICE,
        makers=f'{SIZE} owner: Owner }} type Owner @key(fields: "id") {{ id: ID! }}',
        stock=f'{PRICE} type Owner @key(fields: "id") {{ id: ID! name: String }}',
    )
    assert shape(planned(supergraph, "{ top { part { price } maker { owner { name } } } }")) == (3, 3)


def test_no_choice_makes_a_plan_deeper() -> None:
    """The sizes of parts are in the archive alone, but nothing of it is asked as late as the owners' names."""
    supergraph = composed(
        top=TOP,
        archive='type Part @key(fields: "id") { id: ID! price: Int @shareable seller: Owner } type Owner @key(fields: "id") { id: ID! }',
        stock='type Part @key(fields: "id") { id: ID! price: Int @shareable } type Owner @key(fields: "id") { id: ID! name: String }',
    )
    assert shape(planned(supergraph, "{ top { part { price seller { name } } } }")) == (3, 3)


@pytest.mark.parametrize(("depth", "expected"), [(1, (7, 4)), (2, (10, 5)), (3, (16, 6))])
def test_subgraphs_that_share_every_field_are_asked_in_few_fetches(depth: int, expected: tuple[int, int]) -> None:
    assert shape(planned(composed(**shared_subgraphs()), shared_operation(depth))) == expected
