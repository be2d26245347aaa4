"""Where Apollo's composition (2.14) says otherwise, and why ours stays as it is. The contract tests hold everything else equal."""

from tests.laboratory.composition import composed, refusal


def codes(sdls: dict[str, str]) -> set[str]:
    return {error.code for error in refusal(sdls)}


def test_a_key_may_be_had_through_the_subgraph_that_it_leads_to() -> None:
    # From "a" one has O.id, with it O.sku in "b", and with that T in "b": three fetches, and the planner makes that plan.
    # Apollo does not look at the target of a jump while it looks for the jump's key, and refuses.
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "o { id }") { o: O @shareable }\ntype O @key(fields: "id") { id: ID! }',
        "b": 'type T @key(fields: "o { sku }") { o: O @shareable y: Int }\ntype O @key(fields: "id") { id: ID! sku: Int }',
    }
    assert composed(sdls)


def test_input_objects_may_be_one_of() -> None:
    # GraphQL of September 2025 has @oneOf; Apollo's composition is built on one that has not.
    assert "input I @oneOf" in composed({"a": "type Query { q(i: I): Int }\ninput I @oneOf { a: Int b: Int }"}).api_sdl


def test_a_value_from_a_context_is_never_null_if_nothing_on_its_way_is() -> None:
    # T.p and P.x are both non-null, so the value is. Apollo takes every nested selection for nullable.
    sdls = {
        "a": 'type Query { t: T! }\ntype T @key(fields: "id") @context(name: "c") { id: ID! p: P! u: U! }\ntype P { x: Int! }\n'
        'type U @key(fields: "id") { id: ID! f(a: Int! @fromContext(field: "$c { p { x } }")): Int }'
    }
    assert composed(sdls)


def test_requirements_that_need_each_other_are_refused() -> None:
    # Apollo's composition overflows its stack here.
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! x: Int @external y: Int @requires(fields: "x") }',
        "b": 'type T @key(fields: "id") { id: ID! y: Int @external x: Int @requires(fields: "y") }',
    }
    assert codes(sdls) == {"SATISFIABILITY_ERROR"}


def test_a_feature_for_security_that_nobody_enforces_is_refused() -> None:
    # The link specification: who does not know a feature `for: SECURITY` must not go on. Apollo drops it without a word.
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9") @link(url: "https://example.org/guard/v1.0",'
        " for: SECURITY)\ntype Query { q: Int }"
    )
    assert codes({"a": sdl}) == {"UNSUPPORTED_LINKED_FEATURE"}


def test_what_only_follows_is_not_said() -> None:
    # Apollo says besides that the field is unused.
    assert codes({"a": "type Query { i: I }\ninterface I { x: Int @external }\ntype T implements I { x: Int }"}) == {
        "EXTERNAL_ON_INTERFACE"
    }


def test_a_link_needs_no_version() -> None:
    # The link specification reads a url that does not end with a version as one without; Apollo wants one.
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9") @link(url: "https://example.org/notes")\n'
        "type Query { q: Int }"
    )
    assert composed({"a": sdl})


def test_a_path_beside_a_shared_mutation_is_proven_too() -> None:
    # Apollo takes T at "a" for proven, because it was walked under the mutation, where "c" could run it instead; and accepts.
    sdls = {
        "a": 'type Query { t: T }\ntype Mutation { m: T @shareable }\ntype T @key(fields: "id") { id: ID! }',
        "c": 'type Mutation { m: T @shareable }\ntype T @key(fields: "id", resolvable: false) { id: ID! x: Int }',
    }
    assert codes(sdls) == {"SATISFIABILITY_ERROR"}


def test_a_key_that_does_not_resolve_does_not_lead_back_with_what_is_required() -> None:
    # `resolvable: false` says that "a" has no reference resolver, so it cannot be asked again once "b" has given x. Apollo
    # takes any key for a way back, and the query would fail.
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "id", resolvable: false) { id: ID! x: Int @external'
        ' r: Int @requires(fields: "x") }',
        "b": 'type T @key(fields: "id") { id: ID! x: Int }',
    }
    assert codes(sdls) == {"SATISFIABILITY_ERROR"}


def test_a_default_gives_every_field_that_it_must() -> None:
    # GraphQL: a value of an input type has its required fields. Apollo does not look for those that a default leaves out.
    sdls = {"a": "type Query { q(i: In = {b: 1}): Int }\ninput In { a: Int! b: Int }"}
    assert codes(sdls) == {"INVALID_GRAPHQL"}


def test_another_key_makes_nothing_unreachable() -> None:
    # n.id is had from "c" by sku, in "a" or "b". So says Apollo too, unless "a" and "b" have the key "id" besides.
    own = 'type T @key(fields: "id") @key(fields: "sku") {{ id: ID! @shareable sku: ID! {} }}'
    taking = 'n: T @external r: Int @requires(fields: "n { id }")'
    sdls = {
        "a": f"type Query {{ t: T }}\n{own.format(taking)}",
        "b": own.format(""),
        "c": 'type T @key(fields: "sku") { sku: ID! n: T }',
    }
    assert composed(sdls)


