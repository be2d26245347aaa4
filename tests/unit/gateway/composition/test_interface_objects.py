"""Interface objects: as what a subgraph has the objects of a type, asked by every rule and by the proof."""

from collections.abc import Mapping

import pytest

from gateway.supergraph.reader import read_supergraph
from tests.laboratory.composition import composed, refusal
from tests.laboratory.supergraphs import facts
from tests.support.planning import planned

ENTITY = 'type Query { i: I }\ninterface I @key(fields: "id") { id: ID! }\n'
REQUIRING = 'type T implements I @key(fields: "id") { id: ID! i1: Int @external x: Int @requires(fields: "i1") }'
OBJECT = 'type I @interfaceObject @key(fields: "id") { id: ID! i1: Int }'

PETS = """
type Query { pets: [Pet] cats: [Cat] one: Pet @shareable }
interface Pet @key(fields: "id") { id: ID! }
interface Cat implements Pet @key(fields: "id") { id: ID! }
type Lion implements Cat & Pet @key(fields: "id") { id: ID! roar: Int }
"""
CAT_IS_OBJECT = """
type Query { seen: [Pet] one: Pet @shareable }
interface Pet @key(fields: "id") { id: ID! }
type Cat implements Pet @interfaceObject @key(fields: "id") { id: ID! toys: Int }
"""


def codes(sdls: Mapping[str, str]) -> list[str]:
    return [error.code for error in refusal(sdls)]


def check_plans(sdls: Mapping[str, str], *operations: str) -> None:
    """Plan operations on the subgraphs; `planned` proves each plan."""
    supergraph = read_supergraph(composed(sdls).supergraph_sdl)
    for operation in operations:
        planned(supergraph, operation)


def test_an_external_field_may_be_resolved_by_an_interface_object() -> None:
    sdls = {"a": ENTITY + REQUIRING, "b": OBJECT}
    found = facts(composed(sdls).supergraph_sdl)
    joins = {fact[-1] for fact in found if fact[:-1] == ("join__field", "T", "i1")}
    assert joins == {frozenset({("graph", "a"), ("external", True)})}
    check_plans(sdls, "{ i { ... on T { x } } }", "{ i { ... on T { x i1 } } }", "{ i { i1 } }")


def test_an_external_field_may_be_resolved_by_an_interface_object_of_a_third_subgraph() -> None:
    base = 'type T implements I @key(fields: "id") { id: ID! }'
    third = 'type T @key(fields: "id") { id: ID! i1: Int @external z: Int @requires(fields: "i1") }'
    check_plans({"a": ENTITY + base, "b": OBJECT, "c": third}, "{ i { ... on T { z i1 } } }")


@pytest.mark.parametrize(
    ("external", "resolved", "code"),
    [
        ("i1: String", "i1: Int", "EXTERNAL_TYPE_MISMATCH"),
        ("i1: Int", "i1(n: Int): Int", "EXTERNAL_ARGUMENT_MISSING"),
        ("i1(n: String): Int", "i1(n: Int): Int", "EXTERNAL_ARGUMENT_TYPE_MISMATCH"),
        ("i1(n: Int = 1): Int", "i1(n: Int = 2): Int", "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH"),
    ],
)
def test_an_external_field_agrees_with_the_interface_object_that_resolves_it(
    external: str, resolved: str, code: str
) -> None:
    a = ENTITY + REQUIRING.replace("i1: Int", external)
    assert codes({"a": a, "b": OBJECT.replace("i1: Int", resolved)}) == [code]


def test_a_field_that_an_interface_object_only_mentions_is_resolved_by_no_subgraph() -> None:
    mentioning = OBJECT.replace("i1: Int", 'i1: Int @external y: Int @requires(fields: "i1")')
    assert codes({"a": ENTITY + REQUIRING, "b": mentioning}) == ["EXTERNAL_MISSING_ON_BASE"] * 2


def test_what_an_interface_object_demands_of_callers_holds_for_the_external_field() -> None:
    a = ENTITY + REQUIRING.replace('"i1")', '"i1") @authenticated')
    api = composed({"a": a, "b": OBJECT.replace("i1: Int", "i1: Int @authenticated")})
    assert ("directive", "T", "i1", "authenticated", frozenset()) in facts(api.supergraph_sdl)


