"""What the supergraph holds of what the subgraphs say."""

from random import Random

import pytest
from graphql import GraphQLSchema

from gateway.composition.compose import compose
from gateway.composition.errors import CompositionFailed
from gateway.composition.model import Subgraph
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.composition import composed, subgraphs
from tests.laboratory.composition_cases import CASES
from tests.laboratory.random_subgraphs import random_subgraphs
from tests.laboratory.supergraphs import facts

LINK = "https://specs.apollo.dev"


def joins(sdls: dict[str, str], *at: str) -> set[frozenset[tuple[str, object]]]:
    """The `@join__field`s at a place of the supergraph."""
    found = facts(composed(sdls).supergraph_sdl)
    return {fact[-1] for fact in found if fact[:-1] == ("join__field", *at)}


def directives(sdls: dict[str, str], *at: str) -> dict[str, object]:
    """The directives at a place of the supergraph: name -> arguments."""
    found = facts(composed(sdls).supergraph_sdl)
    return {fact[-2]: fact[-1] for fact in found if fact[0] == "directive" and fact[1:-2] == at}


def test_output_types_are_nullable_if_any_subgraph_says_so() -> None:
    api = composed({"a": "type Query { q: Int! @shareable }", "b": "type Query { q: Int @shareable }"}).api_sdl
    assert "q: Int\n" in api


def test_inputs_are_required_if_any_subgraph_says_so() -> None:
    sdls = {
        "a": "type Query { q(i: In): Int }\ninput In { x: Int! y: [Int] }",
        "b": "input In { x: Int y: [Int!]! }\ntype Query { r(i: In): Int }",
    }
    api = composed(sdls).api_sdl
    assert "x: Int!" in api
    assert "y: [Int!]!" in api


def test_an_interface_is_the_type_where_subgraphs_give_it_and_an_implementation() -> None:
    base = "interface I { x: Int }\ntype T implements I @shareable { x: Int }\n"
    api = composed({"a": base + "type Query { i: I @shareable }", "b": base + "type Query { i: T @shareable }"}).api_sdl
    assert "i: I\n" in api


def test_input_fields_that_not_all_subgraphs_have_are_left_out() -> None:
    sdls = {"a": "type Query { q(i: In): Int }\ninput In { x: Int y: Int }", "b": "input In { x: Int }"}
    result = composed(sdls)
    assert "y: Int" not in result.api_sdl
    assert "INCONSISTENT_INPUT_OBJECT_FIELD" in {hint.code for hint in result.hints}


def test_enums_that_only_come_out_have_the_values_of_all() -> None:
    sdls = {"a": "type Query { q: E }\nenum E { A B }", "b": "type Query { r: E }\nenum E { A C }"}
    assert "enum E {\n  A\n  B\n  C\n}" in composed(sdls).api_sdl


def test_enums_that_only_go_in_have_the_values_that_all_have() -> None:
    sdls = {"a": "type Query { q(e: E): Int }\nenum E { A B }", "b": "type Query { r(e: E): Int }\nenum E { A C }"}
    assert "enum E {\n  A\n}" in composed(sdls).api_sdl


def test_a_default_that_not_all_subgraphs_have_is_dropped() -> None:
    sdls = {"a": "type Query { q(a: Int = 1): Int @shareable }", "b": "type Query { q(a: Int): Int @shareable }"}
    assert "q(a: Int): Int" in composed(sdls).api_sdl


def test_scopes_of_several_subgraphs_must_all_be_held() -> None:
    sdls = {
        "a": 'type Query { q: Int @shareable @requiresScopes(scopes: [["x"], ["y"]]) }',
        "b": 'type Query { q: Int @shareable @requiresScopes(scopes: [["z"]]) }',
    }
    expected = frozenset({frozenset({"x", "z"}), frozenset({"y", "z"})})
    assert directives(sdls, "Query", "q")["requiresScopes"] == frozenset({("scopes", expected)})


def test_an_interface_demands_what_its_implementations_demand_together() -> None:
    sdls = {
        "a": "type Query { i: I }\ninterface I { x: Int }\n"
        'type A implements I { x: Int @requiresScopes(scopes: [["a"]]) }\ntype B implements I { x: Int @authenticated }'
    }
    found = directives(sdls, "I", "x")
    assert set(found) == {"requiresScopes", "authenticated"}