def test_link_itself_may_be_renamed() -> None:
    # The link specification has an example of it. Apollo does not know @linked here.
    sdls = {
        "a": 'extend schema @linked(url: "https://specs.apollo.dev/link/v1.0", as: "linked")'
        ' @linked(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'
        'type Query { t: T }\ntype T @key(fields: "id") { id: ID! }'
    }
    assert composed(sdls)


def test_a_subgraphs_own_directive_is_not_kept_because_another_calls_federations_so() -> None:
    # "b" has a @label of its own, "a" calls @tag so. Apollo keeps both as @label.
    link = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{name: "@tag", as: "@label"}])\n'
    )
    sdls = {
        "a": f'{link}type Query {{ q: Int @label(name: "t") }}',
        "b": 'directive @label(name: String) on FIELD_DEFINITION\ntype Query { r: Int @label(name: "mine") }',
    }
    assert "mine" not in composed(sdls).supergraph_sdl


def test_uses_of_a_directive_are_kept_only_from_subgraphs_that_compose_it() -> None:
    # "b" does not ask to keep @hello. Apollo drops its uses too, but not where "a" has one on the same element.
    link = '@link(url: "https://example.org/greet/v1.0", import: ["@hello"])'
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective", "@shareable"]) {}\n'
        "directive @hello(to: String) repeatable on FIELD_DEFINITION\ntype Query {{ q: Int @shareable @hello(to: {}) }}"
    )
    sdls = {"a": sdl.format(f'{link} @composeDirective(name: "@hello")', '"a"'), "b": sdl.format(link, '"b"')}
    assert '@hello(to: "b")' not in composed(sdls).supergraph_sdl


def test_a_required_field_may_be_moving_under_a_label() -> None:
    # With the label on, "c" resolves x, with it off "a"; both are reached from "b" by the key. Apollo looks for what a field
    # requires without a choice of labels, finds x in neither, and refuses.
    sdls = {
        "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! x: Int }',
        "b": 'type T @key(fields: "id") { id: ID! x: Int @external y: Int @requires(fields: "x") }',
        "c": 'type T @key(fields: "id") { id: ID! x: Int @override(from: "a", label: "percent(10)") }',
    }
    assert composed(sdls)


def test_field_sets_of_federation_1_are_strings_before_they_are_judged() -> None:
    # Federation 1 takes lists and bare names. Apollo makes strings of them after it has found what is external and what is
    # shared, so a key or a @provides in such a spelling is not seen: the first is SATISFIABILITY_ERROR, the second
    # INVALID_FIELD_SHARING.
    owner = '# fed1\ntype E @key(fields: "id") { id: ID! sku: String! }'
    for key in ("id", "[id]", '["id"]'):
        other = f"# fed1\nextend type E @key(fields: {key}) {{ id: ID! @external fb: Int }} type Query {{ e: E }}"
        assert composed({"a": owner, "b": other})
    for provided in ("sku", "[sku]", '["sku"]'):
        other = (
            '# fed1\nextend type E @key(fields: "id") { id: ID! @external sku: String! @external }'
            f" type Query {{ e: E @provides(fields: {provided}) }}"
        )
        assert 'provides: "sku"' in composed({"a": owner, "b": other}).supergraph_sdl


def test_a_fragment_may_stand_below_a_field_of_a_contexts_selection() -> None:
    # Apollo takes the type of such a selection for undefined.
    sdl = (
        'type Query { t: T } type T @key(fields: "id") @context(name: "c") { id: ID! n: N u: U } type N { y: Int }'
        ' type U @key(fields: "id") { id: ID! f(a: Int @fromContext(field: "$c { n { ... on N { y } } }")): Int }'
    )
    assert composed({"a": sdl})


def test_a_scalar_of_federation_may_have_any_name_in_an_own_definition() -> None:
    # It is a string under every name. Apollo takes String, Float and enums for it, but no other scalar.
    link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])\n'
    sdl = (
        f"{link}scalar Fields directive @key(fields: Fields!) on OBJECT\n"
        'type Query { t: T } type T @key(fields: "id") { id: ID }'
    )
    assert composed({"a": sdl})
    assert codes({"a": sdl.replace("Fields!", "Float!")}) == {"DIRECTIVE_DEFINITION_INVALID"}


def test_a_directive_of_two_linked_specifications_is_one() -> None:
    # Federation's @tag and that of its own specification mean the same. Apollo refuses a subgraph that uses both.
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key"])'
        ' @link(url: "https://specs.apollo.dev/tag/v0.3", import: [{name: "@tag", as: "@mytag"}])\n'
        'type Query { q: Int @mytag(name: "x") @federation__tag(name: "y") }'
    )
    assert 'q: Int @federation__tag(name: "x") @federation__tag(name: "y")' in composed({"a": sdl}).supergraph_sdl


