"""What the reader makes of join directives, and what it refuses to serve."""

import pytest
from graphql import parse

from gateway.supergraph.costs import CostRules, read_cost_rules
from gateway.supergraph.errors import SupergraphError
from gateway.supergraph.model import Supergraph
from gateway.supergraph.reader import read_supergraph

HEAD = """
schema
  @link(url: "https://specs.apollo.dev/link/v1.0")
  @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
  {features}
{{ query: Query }}
enum join__Graph {{
  A @join__graph(name: "a", url: "http://a.test/")
  B @join__graph(name: "b-two", url: "http://b.test/")
}}
scalar join__FieldSet
"""


def read(types: str, *, features: str = "") -> Supergraph:
    return read_supergraph(HEAD.format(features=features) + types)


def test_field_without_join_field_is_in_every_subgraph_of_its_type() -> None:
    supergraph = read("type Query @join__type(graph: A) @join__type(graph: B) { x: Int y: Int @join__field(graph: B) }")
    assert set(supergraph.subgraph_types["a"]["Query"].fields) == {"x"}
    assert set(supergraph.subgraph_types["b-two"]["Query"].fields) == {"x", "y"}
    assert dict(supergraph.subgraphs) == {"a": "http://a.test/", "b-two": "http://b.test/"}


def test_field_whose_join_field_names_no_graph_is_nowhere_on_the_type() -> None:
    supergraph = read("type Query @join__type(graph: A) { x: Int y: Int @join__field }")
    assert set(supergraph.subgraph_types["a"]["Query"].fields) == {"x"}


def test_type_of_a_field_may_differ_between_subgraphs() -> None:
    supergraph = read(
        'type Query @join__type(graph: A) @join__type(graph: B) { x: [Int] @join__field(graph: A, type: "[Int!]!") @join__field(graph: B) }'
    )
    assert supergraph.subgraph_types["a"]["Query"].fields["x"].wrappers == "![!"
    assert supergraph.subgraph_types["b-two"]["Query"].fields["x"].wrappers == "["


def test_keys_keep_their_order_and_whether_they_resolve() -> None:
    supergraph = read(
        "type Query @join__type(graph: A) { t: T }\n"
        'type T @join__type(graph: A, key: "id") @join__type(graph: A, key: "code { of }", resolvable: false)'
        "{ id: ID! code: C } type C @join__type(graph: A) { of: Int }"
    )
    keys = supergraph.subgraph_types["a"]["T"].keys
    assert [(key.fields.text, key.is_resolvable) for key in keys] == [("id", True), ("code { of }", False)]


def test_union_members_and_implementations_are_known_per_subgraph() -> None:
    supergraph = read(
        "type Query @join__type(graph: A) { u: U }\n"
        'union U @join__type(graph: A) @join__type(graph: B) @join__unionMember(graph: A, member: "X")'
        ' @join__unionMember(graph: B, member: "X") @join__unionMember(graph: B, member: "Y") = X | Y\n'
        "interface I @join__type(graph: A) @join__type(graph: B) { i: Int }\n"
        'type X implements I @join__type(graph: A) @join__type(graph: B) @join__implements(graph: B, interface: "I") { i: Int }\n'
        "type Y @join__type(graph: B) { y: Int }"
    )
    assert supergraph.subgraph_types["a"]["U"].possible_types == {"X"}
    assert supergraph.subgraph_types["b-two"]["U"].possible_types == {"X", "Y"}
    assert supergraph.subgraph_types["a"]["I"].possible_types == set()
    assert supergraph.subgraph_types["b-two"]["I"].possible_types == {"X"}
    assert supergraph.possible_types["U"] == {"X", "Y"}