def test_the_greatest_cost_and_the_widest_list_size_win() -> None:
    sdls = {
        "a": 'type Query { q(n: Int): [Int] @shareable @cost(weight: 2) @listSize(assumedSize: 5, slicingArguments: ["n"]) }',
        "b": "type Query { q(n: Int): [Int] @shareable @cost(weight: 7) @listSize(assumedSize: 9) }",
    }
    found = directives(sdls, "Query", "q")
    assert found["cost"] == frozenset({("weight", 7)})
    assert ("assumedSize", 9) in dict.fromkeys(found["listSize"])  # type: ignore[call-overload]
    assert ("slicingArguments", frozenset({"n"})) in dict.fromkeys(found["listSize"])  # type: ignore[call-overload]


def test_an_overridden_field_is_resolved_by_its_new_subgraph_only() -> None:
    sdls = {"a": 'type Query { q: Int @override(from: "b") }', "b": "type Query { q: Int r: Int }"}
    assert joins(sdls, "Query", "q") == {frozenset({("graph", "a"), ("override", "b")})}


def test_under_a_label_both_subgraphs_keep_the_field() -> None:
    sdls = {
        "a": 'type Query { q: Int @override(from: "b", label: "percent(10)") }',
        "b": "type Query { q: Int r: Int }",
    }
    assert joins(sdls, "Query", "q") == {
        frozenset({("graph", "a"), ("override", "b"), ("overrideLabel", "percent(10)")}),
        frozenset({("graph", "b"), ("overrideLabel", "percent(10)")}),
    }


def test_an_overridden_field_that_a_key_needs_stays_on_record() -> None:
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! k: Int @override(from: "b") }',
        "b": 'type T @key(fields: "id k") { id: ID! k: Int x: Int }',
    }
    assert frozenset({("graph", "b"), ("usedOverridden", True)}) in joins(sdls, "T", "k")


def test_implementations_get_the_fields_of_interface_objects() -> None:
    sdls = {
        "a": 'interface I @key(fields: "id") { id: ID! }\ntype T implements I @key(fields: "id") { id: ID! }\ntype Query { i: I }',
        "b": 'type I @interfaceObject @key(fields: "id") { id: ID! extra(n: Int): String }',
    }
    assert joins(sdls, "T", "extra") == {frozenset()}
    assert joins(sdls, "I", "extra") == {frozenset({("graph", "b")})}


def test_contexts_are_named_by_their_subgraph_and_their_arguments_hidden() -> None:
    sdls = {
        "a-1": 'type Query { t: T! }\ntype T @key(fields: "id") @context(name: "c") { id: ID! u: U! x: Int! }\n'
        'type U @key(fields: "id") { id: ID! f(a: Int @fromContext(field: "$c { x }"), b: Int): Int }'
    }
    result = composed(sdls)
    assert (
        'contextArguments: [{context: "a-1__c", name: "a", type: "Int", selection: "{ x }"}]' in result.supergraph_sdl
    )
    assert "f(b: Int): Int" in result.api_sdl


