"""The checker must refuse plans with one thing wrong; each test breaks a sound plan in one place."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.operation.model import Operation
from gateway.planning.check.checker import PlanTooLarge, UnsoundPlan, check
from gateway.planning.plan import EntityGroup, Fetch, FetchedField, FetchedFragment, Plan
from gateway.planning.planner import plan
from gateway.supergraph.model import Supergraph
from gateway.supergraph.reader import read_supergraph
from tests.support.planning import GOLDENS, normalized, read_supergraph_file

Break = Callable[[Plan], Plan]


@pytest.fixture(scope="module")
def supergraph() -> Supergraph:
    return read_supergraph_file(GOLDENS / "requirements" / "supergraph.graphql")


@pytest.fixture(scope="module")
def operation(supergraph: Supergraph) -> Operation:
    return normalized(supergraph, '{ goods { id fee promise group { tax(country: "FR") } } }')


def with_fetch(made: Plan, number: int, **changes: object) -> Plan:
    fetches = list(made.fetches)
    fetches[number] = replace(fetches[number], **changes)  # type: ignore[arg-type]
    return replace(made, fetches=tuple(fetches))


def with_group(made: Plan, number: int, **changes: object) -> Plan:
    group: EntityGroup = made.fetches[number].groups[0]
    return with_fetch(made, number, groups=(replace(group, **changes),))  # type: ignore[arg-type]


def entity_selections(fetch: Fetch) -> FetchedFragment:
    selection = fetch.groups[0].selections[0]
    assert isinstance(selection, FetchedFragment)
    return selection


def first_field(made: Plan) -> FetchedField:
    selection = made.fetches[0].selections[0]
    assert isinstance(selection, FetchedField)
    return selection


def without_first_selection(made: Plan) -> Plan:
    goods = first_field(made)
    return with_fetch(made, 0, selections=(replace(goods, selections=goods.selections[1:]),))


def renamed_in_the_tree(made: Plan) -> Plan:
    goods = first_field(made)
    return with_fetch(made, 0, selections=(replace(goods, key="others"),))


def asking_an_unknown_field(made: Plan) -> Plan:
    fragment = entity_selections(made.fetches[1])
    wrong = FetchedField("nope", "nope", "nope", "Int", "")
    return with_group(made, 1, selections=(replace(fragment, selections=(wrong, *fragment.selections)),))


def asking_an_external_field(made: Plan) -> Plan:
    fragment = entity_selections(made.fetches[1])
    wrong = FetchedField("weight", "weight", "weight", "Int", "")
    return with_group(made, 1, selections=(replace(fragment, selections=(wrong, *fragment.selections)),))


def waiting_for_nobody(made: Plan) -> Plan:
    return with_fetch(made, 1, depends_on=())


def waiting_for_itself(made: Plan) -> Plan:
    return with_fetch(made, 1, depends_on=(1,))


def sending_no_key(made: Plan) -> Plan:
    representation = made.fetches[1].groups[0].representations[0]
    wrong = replace(representation, fields=representation.fields[1:], key_count=0)
    return with_group(made, 1, representations=(wrong,))


def sending_no_requirement(made: Plan) -> Plan:
    representation = made.fetches[1].groups[0].representations[0]
    wrong = replace(representation, fields=representation.fields[: representation.key_count])
    return with_group(made, 1, representations=(wrong,))


def sending_another_field_as_key(made: Plan) -> Plan:
    representation = made.fetches[1].groups[0].representations[0]
    key, *rest = representation.fields
    wrong = replace(representation, fields=(replace(key, source=rest[0].source), *rest))
    return with_group(made, 1, representations=(wrong,))


def going_nowhere(made: Plan) -> Plan:
    (path,) = made.fetches[1].groups[0].targets
    return with_group(made, 1, targets=((replace(path[0], key="nowhere"),),))


def with_a_broken_document(made: Plan) -> Plan:
    return with_fetch(made, 1, document=made.fetches[1].document + "}")


def misstating_a_type(made: Plan) -> Plan:
    return with_fetch(made, 0, selections=(replace(first_field(made), wrappers=""),))


def two_meanings_of_one_name(made: Plan) -> Plan:
    goods = first_field(made)
    one, *rest = goods.selections
    assert isinstance(one, FetchedField)
    other = replace(one, name="weight", type_name="Int", wrappers="")
    return with_fetch(made, 0, selections=(replace(goods, selections=(one, other, *rest)),))


def without_its_last_fetch(made: Plan) -> Plan:
    return replace(made, fetches=made.fetches[:-1])


def test_plan_with_too_many_places_is_given_up_in_time() -> None:
    graphs = 'A @join__graph(name: "a", url: "http://a.test/") B @join__graph(name: "b", url: "http://b.test/")'
    implements = " ".join(f'@join__implements(graph: {graph}, interface: "Node")' for graph in "AB")
    types = " ".join(
        f"type T{n} implements Node {implements}"
        ' @join__type(graph: A, key: "id") @join__type(graph: B, key: "id")'
        " { id: ID! next: Node @join__field(graph: A) back: Node @join__field(graph: B) }"
        for n in range(5)
    )
    supergraph = read_supergraph(f"""
        schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
        {{ query: Query }}
        enum join__Graph {{ {graphs} }}
        type Query @join__type(graph: A) {{ node: Node }}
        interface Node @join__type(graph: A) @join__type(graph: B)
        {{ id: ID! next: Node @join__field(graph: A) back: Node @join__field(graph: B) }}
        {types}
    """)
    selections = "id"
    for _ in range(12):
        selections = f"next {{ back {{ {selections} }} }}"
    operation = normalized(supergraph, f"{{ node {{ {selections} }} }}")
    made = plan(operation, supergraph)
    with pytest.raises(PlanTooLarge):
        check(made, operation, supergraph)


@pytest.mark.parametrize(
    ("broken", "problem"),
    [
        (without_first_selection, "id"),
        (renamed_in_the_tree, "goods"),
        (asking_an_unknown_field, "is not there"),
        (asking_an_external_field, "does not resolve"),
        (waiting_for_nobody, "where nothing is"),
        (waiting_for_itself, "not in order"),
        (sending_no_key, "without a key"),
        (sending_no_requirement, "does not send what"),
        (sending_another_field_as_key, "sends price as id"),
        (going_nowhere, "where nothing is"),
        (with_a_broken_document, "cannot be parsed"),
        (misstating_a_type, "misstates the type"),
        (two_meanings_of_one_name, "stands, under"),
        (without_its_last_fetch, "does not answer"),
    ],
    ids=lambda value: value.__name__ if callable(value) else "",
)
def test_plan_with_one_thing_wrong_is_refused(
    supergraph: Supergraph, operation: Operation, broken: Break, problem: str
) -> None:
    sound = plan(operation, supergraph)
    check(sound, operation, supergraph)
    with pytest.raises(UnsoundPlan, match=problem):
        check(broken(sound), operation, supergraph)