def test_interface_object_stands_for_all_implementations() -> None:
    supergraph = read(
        "type Query @join__type(graph: A) { i: I }\n"
        'interface I @join__type(graph: A, key: "id") @join__type(graph: B, key: "id", isInterfaceObject: true)'
        " { id: ID! b: Int @join__field(graph: B) }\n"
        'type X implements I @join__type(graph: A, key: "id") @join__implements(graph: A, interface: "I")'
        " { id: ID! b: Int @join__field }"
    )
    known = supergraph.subgraph_types["b-two"]["I"]
    assert known.is_interface_object
    assert known.possible_types == {"X"}
    assert set(known.fields) == {"id", "b"}


def test_label_decides_both_sides_of_a_progressive_override() -> None:
    supergraph = read(
        "type Query @join__type(graph: A) @join__type(graph: B) {"
        ' x: Int @join__field(graph: A, overrideLabel: "l") @join__field(graph: B, override: "a", overrideLabel: "l")'
        ' y: Int @join__field(graph: A, usedOverridden: true) @join__field(graph: B, override: "a") }'
    )
    old, new = (supergraph.subgraph_types[name]["Query"].fields["x"] for name in ("a", "b-two"))
    assert (old.is_active(frozenset()), new.is_active(frozenset())) == (True, False)
    assert (old.is_active(frozenset({"l"})), new.is_active(frozenset({"l"}))) == (False, True)
    assert supergraph.subgraph_types["a"]["Query"].fields["y"].is_external
    assert supergraph.override_labels == {"l"}


@pytest.mark.parametrize("label", ["percent(200)", "percent(-1)", "percent(ten)", "1st"])
def test_a_label_that_is_neither_a_name_nor_a_percentage_is_refused(label: str) -> None:
    with pytest.raises(SupergraphError, match="neither a name nor percent") as refused:
        read(
            "type Query @join__type(graph: A) @join__type(graph: B) {"
            f' x: Int @join__field(graph: A) @join__field(graph: B, override: "a", overrideLabel: "{label}") }}'
        )
    assert refused.value.code == "INVALID_FEDERATION_SUPERGRAPH"


def test_api_schema_hides_what_is_inaccessible_and_what_is_federation() -> None:
    supergraph = read(
        "directive @inaccessible on FIELD_DEFINITION | OBJECT | ENUM_VALUE | ARGUMENT_DEFINITION\n"
        "directive @mine on FIELD\n directive @join__type(graph: join__Graph!) repeatable on OBJECT\n"
        "type Query @join__type(graph: A) { x(a: Int, b: Int @inaccessible): E hidden: Int @inaccessible u: U }\n"
        "enum E @join__type(graph: A) { ON OFF @inaccessible }\n"
        "type X @join__type(graph: A) { x: Int } type Y @join__type(graph: A) @inaccessible { y: Int }\n"
        'union U @join__type(graph: A) @join__unionMember(graph: A, member: "X") @join__unionMember(graph: A, member: "Y") = X | Y',
        features='@link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)',
    )
    types = supergraph.api.type_map
    assert not {"join__Graph", "join__FieldSet", "Y"} & types.keys()
    assert set(types["Query"].fields) == {"x", "u"}  # type: ignore[attr-defined]
    assert set(types["Query"].fields["x"].args) == {"a"}  # type: ignore[attr-defined]
    assert set(types["E"].values) == {"ON"}  # type: ignore[attr-defined]
    assert [member.name for member in types["U"].types] == ["X"]  # type: ignore[attr-defined]
    assert "mine" in {directive.name for directive in supergraph.api.directives}
    assert "inaccessible" not in {directive.name for directive in supergraph.api.directives}


def test_renamed_specifications_are_read_under_their_names_here() -> None:
    supergraph = read_supergraph("""
        schema @link(url: "https://specs.apollo.dev/link/v1.0") @link(url: "https://specs.apollo.dev/join/v0.3", as: "j", for: EXECUTION)
          @link(url: "https://specs.apollo.dev/inaccessible/v0.2", import: [{name: "@inaccessible", as: "@hidden"}], for: SECURITY)
        { query: Query }
        enum j__Graph { A @j__graph(name: "a", url: "u") }
        type Query @j__type(graph: A) { x: Int y: Int @hidden }
    """)
    assert set(supergraph.subgraph_types["a"]["Query"].fields) == {"x", "y"}
    assert set(supergraph.api.type_map["Query"].fields) == {"x"}  # type: ignore[attr-defined]


