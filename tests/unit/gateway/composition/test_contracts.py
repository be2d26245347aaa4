"""What a contract leaves of a supergraph: each rule of Apollo's contract reference by an example."""

from collections.abc import Iterable

import pytest

from gateway.composition.compose import Composed, compose
from gateway.composition.contracts import Contract, all_tags
from gateway.composition.errors import CompositionError, CompositionFailed
from tests.laboratory.composition import subgraphs

IN, OUT = '@tag(name: "in")', '@tag(name: "out")'


def under(
    *sdls: str, include: Iterable[str] = (), exclude: Iterable[str] = (), hides_unreachable: bool = False
) -> Composed:
    contract = Contract(frozenset(include), frozenset(exclude), hides_unreachable)
    return compose(subgraphs(dict(zip("abc", sdls, strict=False))), contract=contract)


def excluding(*sdls: str, hides_unreachable: bool = False) -> Composed:
    return under(*sdls, exclude=["out"], hides_unreachable=hides_unreachable)


def including(*sdls: str, hides_unreachable: bool = False) -> Composed:
    return under(*sdls, include=["in"], hides_unreachable=hides_unreachable)


def refused(*sdls: str, include: Iterable[str] = (), exclude: Iterable[str] = ()) -> tuple[CompositionError, ...]:
    with pytest.raises(CompositionFailed) as failed:
        under(*sdls, include=include, exclude=exclude)
    return failed.value.errors


def seen(composed: Composed, name: str) -> list[str]:
    """The fields or values that clients see of a type."""
    type_ = composed.api_schema.type_map[name]
    return sorted(getattr(type_, "fields", None) or getattr(type_, "values", None) or ())


def types(composed: Composed) -> set[str]:
    return {name for name in composed.api_schema.type_map if not name.startswith("__")}


@pytest.mark.parametrize(
    ("sdl", "gone"),
    [
        (f"type Query {{ q: Int hidden: Int {OUT} }}", "hidden"),
        (f"type Query {{ q: Int hidden: T {OUT} }} type T {OUT} {{ x: Int }}", "type T"),
        (f"type Query {{ q: Int hidden: I {OUT} }} interface I {OUT} {{ x: Int }}", "interface I"),
        (f"type Query {{ q: Int hidden: U {OUT} t: T }} union U {OUT} = T type T {{ x: Int }}", "union U"),
        (f"type Query {{ q(a: Int hidden: Int {OUT}): Int }}", "hidden"),
        (f"type Query {{ q(hidden: In {OUT}): Int }} input In {OUT} {{ x: Int }}", "input In"),
        (f"type Query {{ q(i: In): Int }} input In {{ x: Int hidden: Int {OUT} }}", "hidden"),
        (f"type Query {{ e: E }} enum E {{ SEEN HIDDEN {OUT} }}", "HIDDEN"),
        (f"type Query {{ q: Int e: E {OUT} }} enum E {OUT} {{ A }}", "enum E"),
        (f"type Query {{ q: Int s: S {OUT} }} scalar S {OUT}", "scalar S"),
    ],
)
def test_what_carries_an_excluded_tag_is_not_seen_whatever_it_is(sdl: str, gone: str) -> None:
    assert gone not in excluding(sdl).api_sdl


def test_an_excluded_field_of_an_interface_stays_in_what_implements_it() -> None:
    composed = excluding(
        f"type Query {{ i: I }} interface I {{ x: Int y: Int {OUT} }} type T implements I {{ x: Int y: Int }}"
    )
    assert (seen(composed, "I"), seen(composed, "T")) == (["x"], ["x", "y"])


def test_the_tag_of_any_subgraph_counts() -> None:
    composed = excluding("type Query { q: Int @shareable x: Int }", f"type Query {{ q: Int @shareable {OUT} }}")
    assert seen(composed, "Query") == ["x"]


def test_with_tags_to_include_only_fields_that_carry_one_are_seen() -> None:
    assert seen(including(f"type Query {{ q: Int r: Int {IN} s: Int {OUT} }}"), "Query") == ["r"]