def meeting(pet: str, cat: str) -> dict[str, str]:
    return {
        "a": PETS,
        "b": f'type Pet @interfaceObject @key(fields: "id") {{ id: ID! {pet} }}\n'
        f'type Cat @interfaceObject @key(fields: "id") {{ id: ID! {cat} }}',
    }


APART = PETS.replace("interface Cat implements Pet", "interface Cat")


@pytest.mark.parametrize(("pet", "cat"), [("", ""), ("@shareable", ""), ("", "@shareable")])
def test_two_interface_objects_of_one_subgraph_share_what_both_resolve_for_a_type(pet: str, cat: str) -> None:
    sdls = {**meeting(f"n: Int {pet}", f"n: Int {cat}"), "a": APART}
    (error,) = refusal(sdls)
    assert error.code == "INVALID_FIELD_SHARING"
    assert '"b" (by its interface object "Pet")' in error.message
    assert '"b" (by its interface object "Cat")' in error.message


def test_two_interface_objects_of_one_subgraph_may_meet_in_a_type() -> None:
    operation = "{ cats { id ... on Lion { n } } }"
    check_plans({**meeting("n: Int @shareable", "n: Int @shareable"), "a": APART}, operation)
    apart = APART.replace("Lion implements Cat & Pet", "Lion implements Cat")
    check_plans({**meeting("n: Int", "n: Int"), "a": apart}, operation)


def test_an_interface_object_implements_an_interface_with_a_key() -> None:
    sdls = {"a": PETS, "b": CAT_IS_OBJECT}
    check_plans(
        sdls,
        "{ seen { __typename id } }",
        "{ seen { ... on Cat { toys } ... on Lion { roar toys } } }",
        "{ pets { ... on Lion { roar toys } } }",
        "{ one { id ... on Cat { toys } } }",
    )


def test_an_interface_with_a_key_has_the_implementations_that_no_interface_object_stands_for() -> None:
    dog = 'type Dog implements Pet @key(fields: "id") { id: ID! }'
    (error,) = refusal({"a": f"{PETS}{dog}", "b": CAT_IS_OBJECT})
    assert error.code == "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE"
    assert '"Dog"' in error.message
    assert "Lion" not in error.message
    assert composed({"a": f"{PETS}{dog}", "b": f"{CAT_IS_OBJECT}{dog}"})


def test_an_implementation_that_a_subgraph_does_not_let_implement_is_missing_there() -> None:
    lion = 'type Lion @key(fields: "id") { id: ID! }\ntype Dog implements Pet @key(fields: "id") { id: ID! }'
    b = f'type Query {{ seen: Pet }}\ninterface Pet @key(fields: "id") {{ id: ID! }}\n{lion}'
    assert codes({"a": PETS, "b": b}) == ["INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE"] * 2


def test_a_shared_field_has_no_type_in_common_with_an_interface_object() -> None:
    a = PETS.replace("one: Pet @shareable", "").replace("type Query {", "type Query { one: Dog @shareable ")
    dog = 'type Dog implements Pet @key(fields: "id") { id: ID! }'
    assert codes({"a": f"{a}{dog}", "b": CAT_IS_OBJECT.replace('Pet @key(fields: "id")', "Pet")}) == [
        "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES"
    ]


def test_a_field_behind_an_interface_object_is_refused_where_no_subgraph_can_say_the_type() -> None:
    # Apollo's composition takes "Cat" for the type of the value in "b", and accepts.
    a = PETS.replace(
        'implements Cat & Pet @key(fields: "id")', 'implements Cat & Pet @key(fields: "id", resolvable: false)'
    )
    a = a.replace('Cat implements Pet @key(fields: "id")', 'Cat implements Pet @key(fields: "id", resolvable: false)')
    a = a.replace('interface Pet @key(fields: "id")', 'interface Pet @key(fields: "id", resolvable: false)')
    (error,) = refusal({"a": a, "b": CAT_IS_OBJECT})
    assert error.code == "SATISFIABILITY_ERROR"
    assert "roar" in error.message