def test_first_version_knows_owners_and_keys() -> None:
    supergraph = read_supergraph("""
        schema @core(feature: "https://specs.apollo.dev/core/v0.1") @core(feature: "https://specs.apollo.dev/join/v0.1")
        { query: Query }
        enum join__Graph { GOODS @join__graph(name: "goods", url: "g") STOCK @join__graph(name: "stock", url: "s") }
        type Query { top: [Good] @join__field(graph: GOODS) }
        type Good @join__owner(graph: GOODS) @join__type(graph: GOODS, key: "upc") @join__type(graph: STOCK, key: "upc") {
          upc: ID! @join__field(graph: GOODS)
          size: Size @join__field(graph: GOODS)
          left: Int @join__field(graph: STOCK, requires: "size { width }")
        }
        type Size { width: Int }
    """)
    assert set(supergraph.subgraph_types["goods"]["Good"].fields) == {"upc", "size"}
    assert set(supergraph.subgraph_types["stock"]["Good"].fields) == {"upc", "left"}
    assert set(supergraph.subgraph_types["stock"]["Size"].fields) == {"width"}


def test_demands_of_field_and_returned_type_both_hold() -> None:
    supergraph = read(
        "type Query @join__type(graph: A) {"
        ' x: Money @requiresScopes(scopes: [["a", "b"], ["c"]]) open: Int y: Int @policy(policies: [["p"]]) @authenticated }\n'
        "scalar Money @join__type(graph: A) @authenticated",
        features=" ".join(
            f'@link(url: "https://specs.apollo.dev/{name}/v0.1", for: SECURITY)'
            for name in ("authenticated", "requiresScopes", "policy")
        ),
    )
    demand = supergraph.access["Query", "x"]
    assert demand.authenticated
    assert demand.scopes == ((frozenset({"a", "b"}), frozenset({"c"})),)
    assert supergraph.access["Query", "y"].policies == ((frozenset({"p"}),),)
    assert ("Query", "open") not in supergraph.access


@pytest.mark.parametrize(
    ("sdl", "code"),
    [
        ("type Query {", "INVALID_GRAPHQL"),
        ("", "INVALID_GRAPHQL"),
        ("type Query { x: Int }", "INVALID_FEDERATION_SUPERGRAPH"),
        (HEAD.format(features="").replace("join/v0.5", "join/v0.9") + "type Query { x: Int }", "UNKNOWN_LINK_VERSION"),
        (HEAD.format(features="").replace("link/v1.0", "link/v2.0") + "type Query { x: Int }", "UNKNOWN_LINK_VERSION"),
        (HEAD.format(features="").replace("enum join__Graph", "enum Other"), "INVALID_FEDERATION_SUPERGRAPH"),
        (HEAD.format(features="") + "type Query @join__type(graph: NOBODY) { x: Int }", "INVALID_FEDERATION_SUPERGRAPH"),
        (HEAD.format(features="") + 'type Query @join__type(graph: A, key: "}{") { x: Int }', "INVALID_FEDERATION_SUPERGRAPH"),
        (HEAD.format(features='@link(url: "https://x.test/secret/v0.1", for: SECURITY)') + "type Query { x: Int }", "UNSUPPORTED_FEATURE"),
        (HEAD.format(features='@link(url: "https://x.test/magic/v0.1", for: EXECUTION)') + "type Query { x: Int }", "UNSUPPORTED_FEATURE"),
    ],
)  # fmt: skip
def test_what_cannot_be_served_is_refused_with_a_code(sdl: str, code: str) -> None:
    with pytest.raises(SupergraphError) as raised:
        read_supergraph(sdl)
    assert raised.value.code == code


