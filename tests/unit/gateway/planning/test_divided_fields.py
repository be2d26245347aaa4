"""A shared field is asked of two subgraphs at once, each for a part, where a key jump below it would come later."""

from itertools import combinations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from gateway.planning.plan import Plan
from tests.support.examples import examples
from tests.support.planning import composed, planned

ID = 'type User @key(fields: "id") { id: ID!'
A = f"type Query {{ me: User @shareable top: User }} {ID} p1: Int }}"
B = f"type Query {{ me: User @shareable other: Int }} {ID} p2: Int }}"
C = f"type Query {{ home: Int }} {ID} p3: Int }}"


def shape(made: Plan) -> tuple[int, int]:
    """How many fetches there are, and how many of them in a row."""
    return len(made.fetches), made.depth()


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("{ me { p1 p2 } }", (2, 1)),
        ("{ me { p1 p2 } other }", (2, 1)),
        ("{ me { p1 p2 p3 } }", (3, 2)),
        ("{ me { p1 p2 } top { p2 } }", (2, 2)),
    ],
)
def test_shared_root_field_is_entered_twice_where_that_takes_no_fetch_more(
    text: str, expected: tuple[int, int]
) -> None:
    assert shape(planned(composed(a=A, b=B, c=C), text)) == expected


def test_shared_field_that_returns_the_query_type_is_asked_twice() -> None:
    supergraph = composed(
        a="type Query { viewer: Query! @shareable x: Int }", b="type Query { viewer: Query! @shareable y: Int }"
    )
    assert shape(planned(supergraph, "{ viewer { x y } }")) == (2, 1)


def test_shared_field_below_shared_fields_is_asked_twice() -> None:
    supergraph = composed(
        a=f"type Query {{ w: W @shareable }} type W {{ me: User @shareable }} {ID} p1: Int }}",
        b=f"type Query {{ w: W @shareable }} type W {{ me: User @shareable }} {ID} p2: Int }}",
    )
    assert shape(planned(supergraph, "{ w { me { p1 p2 } } }")) == (2, 1)


def test_shared_field_of_an_entity_is_asked_twice() -> None:
    supergraph = composed(
        shop='type Query { items: [Item] } type Item @key(fields: "id") { id: ID! }',
        a=f'type Item @key(fields: "id") {{ id: ID! seller: User @shareable }} {ID} p1: Int }}',
        b=f'type Item @key(fields: "id") {{ id: ID! seller: User @shareable }} {ID} p2: Int }}',
    )
    assert shape(planned(supergraph, "{ items { seller { p1 p2 } } }")) == (3, 2)


def test_items_of_a_shared_list_are_joined_by_their_keys() -> None:
    """Two subgraphs may list the same items in another order: an item's place is no key."""
    supergraph = composed(
        a=f"type Query {{ all: [User] @shareable }} {ID} p1: Int }}",
        b=f"type Query {{ all: [User] @shareable }} {ID} p2: Int }}",
    )
    assert shape(planned(supergraph, "{ all { p1 p2 } }")) == (2, 2)


def test_mutation_below_a_shared_field_is_asked_once() -> None:
    supergraph = composed(
        a="type Query { x: Int } type Mutation { as: Mutation @shareable one: Int }",
        b="type Query { y: Int } type Mutation { as: Mutation @shareable two: Int }",
    )
    made = planned(supergraph, "mutation { as { one two } }")
    assert shape(made) == (2, 2)


SERVICES = ("a", "b", "c", "d")


@st.composite
def shared_users(draw: st.DrawFn) -> dict[str, frozenset[str]]:
    """The fields of a shared user that each of some subgraphs has."""
    names = [f"p{number}" for number in range(draw(st.integers(2, 5)))]
    owners = {name: draw(st.sets(st.sampled_from(SERVICES), min_size=1)) for name in names}
    return {
        service: frozenset(name for name in names if service in owners[name])
        for service in SERVICES
        if any(service in places for places in owners.values())
    }


@examples(150)
@given(shared_users())
def test_plan_is_never_deeper_than_one_that_enters_the_root_more_than_once(had: dict[str, frozenset[str]]) -> None:
    """The fewest subgraphs that together have all fields, all entered at the root: a plan of as many fetches is not deeper."""
    wanted = frozenset().union(*had.values())
    sdls = {
        service: f"type Query {{ me: User @shareable }} {ID} {' '.join(f'{name}: Int @shareable' for name in sorted(names))} }}"
        for service, names in had.items()
    }
    made = planned(composed(**sdls), f"{{ me {{ {' '.join(sorted(wanted))} }} }}")
    sizes = (
        size
        for size in range(1, len(had) + 1)
        if any(frozenset().union(*chosen) == wanted for chosen in combinations(had.values(), size))
    )
    assert shape(made) <= (next(sizes), 1)
