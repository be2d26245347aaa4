"""Plans with arguments from contexts: the checker refuses those with one thing wrong, and planning stays within its limits."""

from collections.abc import Callable
from dataclasses import replace

import pytest

from gateway.planning.check.checker import UnsoundPlan, check
from gateway.planning.plan import ContextOrigin, EntityGroup, FetchedField, FetchedFragment, Plan, RepresentationField
from gateway.planning.planner import plan
from gateway.planning.printer import plan_as_json
from gateway.supergraph.model import Supergraph
from tests.support.planning import GOLDENS, normalized, planned, read_supergraph_file
from tests.support.work import calls_of

TEXT = "{ places { ... on Market { shops { items { price } } } } sellers { items { label } } }"


@pytest.fixture(scope="module")
def supergraph() -> Supergraph:
    return read_supergraph_file(GOLDENS / "contexts" / "supergraph.graphql")


def with_groups(made: Plan, change: Callable[[EntityGroup], EntityGroup]) -> Plan:
    """The plan with each group that takes a context changed."""
    fetches = [
        replace(fetch, groups=tuple(change(group) if group.contexts else group for group in fetch.groups))
        for fetch in made.fetches
    ]
    return replace(made, fetches=tuple(fetches))


def with_origins(made: Plan, change: Callable[[ContextOrigin], ContextOrigin]) -> Plan:
    def changed(group: EntityGroup) -> EntityGroup:
        contexts = [replace(c, origins=tuple(change(origin) for origin in c.origins)) for c in group.contexts]
        return replace(group, contexts=tuple(contexts))

    return with_groups(made, changed)


def arguments_left_out(made: Plan) -> Plan:
    def changed(group: EntityGroup) -> EntityGroup:
        (fragment,) = group.selections
        assert isinstance(fragment, FetchedFragment)
        (field,) = fragment.selections
        assert isinstance(field, FetchedField)
        return replace(group, selections=(replace(fragment, selections=(replace(field, arguments=()),)),))

    return with_groups(made, changed)


def of_another_type(made: Plan) -> Plan:
    def changed(group: EntityGroup) -> EntityGroup:
        return replace(group, contexts=tuple(replace(context, type="Int") for context in group.contexts))

    return with_groups(made, changed)


def of_no_object(made: Plan) -> Plan:
    def changed(group: EntityGroup) -> EntityGroup:
        return replace(group, contexts=tuple(replace(context, origins=()) for context in group.contexts))

    return with_groups(made, changed)


def from_further_out(made: Plan) -> Plan:
    return with_origins(made, lambda origin: replace(origin, levels=origin.levels + 1))


def of_another_field(made: Plan) -> Plan:
    return with_origins(made, lambda origin: replace(origin, value=RepresentationField("id", "__id")))


def of_some_types_only(made: Plan) -> Plan:
    return with_origins(made, lambda origin: replace(origin, types=frozenset({"Market"})))


def before_the_value_is_there(made: Plan) -> Plan:
    first, *others = made.fetches
    kept = [replace(fetch, id=index, depends_on=(0,)) for index, fetch in enumerate(others, start=1)]
    return replace(made, fetches=(first, *kept))


@pytest.mark.parametrize(
    "broken",
    [
        arguments_left_out,
        of_another_type,
        of_no_object,
        from_further_out,
        of_another_field,
        of_some_types_only,
        before_the_value_is_there,
    ],
)
def test_plan_with_one_thing_wrong_is_refused(supergraph: Supergraph, broken: Callable[[Plan], Plan]) -> None:
    operation = normalized(supergraph, TEXT)
    made = plan(operation, supergraph)
    check(made, operation, supergraph)
    with pytest.raises(UnsoundPlan):
        check(broken(made), operation, supergraph)


def test_json_of_a_plan_shows_where_values_come_from(supergraph: Supergraph) -> None:
    made = planned(supergraph, "{ places { ... on Market { items { price } } } }")
    (group,) = plan_as_json(made)["fetches"][1]["groups"]
    assert group["contexts"] == ["$context_0: String! = ../money (from __money)"]


def test_names_of_variables_avoid_the_clients(supergraph: Supergraph) -> None:
    made = planned(supergraph, "query($context_0: Boolean) { shops { items { price(net: $context_0) } } }")
    (context,) = made.fetches[-1].groups[0].contexts
    assert context.variable == "_context_0"
    assert "price(net: $context_0, currency: $_context_0)" in made.fetches[-1].document


def test_deep_nest_of_contexts_plans_within_the_limit(supergraph: Supergraph) -> None:
    inner = "price label sold"
    for _ in range(60):
        inner = f"price label sold parts {{ {inner} }}"
    operation = normalized(supergraph, f"{{ shops {{ items {{ {inner} }} }} a: shops {{ items {{ {inner} }} }} }}")
    assert calls_of(lambda: plan(operation, supergraph)) < 1_500_000