QUERY = "type Query @join__type(graph: A) { t: T u: U }"
REST = (
    'type T @join__type(graph: A, key: "id") { id: ID! x: Int @join__field(graph: A) }\n'
    'union U @join__type(graph: A) @join__unionMember(graph: A, member: "T") = T'
)


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        (
            "x: Int @join__field(graph: A)",
            "x: Int @join__field(graph: NOBODY)",
            "names a graph that is not there: NOBODY",
        ),
        ('key: "id"', 'key: "code"', "names a field that is not there: T.code"),
        ('key: "id"', 'key: "id {"', "cannot be read"),
        ('key: "id"', 'key: "id { x }"', "selects fields of ID, which has none"),
        ("(graph: A)", '(graph: A, requires: "y")', "names a field that is not there: T.y"),
        ("(graph: A)", '(graph: A, provides: "y")', "selects fields of Int, which has none"),
        ("(graph: A)", '(graph: A, type: "[Int")', "has a type that cannot be read: '[Int'"),
        ("(graph: A)", '(graph: A, type: "Nope")', "there is no type Nope"),
        ("(graph: A)", '(graph: A, contextArguments: [{name: "n"}])', "has no type"),
        ("x: Int", "x: Nope", "there is no type Nope"),
        ("x: Int", "x(of: Nope): Int", "there is no type Nope"),
        ('member: "T"', 'member: "Nope"', "names a type that is not there: Nope"),
        ('graph: A, member: "T"', "graph: A", "has no member"),
        ("type T @join__type(graph: A, ", "type T @join__type(", "has no graph"),
    ],
)
def test_directive_that_cannot_be_true_is_refused_with_its_place(old: str, new: str, message: str) -> None:
    read(f"{QUERY}\n{REST}")
    assert old in REST
    with pytest.raises(SupergraphError) as raised:
        read(f"{QUERY}\n{REST.replace(old, new, 1)}")
    assert raised.value.code == "INVALID_FEDERATION_SUPERGRAPH"
    assert message in raised.value.message
    lines = f"{HEAD.format(features='')}{QUERY}\n{REST.replace(old, new, 1)}".splitlines()
    assert lines[raised.value.line - 1].startswith("union U" if "member" in old else "type T")
    assert raised.value.column > 0


def test_supergraph_without_a_query_type_is_refused() -> None:
    with pytest.raises(SupergraphError) as raised:
        read("type Other @join__type(graph: A) { x: Int }")
    assert raised.value.message == "the supergraph has no query type"


def test_subgraph_is_told_from_what_is_no_schema_of_federation() -> None:
    with pytest.raises(SupergraphError) as raised:
        read_supergraph(
            'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"]) type Query { x: Int }'
        )
    assert raised.value.message == "this is a subgraph, not a supergraph: compose it first (python -m gateway compose)"


@pytest.mark.parametrize(
    ("url", "code"),
    [
        ("https://specs.apollo.dev/policy/v0.2", "UNKNOWN_LINK_VERSION"),
        ("https://specs.apollo.dev/inaccessible/v1.0", "UNKNOWN_LINK_VERSION"),
        ("https://specs.apollo.dev/authenticated", "UNSUPPORTED_FEATURE"),
        ("https://elsewhere.test/policy/v0.1", "UNSUPPORTED_FEATURE"),
        ("https://specs.apollo.dev/rateLimit/v0.1", "UNSUPPORTED_FEATURE"),
    ],
)
def test_security_that_is_not_known_to_the_letter_is_refused_with_its_place(url: str, code: str) -> None:
    """Another version may protect more, and another's specification of that name may mean anything."""
    with pytest.raises(SupergraphError) as raised:
        read(QUERY + REST, features=f'@link(url: "{url}", for: SECURITY)')
    assert raised.value.code == code
    assert (raised.value.line, raised.value.column) == (5, 3)