def test_the_tag_of_an_object_or_an_interface_counts_for_its_fields() -> None:
    composed = including(
        f"type Query {IN} {{ t: T i: I }} type T implements I {IN} {{ x: Int y: Int }} interface I {IN} {{ x: Int }}"
    )
    assert (seen(composed, "Query"), seen(composed, "T"), seen(composed, "I")) == (["i", "t"], ["x", "y"], ["x"])


def test_a_type_without_an_included_tag_is_seen_if_one_of_its_fields_is() -> None:
    assert seen(including(f"type Query {{ t: T {IN} }} type T {{ x: Int {IN} y: Int }}"), "T") == ["x"]


def test_enums_inputs_scalars_and_arguments_come_with_the_fields_that_use_them() -> None:
    composed = including(
        f"type Query {{ q(a: Int, i: In): E {IN} s: S {IN} }} input In {{ x: Int }} enum E {{ A B }} scalar S"
    )
    assert {"E", "In", "S"} <= types(composed)
    assert (seen(composed, "In"), seen(composed, "E")) == (["x"], ["A", "B"])
    assert sorted(composed.api_schema.query_type.fields["q"].args) == ["a", "i"]  # type: ignore[union-attr]


def test_a_union_is_seen_only_if_it_carries_an_included_tag() -> None:
    sdl = f"type Query {{ u: U {IN} t: T {IN} }} union U {IN} = T type T {IN} {{ x: Int }}"
    assert "U" in types(including(sdl))
    untagged = sdl.replace(f"u: U {IN}", "u: U").replace(f"union U {IN}", "union U")
    assert "U" not in types(including(untagged))


def test_exclusion_wins() -> None:
    composed = under(f"type Query {{ q: Int {IN} r: Int {IN} {OUT} }}", include=["in"], exclude=["out"])
    assert seen(composed, "Query") == ["q"]


def test_several_tags_are_alternatives() -> None:
    sdl = f"type Query {{ q: Int {IN} r: Int {OUT} s: Int }}"
    assert seen(under(sdl, include=["in", "out"]), "Query") == ["q", "r"]
    assert seen(under(sdl, exclude=["in", "out"]), "Query") == ["s"]


@pytest.mark.parametrize(
    "sdl",
    [
        f"type Query {{ q: Int x: X {OUT} }} type X {{ a: Int {OUT} }}",
        f"type Query {{ q: Int x: X {OUT} }} interface X {{ a: Int {OUT} }}",
        f"type Query {{ q: Int x(i: X {OUT}): Int }} input X {{ a: Int {OUT} }}",
        f"type Query {{ q: Int x: X {OUT} }} enum X {{ A {OUT} }}",
        f"type Query {{ q: Int x: X {OUT} t: T {OUT} }} union X = T type T {OUT} {{ a: Int }}",
        f"type Query {{ q: Int }} type Mutation {{ m: Int {OUT} }}",
    ],
)
def test_a_type_of_which_nothing_is_left_is_hidden(sdl: str) -> None:
    assert types(excluding(sdl)) & {"X", "Mutation"} == set()


def test_an_excluded_member_leaves_a_union_with_the_others() -> None:
    composed = excluding(f"type Query {{ u: U }} union U = A | B type A {{ x: Int }} type B {OUT} {{ x: Int }}")
    assert "union U = A\n" in composed.api_sdl


def test_a_field_that_returns_an_interface_stays_while_an_implementation_does() -> None:
    composed = excluding(
        "type Query { i: I } interface I { x: Int }"
        f" type A implements I {{ x: Int }} type B implements I {OUT} {{ x: Int }}"
    )
    assert types(composed) >= {"I", "A"}
    assert "B" not in types(composed)


def test_a_field_of_an_interface_goes_with_that_of_an_implementation() -> None:
    composed = excluding(
        f"type Query {{ i: I }} interface I {{ x: Int y: Int }} type A implements I {{ x: Int y: Int {OUT} }}"
    )
    assert (seen(composed, "I"), seen(composed, "A")) == (["x"], ["x"])


def test_a_field_of_an_interface_goes_up_through_the_interfaces() -> None:
    composed = excluding(
        "type Query { i: I } interface I { x: Int y: Int } interface J implements I { x: Int y: Int }"
        f" type A implements I & J {{ x: Int y: Int {OUT} }}"
    )
    assert (seen(composed, "I"), seen(composed, "J")) == (["x"], ["x"])


