"""A plan that the checker refuses is logged and not served; field sets with arguments that do not exist make such plans."""

from dataclasses import replace

import pytest
from structlog.testing import capture_logs

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph
from gateway.errors import ClientError
from gateway.planning.check import refusal
from gateway.planning.check.checker import UnsoundPlan, check
from gateway.planning.check.refusal import refuse_unsound
from gateway.planning.planner import plan
from gateway.supergraph.reader import read_supergraph
from tests.support.planning import LINK, composed, normalized

SUPERGRAPH = composed(
    a='type Query { t: T } type T @key(fields: "id") { id: ID! x(n: Int = 1): Int y(n: Int!): Int }',
    b='type T @key(fields: "id") { id: ID! x(n: Int = 1): Int @external z: Int @requires(fields: "x(n: 2)") }',
)
TEXT = "{ t { z y(n: 1) } }"


def test_sound_plan_is_let_through() -> None:
    operation = normalized(SUPERGRAPH, TEXT)
    refuse_unsound(plan(operation, SUPERGRAPH), operation, SUPERGRAPH)


def test_wrong_plan_is_refused_and_logged() -> None:
    operation = normalized(SUPERGRAPH, TEXT)
    made = plan(operation, SUPERGRAPH)
    broken = replace(made, fetches=made.fetches[:1])
    with capture_logs() as logged, pytest.raises(ClientError) as refused:
        refuse_unsound(broken, operation, SUPERGRAPH)
    assert refused.value.code == "QUERY_NOT_PLANNABLE"
    (entry,) = logged
    assert entry["event"] == "plan.unsound"
    assert entry["reason"] == "the plan does not answer t.z of T"
    assert 'Fetch(id: 0, service: "a")' in entry["plan"]


def test_plan_that_is_too_large_to_be_proved_is_served_and_logged(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(refusal, "MAX_FIELDS", 1)
    operation = normalized(SUPERGRAPH, TEXT)
    with capture_logs() as logged:
        refuse_unsound(plan(operation, SUPERGRAPH), operation, SUPERGRAPH)
    assert [entry["event"] for entry in logged] == ["plan.unproved"]


@pytest.mark.parametrize(
    ("written", "problem"),
    [
        ("x(n: 2) y(n: 1)", None),
        ("x(arg: 42)", "gives T.x arguments that it does not have: arg"),
        ("y", "does not give T.y what it needs: n"),
    ],
)
def test_arguments_of_field_sets_are_checked(written: str, problem: str | None) -> None:
    sdls = {
        "a": 'type Query { t: T } type T @key(fields: "id") { id: ID! x(n: Int = 1): Int y(n: Int!): Int }',
        "b": 'type T @key(fields: "id") { id: ID! x(n: Int = 1): Int @external y(n: Int!): Int @external'
        ' z: Int @requires(fields: "x y(n: 1)") }',
    }
    subgraphs = [Subgraph(name=name, url=f"http://{name}.test/", sdl=LINK + sdl) for name, sdl in sdls.items()]
    sdl = compose(subgraphs).supergraph_sdl.replace('requires: "x y(n: 1)"', f'requires: "{written}"')
    supergraph = read_supergraph(sdl)
    operation = normalized(supergraph, "{ t { z } }")
    made = plan(operation, supergraph)
    if problem is None:
        check(made, operation, supergraph)
    else:
        with pytest.raises(UnsoundPlan, match=problem):
            check(made, operation, supergraph)


@pytest.mark.parametrize(
    ("argument", "given", "is_taken"),
    [
        ("Int", "1", True),
        ("Int", '"1"', False),
        ("Int", "null", True),
        ("Int!", "null", False),
        ("Float", "1", True),
        ("Float", "A", False),
        ("ID", "7", True),
        ("Boolean", "1", False),
        ("[Int!]", "[1, 2]", True),
        ("[Int!]", "3", True),
        ("[Int!]", "[1, null]", False),
        ("E", "A", True),
        ("E", "Z", False),
        ("E", '"A"', False),
        ("I", "{a: 1, e: [A]}", True),
        ("I", "{e: [A]}", False),
        ("I", "{a: 1, b: 2}", False),
        ("I", "{a: 1, e: [Z]}", False),
        ("O", "{x: 1}", True),
        ("O", "{x: 1, y: 2}", False),
        ("S", "{any: [1, A]}", True),
    ],
)
def test_literals_of_arguments_are_held_against_the_subgraphs_types(
    argument: str, given: str, *, is_taken: bool
) -> None:
    types = "enum E { A B } input I { a: Int! e: [E!] } input O @oneOf { x: Int y: Int } scalar S"
    sdls = {
        "a": f'type Query {{ t: T }} type T @key(fields: "id") {{ id: ID! x(n: {argument}): Int k: Int }} {types}',
        "b": f'type T @key(fields: "id") {{ id: ID! k: Int @external z: Int @requires(fields: "k") }} {types}',
    }
    subgraphs = [Subgraph(name=name, url=f"http://{name}.test/", sdl=LINK + sdl) for name, sdl in sdls.items()]
    quoted = given.replace('"', '\\"')
    sdl = compose(subgraphs).supergraph_sdl.replace('requires: "k"', f'requires: "x(n: {quoted})"')
    supergraph = read_supergraph(sdl)
    operation = normalized(supergraph, "{ t { z } }")
    made = plan(operation, supergraph)
    if is_taken:
        check(made, operation, supergraph)
    else:
        with pytest.raises(UnsoundPlan, match=r"which does not take it$"):
            check(made, operation, supergraph)


def test_a_value_of_an_enum_that_the_subgraph_lacks_is_not_taken() -> None:
    supergraph_sdl = compose(
        [
            Subgraph("a", "http://a.test/", LINK + "type Query { q(e: E): Int r: E } enum E { A B }"),
            Subgraph("b", "http://b.test/", LINK + "type Query { s: E } enum E { A B }"),
        ]
    ).supergraph_sdl
    lacking = supergraph_sdl.replace(
        "B @join__enumValue(graph: A) @join__enumValue(graph: B)", "B @join__enumValue(graph: B)"
    )
    assert lacking != supergraph_sdl
    supergraph = read_supergraph(lacking)
    operation = normalized(supergraph, "{ q(e: B) }")
    with pytest.raises(UnsoundPlan, match="does not take it"):
        check(plan(operation, supergraph), operation, supergraph)