def test_syntax_error_names_its_place() -> None:
    with pytest.raises(SupergraphError) as raised:
        read_supergraph("type Query {\n  x Int\n}")
    assert (raised.value.line, raised.value.column) == (2, 5)


def test_feature_without_purpose_may_be_unknown() -> None:
    supergraph = read(
        "type Query @join__type(graph: A) { x: Int @note }", features='@link(url: "https://x.test/note/v0.1")'
    )
    assert set(supergraph.api.type_map["Query"].fields) == {"x"}  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    "url", ["https://example.org/notes", "https://example.org/notes/", "https://example.org/notes/v1.0"]
)
def test_what_a_link_brings_is_no_part_of_the_api_with_a_version_or_without(url: str) -> None:
    supergraph = read(
        "type Query @join__type(graph: A) { x: Int @notes__of(kind: LONG) }\n"
        "directive @notes__of(kind: notes__Kind) on FIELD_DEFINITION | FIELD\nenum notes__Kind { LONG }",
        features=f'@link(url: "{url}")',
    )
    assert "notes__Kind" not in supergraph.api.type_map
    assert supergraph.api.get_directive("notes__of") is None


@pytest.mark.parametrize(
    "use",
    [
        "a: Int @authenticated",
        'a: Int @requiresScopes(scopes: [["x"]])',
        'a: Int @policy(policies: [["x"]])',
        "a: Int b: Int @inaccessible",
        "a(b: Int @inaccessible): Int",
    ],
)
def test_access_by_a_specification_that_is_not_linked_is_refused(use: str) -> None:
    with pytest.raises(SupergraphError, match="without linking its specification") as refused:
        read(f"type Query {{ {use} }}")
    assert refused.value.code == "UNLINKED_DIRECTIVE"
    assert refused.value.line > 0


def test_a_directive_of_the_schema_s_own_is_no_access() -> None:
    link = '@link(url: "https://shop.test/rules/v1.0", import: ["@policy"])'
    assert read('type Query { a: Int @policy(policies: "own") }', features=link).access == {}


def cost_rules(types: str, *, features: str = "") -> CostRules:
    return read_cost_rules(parse(HEAD.format(features=features) + types))


def test_costs_by_a_specification_that_is_not_linked_are_counted_and_named() -> None:
    types = "type Query { a: [Int] @cost(weight: 5) @listSize(assumedSize: 3) }"
    url = "https://specs.apollo.dev/cost/v0.1"
    for features in ("", f'@link(url: "{url}", as: "price")'):
        rules = cost_rules(types, features=features)
        assert (rules.fields["Query", "a"].weight, rules.unlinked) == (5, ("@cost", "@listSize"))
    assert cost_rules(types, features=f'@link(url: "{url}", import: ["@listSize"])').unlinked == ()


def test_costs_go_by_the_names_that_the_link_gives_them() -> None:
    link = '@link(url: "https://specs.apollo.dev/cost/v0.1", as: "price", import: [{ name: "@listSize", as: "@size" }])'
    rules = cost_rules("type Query { a: [Int] @price(weight: 5) @size(assumedSize: 3) }", features=link)
    field = rules.fields["Query", "a"]
    assert field.size is not None
    assert (field.weight, field.size.assumed, rules.unlinked) == (5, 3, ())


def test_hidden_root_type_is_no_root_of_the_api_schema() -> None:
    sdl = """
        schema
          @link(url: "https://specs.apollo.dev/link/v1.0")
          @link(url: "https://specs.apollo.dev/join/v0.5", for: EXECUTION)
          @link(url: "https://specs.apollo.dev/inaccessible/v0.2", for: SECURITY)
        { query: Query mutation: Mutation }
        enum join__Graph { A @join__graph(name: "a", url: "http://a.test/") }
        scalar join__FieldSet
        type Query @join__type(graph: A) { x: Int }
        type Mutation @join__type(graph: A) @inaccessible { y: Int }
    """
    assert read_supergraph(sdl).api.mutation_type is None
