"""The checker must refuse plans that run a mutation too early, twice, as a query, or where none may run."""

from dataclasses import replace

import pytest

from gateway.errors import ClientError
from gateway.operation.model import OperationKind
from gateway.planning.check.checker import UnsoundPlan, check
from gateway.planning.plan import Fetch, Plan
from gateway.planning.planner import plan
from tests.support.planning import composed, normalized

SUPERGRAPH = composed(
    a="""
        type Query { home: Int doing: Mutation }
        type Mutation { as(who: String): Mutation end: Int save: Payload }
        type Payload { ok: Boolean query: Query }
    """,
    b="type Query { count: Int } type Mutation { add(n: Int): Int clear: Int }",
)
ENTERED = normalized(SUPERGRAPH, 'mutation { as(who: "x") { add(n: 3) } end }')
SAVED = normalized(SUPERGRAPH, "mutation { save { ok query { count } } clear }")


def with_fetches(made: Plan, *fetches: Fetch) -> Plan:
    numbered = tuple(replace(fetch, id=number) for number, fetch in enumerate(fetches))
    return replace(made, fetches=numbered)


def test_root_field_that_does_not_wait_for_the_one_before_is_refused() -> None:
    made = plan(SAVED, SUPERGRAPH)
    check(made, SAVED, SUPERGRAPH)
    first, second, third = made.fetches
    with pytest.raises(UnsoundPlan, match="runs clear before"):
        check(with_fetches(made, first, second, replace(third, depends_on=(0,))), SAVED, SUPERGRAPH)


def test_mutation_that_is_left_out_is_refused() -> None:
    made = plan(SAVED, SUPERGRAPH)
    with pytest.raises(UnsoundPlan, match="does not answer clear"):
        check(with_fetches(made, *made.fetches[:2]), SAVED, SUPERGRAPH)


def test_mutation_that_runs_twice_is_refused() -> None:
    made = plan(SAVED, SUPERGRAPH)
    again = replace(made.fetches[-1], depends_on=(0, 1, 2))
    with pytest.raises(UnsoundPlan, match="runs the mutation clear a second time"):
        check(with_fetches(made, *made.fetches, again), SAVED, SUPERGRAPH)


def test_mutation_below_the_root_that_is_sent_as_a_query_is_refused() -> None:
    made = plan(ENTERED, SUPERGRAPH)
    first, second, third = made.fetches
    assert second.kind is OperationKind.MUTATION
    as_query = replace(second, kind=OperationKind.QUERY, document=second.document.removeprefix("mutation "))
    with pytest.raises(UnsoundPlan, match="no object is of that type"):
        check(with_fetches(made, first, as_query, third), ENTERED, SUPERGRAPH)


def test_document_of_another_kind_than_the_fetch_is_refused() -> None:
    made = plan(ENTERED, SUPERGRAPH)
    first, second, third = made.fetches
    with pytest.raises(UnsoundPlan, match="is no mutation"):
        check(with_fetches(made, replace(first, document="{ home }"), second, third), ENTERED, SUPERGRAPH)


def test_query_does_not_enter_another_subgraphs_mutations() -> None:
    with pytest.raises(ClientError, match=r"doing\.add .*only a mutation") as refused:
        plan(normalized(SUPERGRAPH, "{ doing { add(n: 1) } }"), SUPERGRAPH)
    assert refused.value.code == "QUERY_NOT_PLANNABLE"


def test_query_may_ask_for_a_mutation_type_where_it_stands() -> None:
    made = plan(normalized(SUPERGRAPH, "{ doing { end } }"), SUPERGRAPH)
    assert [fetch.kind for fetch in made.fetches] == [OperationKind.QUERY]
