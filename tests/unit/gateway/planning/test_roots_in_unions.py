"""A union with ``Query`` among its members: the root type is entered without a key, the entities beside it by theirs."""

from dataclasses import replace

import pytest

from gateway.planning.check.checker import UnsoundPlan, check
from gateway.planning.plan import Fetch
from tests.support.planning import composed, normalized, planned

SUPERGRAPH = composed(
    a='type Query { items: [Any] } union Any = Item | Query type Item @key(fields: "id") { id: ID! }',
    b='type Query { x: Int n: Int } type Item @key(fields: "id") { id: ID! y: Int n: Int }',
)
QUERY = "{ items { ... on Item { y n } ... on Query { x n } } }"


def test_root_type_and_entities_of_one_union_are_fetched_apart() -> None:
    made = planned(SUPERGRAPH, QUERY)
    first, entities, root = made.fetches
    assert (entities.depends_on, root.depends_on) == ((first.id,), (first.id,))
    assert [group.representations[0].types for group in entities.groups] == [frozenset({"Item"})]
    assert root.document == "{ x n }"


def test_answer_of_a_root_type_is_written_into_no_object_of_another_type() -> None:
    (root,) = [fetch for fetch in planned(SUPERGRAPH, QUERY).fetches if fetch.root_path]
    assert root.root_path[-1].types == frozenset({"Query"})


def test_plan_that_writes_a_root_type_into_other_objects_is_refused() -> None:
    operation = normalized(SUPERGRAPH, QUERY)
    made = planned(SUPERGRAPH, QUERY)

    def unfiltered(fetch: Fetch) -> Fetch:
        path = fetch.root_path
        return replace(fetch, root_path=(*path[:-1], replace(path[-1], types=None))) if path else fetch

    with pytest.raises(UnsoundPlan, match="writes what Query has into objects of other types"):
        check(replace(made, fetches=tuple(map(unfiltered, made.fetches))), operation, SUPERGRAPH)