def test_renamed_imports_mean_the_same() -> None:
    plain = {"a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! @shareable }'}
    renamed = {
        "a": f'extend schema @link(url: "{LINK}/federation/v2.9", as: "fed", import: [{{name: "@key", as: "@primary"}}])\n'
        'type Query { t: T }\ntype T @primary(fields: "id") { id: ID! @fed__shareable }'
    }
    assert facts(composed(renamed).supergraph_sdl) == facts(composed(plain).supergraph_sdl)


def linked(imports: str, body: str, also: str = "", fed: str = "") -> str:
    return f'extend schema @link(url: "{LINK}/federation/v2.11"{fed}, import: [{imports}]) {also}\n{body}'


def query_fields(schema: GraphQLSchema) -> set[str]:
    assert schema.query_type is not None
    return set(schema.query_type.fields)


RENAMES = (
    '{name: "@tag", as: "@label"}, {name: "@inaccessible", as: "@hidden"}, {name: "@requiresScopes", as: "@scopes"},'
    ' {name: "@authenticated", as: "@auth"}, {name: "@cost", as: "@price"}, {name: "@listSize", as: "@sized"}'
)


def test_the_supergraph_calls_directives_as_the_subgraphs_do() -> None:
    body = (
        'type Query { q: Int @label(name: "t") @price(weight: 2) h: Int @hidden s: [Int] @scopes(scopes: [["a"]]) @auth'
        " @sized(assumedSize: 2) }"
    )
    result = composed({"a": linked(RENAMES, body), "b": linked(RENAMES, 'type Query { r: Int @label(name: "u") }')})
    assert '/tag/v0.3", import: [{name: "@tag", as: "@label"}])' in result.supergraph_sdl
    assert (
        '/cost/v0.1", import: [{name: "@cost", as: "@price"}, {name: "@listSize", as: "@sized"}])'
        in result.supergraph_sdl
    )
    assert "directive @hidden on" in result.supergraph_sdl
    assert "directive @scopes(scopes: [[requiresScopes__Scope!]!]!)" in result.supergraph_sdl
    assert 'q: Int @join__field(graph: A) @label(name: "t") @price(weight: 2)' in result.supergraph_sdl
    read = read_supergraph(result.supergraph_sdl)
    assert query_fields(read.api) == query_fields(result.api_schema) == {"q", "r", "s"}
    assert read.access.keys() == {("Query", "s")}


def test_directives_that_are_not_imported_keep_their_prefix() -> None:
    body = 'type Query { q: Int @fed__tag(name: "t") h: Int @fed__inaccessible }'
    result = composed({"a": linked('"@key"', body, fed=', as: "fed"')})
    assert 'import: [{name: "@inaccessible", as: "@fed__inaccessible"}], for: SECURITY)' in result.supergraph_sdl
    assert query_fields(read_supergraph(result.supergraph_sdl).api) == {"q"}


def test_a_directive_of_the_subgraphs_own_is_not_taken_for_federations_of_that_name() -> None:
    own = "directive @tag(name: String) on FIELD_DEFINITION\ndirective @inaccessible on FIELD_DEFINITION\n"
    result = composed({"a": linked('"@key"', own + 'type Query { q: Int @tag(name: "x") @inaccessible }')})
    assert "@tag" not in result.supergraph_sdl
    assert "q: Int" in result.api_sdl


def test_a_kept_directive_may_have_a_name_that_federation_leaves_free() -> None:
    also = '@link(url: "https://example.org/greet/v1.0", import: ["@tag"]) @composeDirective(name: "@tag")'
    body = 'directive @tag(to: String) on FIELD_DEFINITION\ntype Query { q: Int @tag(to: "x") @federation__tag(name: "t") }'
    sdl = composed({"a": linked('"@composeDirective"', body, also)}).supergraph_sdl
    assert '/tag/v0.3", as: "_tag", import: [{name: "@tag", as: "@federation__tag"}])' in sdl
    assert '@link(url: "https://example.org/greet/v1.0", import: ["@tag"])' in sdl
    assert 'q: Int @federation__tag(name: "t") @tag(to: "x")' in sdl


def test_only_the_uses_of_subgraphs_that_compose_a_directive_are_kept() -> None:
    link = '@link(url: "https://example.org/greet/v1.0", import: ["@hello"])'
    body = "directive @hello(to: String) on FIELD_DEFINITION\ntype Query {{ {}: Int @hello(to: {}) }}"
    sdl = composed(
        {
            "a": linked('"@composeDirective"', body.format("q", '"x"'), f'{link} @composeDirective(name: "@hello")'),
            "b": linked('"@composeDirective"', body.format("r", '"y"'), link),
        }
    ).supergraph_sdl
    assert '@hello(to: "x")' in sdl
    assert '@hello(to: "y")' not in sdl


def test_one_slicing_argument_is_required_if_all_subgraphs_require_it() -> None:
    def sized(flags: tuple[str, str]) -> frozenset[object]:
        field = 'type Query {{ q(first: Int): [Int] @shareable @listSize(slicingArguments: ["first"]{}) }}'
        found = directives({"a": field.format(flags[0]), "b": field.format(flags[1])}, "Query", "q")["listSize"]
        assert isinstance(found, frozenset)
        return found

    never, always = ", requireOneSlicingArgument: false", ", requireOneSlicingArgument: true"
    assert ("requireOneSlicingArgument", False) in sized((never, ""))
    assert ("requireOneSlicingArgument", False) in sized((always, never))
    assert ("requireOneSlicingArgument", False) not in sized((always, ""))


def test_uses_that_differ_in_what_is_left_to_a_default_are_one() -> None:
    sdls = {
        "a": "type Query { q: Int @shareable @deprecated }",
        "b": 'type Query { q: Int @shareable @deprecated(reason: "No longer supported") }',
    }
    result = composed(sdls)
    assert result.supergraph_sdl.count("@deprecated") == 1
    assert result.hints == ()


def test_an_implementation_may_be_deprecated_alone() -> None:
    sdl = "type Query { i: I }\ninterface I { x: Int }\ntype T implements I { x: Int @deprecated }"
    assert directives({"a": sdl}, "T", "x") == {"deprecated": frozenset()}


def test_a_directive_for_operations_is_what_all_subgraphs_allow() -> None:
    result = composed(
        {
            "a": "directive @trace(level: Int = 1, to: String) repeatable on FIELD | QUERY | OBJECT\ntype Query { q: Int }",
            "b": "directive @trace(level: Int! = 1) on FIELD | MUTATION\ntype Query { r: Int }",
        }
    )
    assert "directive @trace(level: Int! = 1) on FIELD\n" in result.api_sdl
    assert result.api_schema.get_directive("trace") is not None
    assert read_supergraph(result.supergraph_sdl).api.get_directive("trace") is not None


@pytest.mark.parametrize("other", ["", "directive @trace(level: Int) on QUERY\n"])
def test_a_directive_for_operations_that_not_all_subgraphs_allow_is_left_out(other: str) -> None:
    sdls = {"a": "directive @trace(level: Int) on FIELD\ntype Query { q: Int }", "b": f"{other}type Query {{ r: Int }}"}
    assert "@trace" not in composed(sdls).api_sdl
    assert "@trace" not in composed(sdls).supergraph_sdl


def test_root_types_get_their_default_names() -> None:
    sdls = {"a": "schema { query: Root mutation: Change }\ntype Root { again: Root }\ntype Change { q: Int }"}
    api = composed(sdls).api_sdl
    assert "again: Query" in api
    assert "type Mutation" in api


def test_directives_of_their_own_are_kept_if_subgraphs_ask_for_it() -> None:
    sdl = (
        f'extend schema @link(url: "{LINK}/federation/v2.9", import: ["@composeDirective"])'
        ' @link(url: "https://example.org/greet/v1.2", import: ["@hello"]) @composeDirective(name: "@hello")\n'
        "directive @hello(to: String) on FIELD_DEFINITION\n"
        'type Query { q: Int @hello(to: "you") }'
    )
    supergraph = composed({"a": sdl}).supergraph_sdl
    assert '@link(url: "https://example.org/greet/v1.2", import: ["@hello"])' in supergraph
    assert "directive @hello(to: String) on FIELD_DEFINITION" in supergraph
    assert 'q: Int @hello(to: "you")' in supergraph


def test_what_is_inaccessible_is_not_in_the_api() -> None:
    sdls = {"a": "type Query { q: Int p: T @inaccessible }\ntype T @inaccessible { x: Int }"}
    assert composed(sdls).api_sdl == "type Query {\n  q: Int\n}\n"


def test_subgraph_names_never_clash_as_enum_values() -> None:
    supergraph = composed(
        {"a-b": "type Query { q: Int }", "a_b": "type Query { r: Int }", "1st": "type Query { s: Int }"}
    )
    for value in ("A_B_1 ", "A_B_2 ", "_1ST "):
        assert f"  {value}@join__graph" in supergraph.supergraph_sdl


@pytest.mark.parametrize("seed", range(60))
def test_the_order_of_subgraphs_makes_no_difference(seed: int) -> None:
    sources = [Subgraph(name, "", sdl) for name, sdl in random_subgraphs(Random(seed), breakage=0.3).items()]
    answers: set[object] = set()
    for order in (sources, sources[::-1]):
        try:
            answers.add(compose(order).supergraph_sdl)
        except CompositionFailed as failed:
            answers.add(failed.errors)
    assert len(answers) == 1


@pytest.mark.parametrize("case", CASES[::3], ids=lambda case: case.code)
def test_what_composes_gives_an_api_that_graphql_accepts(case: object) -> None:
    sdls = case.accepted  # type: ignore[attr-defined]
    assert compose(subgraphs(sdls)).api_schema.query_type is not None


def test_types_that_only_look_like_federations_are_kept() -> None:
    link = f'extend schema @link(url: "{LINK}/federation/v2.9", import: ["@key"])\n'
    api = composed({"a": f"{link}type Query {{ f: FieldSet }}\nscalar FieldSet"}).api_sdl
    assert "scalar FieldSet" in api