def test_a_use_that_is_not_composed_is_not_held_against_the_newest_definition() -> None:
    # "b" does not ask to keep @d, so its own version of it does not matter. Apollo keeps the use beside that of "a", and refuses it.
    link = '@link(url: "https://example.org/greet/v1.{}", import: ["@d"])'
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective", "@shareable"]) {}\n'
        "directive @d(a: Int{}) on FIELD_DEFINITION\ntype Query {{ q: Int @shareable @d({}) }}"
    )
    sdls = {
        "a": sdl.format(f'{link.format(2)} @composeDirective(name: "@d")', "", "a: 1"),
        "b": sdl.format(link.format(1), ", b: Int", "b: 2"),
    }
    assert "q: Int @d(a: 1)" in composed(sdls).supergraph_sdl


def test_a_composed_directive_is_defined_by_a_subgraph_that_composes_it() -> None:
    # "b" links the same version of @d without composing it. Apollo takes the definition of the last subgraph that links the newest
    # version, here that of "b", and then refuses what "a" writes.
    link = '@link(url: "https://example.org/greet/v1.0", import: ["@d"])'
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective", "@shareable"]) {}\n'
        "directive @d(a: Int{}) on FIELD_DEFINITION\ntype Query {{ q: Int @shareable {} }}"
    )
    sdls = {
        "a": sdl.format(f'{link} @composeDirective(name: "@d")', ", b: Int", "@d(b: 1)"),
        "b": sdl.format(link, "", ""),
    }
    assert "q: Int @d(b: 1)" in composed(sdls).supergraph_sdl


def test_a_name_means_what_it_does_in_its_own_subgraph() -> None:
    # "b" calls @key @tag, which the supergraph keeps as a @join__type. Apollo keeps it as a @tag besides, because "a" has one.
    link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: [{}])\n'
    sdls = {
        "a": link.format('"@key", "@tag"')
        + 'type Query { t: T @tag(name: "x") }\ntype T @key(fields: "id") { id: ID! }',
        "b": link.format('{name: "@key", as: "@tag"}') + 'type T @tag(fields: "id") { id: ID! b: Int }',
    }
    assert '@join__type(graph: B, key: "id")' in composed(sdls).supergraph_sdl


def test_equal_uses_of_a_composed_directive_are_equal_under_two_definitions() -> None:
    # Apollo compares the arguments that each subgraph's definition has, given or not, and hints at a subgraph without a use.
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective", "@shareable"])'
        ' @link(url: "https://example.org/greet/v1.0", import: ["@d"]) @composeDirective(name: "@d")\n'
        "directive @d(a: Int{}) on FIELD_DEFINITION\ntype Query {{ q: Int @shareable @d(a: 1) }}"
    )
    result = composed({"a": sdl.format(""), "b": sdl.format(", b: Int")})
    assert "q: Int @d(a: 1)" in result.supergraph_sdl
    assert not result.hints


def test_a_field_that_is_taken_at_once_is_lost_whatever_another_label_says() -> None:
    # "y" resolves s from now on, so "c" does not, with the label off or on. Apollo goes by the last subgraph that takes it, by name.
    sdl = 'type Query {{ {0}: T }} type T @key(fields: "id") {{ id: ID! s: Int @shareable {1} }}'
    taking = '@override(from: "c"{})'
    for labelled in ("a", "z"):
        sdls = {
            labelled: sdl.format(labelled, taking.format(', label: "percent(5)"')),
            "c": sdl.format("c", ""),
            "y": sdl.format("y", taking.format("")),
        }
        supergraph = composed(sdls).supergraph_sdl
        assert f'graph: {labelled.upper()}, override: "c", overrideLabel: "percent(5)"' in supergraph
        assert "graph: C, overrideLabel" not in supergraph


def test_one_use_is_kept_of_a_directive_that_the_newest_definition_lets_no_subgraph_repeat() -> None:
    # So it is where several subgraphs use it differently: the most frequent use is kept, with a hint. Apollo falls over an assertion.
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective", "@shareable"])'
        ' @link(url: "https://example.org/greet/v1.{}", import: ["@d"]) @composeDirective(name: "@d")\n'
        "directive @d(a: Int) {} on FIELD_DEFINITION\ntype Query {{ q: Int @shareable {} }}"
    )
    result = composed({"a": sdl.format(2, "", "@d(a: 2)"), "b": sdl.format(1, "repeatable", "@d(a: 1) @d(a: 2)")})
    assert "q: Int @d(a: 2)\n" in result.supergraph_sdl
    assert [hint.code for hint in result.hints] == ["INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS"]


def test_a_field_of_an_interface_object_may_have_a_cost() -> None:
    # In "a" it is an object's field. Apollo writes the cost to the interface's field, and refuses that when it reads its supergraph.
    sdls = {
        "a": 'type Query { i: I } type I @interfaceObject @key(fields: "id") { id: ID! a: Int @cost(weight: 2) }',
        "b": 'interface I @key(fields: "id") { id: ID! } type T implements I @key(fields: "id") { id: ID! }',
    }
    assert "a: Int @join__field(graph: A) @cost(weight: 2)" in composed(sdls).supergraph_sdl