def test_a_field_of_an_interface_goes_with_its_type() -> None:
    composed = excluding(
        f"type Query {{ i: I }} interface I {{ x: Int t: T }} type T {OUT} {{ y: Int }}"
        f" type A implements I {{ x: Int t: T {OUT} }}"
    )
    assert seen(composed, "I") == ["x"]


def test_a_visible_field_of_a_hidden_type_is_refused_with_both_places() -> None:
    (error,) = refused(f"type Query {{ q: Int t: T }}\ntype T {OUT} {{ x: Int }}", exclude=["out"])
    assert error.code == "REFERENCED_INACCESSIBLE"
    assert [(place.file, place.line) for place in error.places] == [("a.graphql", 2), ("a.graphql", 3)]


def test_a_visible_field_of_a_type_left_empty_is_refused() -> None:
    (error,) = refused(f"type Query {{ t: T {IN} }} type T {{ x: Int }}", include=["in"])
    assert error.code == "REFERENCED_INACCESSIBLE"


def test_a_required_argument_cannot_be_hidden_from_a_visible_field() -> None:
    (error,) = refused(f"type Query {{ q(a: Int! {OUT}): Int }}", exclude=["out"])
    assert error.code == "REQUIRED_INACCESSIBLE"


def test_a_contract_that_leaves_nothing_is_refused() -> None:
    (error,) = refused("type Query { q: Int }", include=["nobody"])
    assert error.code == "ONLY_INACCESSIBLE_CHILDREN"


UNREACHABLE = f"""
type Query {{ q(i: In): Int lost: Lost {OUT} i: I }}
type Lost {{ x: Int deeper: Deeper }} type Deeper {{ e: E }} enum E {{ A }} scalar S input In {{ x: Inner }} input Inner {{ y: Int }}
input LostIn {{ x: Int }} interface I {{ x: Int }} type A implements I {{ x: Int a: Only }} type Only {{ y: Int }}
type Kept {IN} {{ x: Int }}
"""


def test_unreachable_types_stay_unless_they_are_to_be_hidden() -> None:
    assert {"Lost", "Deeper", "E", "S", "LostIn", "Kept"} <= types(excluding(UNREACHABLE))


def test_unreachable_types_of_every_kind_can_be_hidden() -> None:
    left = types(excluding(UNREACHABLE, hides_unreachable=True))
    assert left == {"Query", "In", "Inner", "I", "A", "Only", "Int", "String", "Boolean"}


def test_an_unreachable_type_that_carries_an_included_tag_stays() -> None:
    composed = including(
        f"type Query {{ q: Int {IN} }} type Kept {IN} {{ x: Int }} type Lost {{ x: Int {IN} }}", hides_unreachable=True
    )
    assert "Kept" in types(composed)
    assert "Lost" not in types(composed)


def test_without_a_contract_everything_stays() -> None:
    assert {"Lost", "Kept"} <= types(under(UNREACHABLE))


def test_what_is_hidden_still_serves_keys_and_requirements() -> None:
    composed = excluding(
        f'type Query {{ t: T }} type T @key(fields: "id") {{ id: ID! {OUT} weight: Int {OUT} name: String }}',
        'type T @key(fields: "id") { id: ID! weight: Int @external shipping: Int @requires(fields: "weight") }',
    )
    assert seen(composed, "T") == ["name", "shipping"]
    assert 'key: "id"' in composed.supergraph_sdl
    assert 'requires: "weight"' in composed.supergraph_sdl


def test_the_supergraph_keeps_what_the_contract_hides_and_every_tag() -> None:
    text = excluding(f"type Query {{ q: Int secret: Int {OUT} }}").supergraph_sdl
    assert f"secret: Int {OUT} @inaccessible" in text


def test_all_tags_are_known() -> None:
    sdl = f'type Query {{ q(a: Int @tag(name: "arg")): Int {IN} e: E }} enum E {{ A @tag(name: "value/1-a") }}'
    assert all_tags(under(sdl).supergraph) == {"in", "arg", "value/1-a"}
