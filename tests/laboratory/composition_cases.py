"""One pair of subgraph sets for every composition error code: refused with that code, and the same, mended."""

from tests.laboratory.composition import Case

Q = "type Query { q: Int }"
LINK = "https://specs.apollo.dev/link/v1.0"
FED29 = "https://specs.apollo.dev/federation/v2.9"


def _linked(rest: str, imports: str = '"@key"', url: str = FED29) -> str:
    return f'extend schema @link(url: "{url}", import: [{imports}])\n{rest}'


def _custom(imported: str, name: str, field: str, version: str = "1.0") -> str:
    return (
        f'extend schema @link(url: "{FED29}", import: ["@composeDirective"]) @link(url: "https://example.org/greet/v{version}",'
        f' import: [{imported if imported.startswith("{") else repr_text(imported)}]) @composeDirective(name: "@{name}")\n'
        f"directive @{name}(to: String) on FIELD_DEFINITION\n"
        f'type Query {{ {field}: Int @{name}(to: "x") }}'
    )


def _tagged(imported: str, name: str, field: str) -> str:
    return _linked(f'type Query {{ {field}: Int @{name}(name: "t") }}', imported)


def repr_text(text: str) -> str:
    """A name as a GraphQL string."""
    return f'"{text}"'


DOCUMENT = (
    Case("INVALID_GRAPHQL", {"a": "type Query { q: Unknown }"}, {"a": Q}, "a:1"),
    Case("INVALID_GRAPHQL", {"a": "type Query { q: Int"}, {"a": Q}, "a:1"),
    Case("INVALID_GRAPHQL", {"a": "type Query @shared { q: Int }"}, {"a": "type Query @shareable { q: Int }"}, "a:1"),
    Case(
        "INVALID_GRAPHQL",
        {"a": "interface I { x: Int }\ntype T implements I { y: Int }\ntype Query { t: T }"},
        {"a": "interface I { x: Int }\ntype T implements I { x: Int }\ntype Query { t: T }"},
        "a:2",
    ),
    Case(
        "DIRECTIVE_DEFINITION_INVALID",
        {"a": f"directive @key(fields: Int) on ENUM\n{Q}"},
        {
            "a": f"directive @key(fields: federation__FieldSet!, resolvable: Boolean = true) repeatable on OBJECT | INTERFACE\n{Q}"
        },
        "a:1",
    ),
    Case(
        "TYPE_DEFINITION_INVALID",
        {"a": f"enum federation__FieldSet {{ A }}\n{Q}"},
        {"a": f"scalar federation__FieldSet\n{Q}"},
        "a:1",
    ),
    Case(
        "UNSUPPORTED_LINKED_FEATURE",
        {"a": _linked(Q) + '\nextend schema @link(url: "https://example.org/guard/v1.0", for: SECURITY)'},
        {"a": _linked(Q) + '\nextend schema @link(url: "https://example.org/guard/v1.0")'},
        "a:3",
    ),
    Case(
        "UNSUPPORTED_FEATURE",
        {"a": _linked(Q) + '\nextend schema @link(url: "https://specs.apollo.dev/connect/v0.1")'},
        {"a": _linked(Q)},
        "a:3",
    ),
    Case(
        "UNKNOWN_FEDERATION_LINK_VERSION", {"a": _linked(Q, url=FED29.replace("2.9", "3.0"))}, {"a": _linked(Q)}, "a:1"
    ),
    Case(
        "UNKNOWN_LINK_VERSION",
        {"a": f'extend schema @link(url: "{LINK[:-3]}9.7")\n{Q}'},
        {"a": f'extend schema @link(url: "{LINK}") @link(url: "{FED29}")\n{Q}'},
        "a:1",
    ),
    Case("INVALID_LINK_DIRECTIVE_USAGE", {"a": _linked(Q, '"@unheard"')}, {"a": _linked(Q)}, "a:1"),
    Case(
        "INVALID_LINK_DIRECTIVE_USAGE",
        {"a": _linked(Q, '{name: "@key", as: "@x"}, {name: "@tag", as: "@x"}')},
        {"a": _linked(Q, '{name: "@key", as: "@x"}, {name: "@tag", as: "@y"}')},
        "a:1",
    ),
    Case(
        "INVALID_LINK_DIRECTIVE_USAGE",
        {"a": _linked(Q, '"@key", {name: "@key", as: "@x"}')},
        {"a": _linked(Q, '"@key", "@key"')},
        "a:1",
    ),
    Case(
        "INVALID_LINK_DIRECTIVE_USAGE",
        {"a": _linked(Q, '{name: "@key", as: "pk"}')},
        {"a": _linked(Q, '{name: "@key", as: "@pk"}')},
        "a:1",
    ),
    Case(
        "INVALID_LINK_IDENTIFIER",
        {"a": _linked(Q, url="https://specs.apollo.dev/federation")},
        {"a": _linked(Q)},
        "a:1",
    ),
    Case(
        "LINK_IMPORT_NAME_MISMATCH",
        {"a": _tagged('"@tag"', "tag", "q"), "b": _tagged('{name: "@tag", as: "@label"}', "label", "r")},
        {
            "a": _tagged('{name: "@tag", as: "@label"}', "label", "q"),
            "b": _tagged('{name: "@tag", as: "@label"}', "label", "r"),
        },
        "b:1",
    ),
    Case(
        "LINK_IMPORT_NAME_MISMATCH",
        {"a": _tagged('"@tag"', "tag", "q"), "b": _tagged('"@key"', "federation__tag", "r")},
        {"a": _tagged('"@tag"', "tag", "q"), "b": _linked("type Query { r: Int }", '{name: "@tag", as: "@label"}')},
        "b:1",
    ),
    Case(
        "DIRECTIVE_COMPOSITION_ERROR",
        {"a": _custom("@hello", "hello", "q"), "b": _custom('{name: "@hello", as: "@hi"}', "hi", "r")},
        {"a": _custom("@hello", "hello", "q"), "b": _custom("@hello", "hello", "r")},
        "b:1",
    ),
    Case(
        "DIRECTIVE_COMPOSITION_ERROR",
        {"a": _custom("@tag", "tag", "q"), "b": _tagged('"@tag"', "tag", "r")},
        {"a": _custom("@tag", "tag", "q"), "b": _tagged('{name: "@tag", as: "@label"}', "label", "r")},
        "a:1",
    ),
    Case(
        "DIRECTIVE_COMPOSITION_ERROR",
        {"a": _linked(f'{Q}\nextend schema @composeDirective(name: "@key")', '"@key", "@composeDirective"')},
        {"a": _linked(f'{Q}\nextend schema @composeDirective(name: "@tag")', '"@tag", "@composeDirective"')},
        "a:3",
    ),
    Case(
        "DIRECTIVE_COMPOSITION_ERROR",
        {"a": f'{Q}\ndirective @mine on FIELD_DEFINITION\nextend schema @composeDirective(name: "@mine")'},
        {"a": _custom("@hello", "hello", "q")},
        "a:3",
    ),
    Case(
        "DIRECTIVE_COMPOSITION_ERROR",
        {"a": _custom("@hello", "hello", "q"), "b": _custom("@hello", "hello", "r", version="2.0")},
        {"a": _custom("@hello", "hello", "q"), "b": _custom("@hello", "hello", "r", version="1.3")},
        "b:1",
    ),
    Case("INVALID_SUBGRAPH_NAME", {"_": Q}, {"a": Q}, ""),
    Case("INVALID_SUBGRAPH_NAME", {"": Q}, {"a": Q}, ""),
)

ROOTS = (
    Case("NO_QUERIES", {"a": "type T { x: Int }"}, {"a": Q}, ""),
    Case(
        "ROOT_QUERY_USED",
        {"a": "schema { query: Root }\ntype Root { q: Int }\ntype Query { x: Int }"},
        {"a": "schema { query: Root }\ntype Root { q: Int }\ntype Questions { x: Int }"},
        "a:3",
    ),
    Case(
        "ROOT_MUTATION_USED",
        {"a": f"schema {{ query: Query mutation: Root }}\n{Q}\ntype Root {{ q: Int }}\ntype Mutation {{ x: Int }}"},
        {"a": f"schema {{ query: Query mutation: Root }}\n{Q}\ntype Root {{ q: Int }}\ntype Change {{ x: Int }}"},
        "a:4",
    ),
    Case(
        "ROOT_SUBSCRIPTION_USED",
        {
            "a": f"schema {{ query: Query subscription: Root }}\n{Q}\ntype Root {{ q: Int }}\ntype Subscription {{ x: Int }}"
        },
        {"a": f"schema {{ query: Query subscription: Root }}\n{Q}\ntype Root {{ q: Int }}\ntype Plan {{ x: Int }}"},
        "a:4",
    ),
)


def _keyed(key: str, fields: str = "id: ID!", rest: str = "") -> dict[str, str]:
    return {"a": f"type Query {{ t: T }}\ntype T @key({key}) {{ {fields} }}\n{rest}"}


def _provided(provides: str, fields: str = "id: ID! x: Int @external", rest: str = "") -> dict[str, str]:
    return {
        "a": f'type Query {{ t: T @provides({provides}) u: U }}\ntype T @key(fields: "id") {{ {fields} }}\n'
        f"type U {{ u: T @shareable }}\n{rest}",
        "b": 'type T @key(fields: "id") { id: ID! x(a: Int): Int @shareable y: Y @shareable }\ntype Y @shareable { z: Int }',
    }


def _required(requires: str, fields: str = "x: Int @external", rest: str = "") -> dict[str, str]:
    return {
        "a": f'type Query {{ t: T }}\ntype T @key(fields: "id") {{ id: ID! {fields} r: Int @requires({requires}) }}\n{rest}',
        "b": 'type T @key(fields: "id") { id: ID! x: Int w: Int }',
    }


GOOD_KEY = _keyed('fields: "id"')
GOOD_PROVIDES = {
    "a": 'type Query { t: T @provides(fields: "x") }\ntype T @key(fields: "id") { id: ID! x: Int @external }',
    "b": 'type T @key(fields: "id") { id: ID! x: Int @shareable }',
}
GOOD_REQUIRES = _required('fields: "x"')
INTERFACE = (
    'interface I { id: ID! x: Int }\ntype T implements I @key(fields: "id") { id: ID! x: Int }\ntype Query { i: I }'
)

FIELD_SETS = (
    Case("KEY_FIELDS_HAS_ARGS", _keyed('fields: "id"', "id(a: Int): ID!"), GOOD_KEY, "a:2"),
    Case(
        "KEY_FIELDS_SELECT_INVALID_TYPE",
        _keyed('fields: "u { ... on V { x } }"', "u: U", "union U = V\ntype V { x: Int }"),
        _keyed('fields: "u { x }"', "u: V", "type V { x: Int }"),
        "a:2",
    ),
    Case(
        "KEY_FIELDS_SELECT_INVALID_TYPE",
        _keyed('fields: "u { x }"', "u: U", "interface U { x: Int }\ntype V implements U { x: Int }"),
        GOOD_KEY,
        "a:2",
    ),
    Case("KEY_INVALID_FIELDS", _keyed('fields: "nothing"'), GOOD_KEY, "a:2"),
    Case("KEY_INVALID_FIELDS", _keyed('fields: ""'), GOOD_KEY, "a:2"),
    Case("KEY_INVALID_FIELDS", _keyed('fields: "id { x }"'), GOOD_KEY, "a:2"),
    Case("KEY_INVALID_FIELDS", _keyed('fields: "v"', "v: V", "type V { x: Int }"), GOOD_KEY, "a:2"),
    Case("KEY_INVALID_FIELDS", _keyed('fields: "other: id"'), GOOD_KEY, "a:2"),
    Case("KEY_INVALID_FIELDS_TYPE", _keyed("fields: 3"), GOOD_KEY, "a:2"),
    Case("KEY_INVALID_FIELDS_TYPE", _keyed('fields: ["id"]'), GOOD_KEY, "a:2"),
    Case("KEY_DIRECTIVE_IN_FIELDS_ARG", _keyed('fields: "id @skip(if: false)"'), GOOD_KEY, "a:2"),
    Case(
        "KEY_UNSUPPORTED_ON_INTERFACE",
        {
            "a": 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.2", import: ["@key"])\n'
            'interface I @key(fields: "id") { id: ID! }\ntype T implements I @key(fields: "id") { id: ID! }\ntype Query { i: I }'
        },
        {
            "a": 'interface I @key(fields: "id") { id: ID! }\ntype T implements I @key(fields: "id") { id: ID! }\ntype Query { i: I }'
        },
        "a:2",
    ),
    Case(
        "PROVIDES_FIELDS_HAS_ARGS",
        _provided('fields: "x(a: 1)"', "id: ID! x(a: Int): Int @external"),
        GOOD_PROVIDES,
        "a:1",
    ),
    Case(
        "PROVIDES_FIELDS_MISSING_EXTERNAL",
        {"a": 'type Query { t: T @provides(fields: "x") }\ntype T @key(fields: "id") { id: ID! x: Int @shareable }'},
        GOOD_PROVIDES,
        "a:1",
    ),
    Case(
        "PROVIDES_FIELDS_MISSING_EXTERNAL",
        {
            "a": 'type Query { t: T @provides(fields: "id") }\nextend type T @key(fields: "id") { id: ID! @external }',
            "b": 'type T @key(fields: "id") { id: ID! }',
        },
        GOOD_PROVIDES,
        "a:1",
    ),
    Case(
        "PROVIDES_INVALID_FIELDS",
        {"a": 'type Query { t: T @provides(fields: "nothing") }\ntype T { x: Int }'},
        GOOD_PROVIDES,
        "a:1",
    ),
    Case(
        "PROVIDES_INVALID_FIELDS_TYPE",
        {"a": "type Query { t: T @provides(fields: 3) }\ntype T { x: Int }"},
        GOOD_PROVIDES,
        "a:1",
    ),
    Case(
        "PROVIDES_DIRECTIVE_IN_FIELDS_ARG",
        {"a": GOOD_PROVIDES["a"].replace('"x"', '"x @skip(if: true)"'), "b": GOOD_PROVIDES["b"]},
        GOOD_PROVIDES,
        "a:1",
    ),
    Case(
        "PROVIDES_UNSUPPORTED_ON_INTERFACE",
        {
            "a": 'type Query { i: I }\ninterface I { t: T @provides(fields: "x") }\ntype J implements I { t: T @provides(fields: "x") }\n'
            'type T @key(fields: "id") { id: ID! x: Int @external }',
            "b": GOOD_PROVIDES["b"],
        },
        GOOD_PROVIDES,
        "a:2",
    ),
    Case("PROVIDES_ON_NON_OBJECT_FIELD", {"a": 'type Query { t: Int @provides(fields: "x") }'}, GOOD_PROVIDES, "a:1"),
    Case("REQUIRES_FIELDS_MISSING_EXTERNAL", _required('fields: "y"', "y: Int"), GOOD_REQUIRES, "a:2"),
    Case("REQUIRES_INVALID_FIELDS", _required('fields: "nothing"', ""), GOOD_REQUIRES, "a:2"),
    Case("REQUIRES_INVALID_FIELDS_TYPE", _required("fields: 3", ""), GOOD_REQUIRES, "a:2"),
    Case("REQUIRES_DIRECTIVE_IN_FIELDS_ARG", _required('fields: "x @include(if: true)"'), GOOD_REQUIRES, "a:2"),
    Case(
        "REQUIRES_UNSUPPORTED_ON_INTERFACE",
        {
            "a": 'type Query { i: I }\ninterface I { id: ID! r: Int @requires(fields: "id") }\n'
            'type T implements I @key(fields: "id") { id: ID! x: Int @external r: Int @requires(fields: "x") }',
            "b": 'type T @key(fields: "id") { id: ID! x: Int }',
        },
        GOOD_REQUIRES,
        "a:2",
    ),
)

EXTERNAL = (
    Case(
        "EXTERNAL_UNUSED",
        {
            "a": f'{Q}\ntype T @key(fields: "id") {{ id: ID! x: Int @external }}',
            "b": 'type T @key(fields: "id") { id: ID! x: Int }',
        },
        GOOD_REQUIRES,
        "a:2",
    ),
    Case(
        "TYPE_WITH_ONLY_UNUSED_EXTERNAL",
        {"a": "# fed1\ntype Query { t: T q: Int }\ntype T { x: Int @external }", "b": "# fed1\ntype T { x: Int }"},
        {"a": "# fed1\ntype Query { t: T q: Int }\ntype T { x: Int }", "b": "# fed1\ntype T { x: Int }"},
        "a:3",
    ),
    Case(
        "TYPE_WITH_ONLY_UNUSED_EXTERNAL",
        {
            "a": "# fed1\ntype Query { q: Int }\ntype Mutation { m: Int @external }",
            "b": "# fed1\ntype Mutation { m: Int }",
        },
        {"a": "# fed1\ntype Query { q: Int }", "b": "# fed1\ntype Mutation { m: Int }"},
        "a:3",
    ),
    Case(
        "EXTERNAL_TYPE_MISMATCH",
        _required('fields: "x"', "x: String @external"),
        GOOD_REQUIRES,
        "a:2",
    ),
    Case(
        "EXTERNAL_ARGUMENT_MISSING",
        {"a": _required('fields: "x"')["a"], "b": 'type T @key(fields: "id") { id: ID! x(a: Int): Int }'},
        GOOD_REQUIRES,
        "a:2",
    ),
    Case(
        "EXTERNAL_ARGUMENT_TYPE_MISMATCH",
        {
            "a": _required('fields: "x"', "x(a: String): Int @external")["a"],
            "b": 'type T @key(fields: "id") { id: ID! x(a: Int): Int }',
        },
        {
            "a": _required('fields: "x"', "x(a: Int): Int @external")["a"],
            "b": 'type T @key(fields: "id") { id: ID! x(a: Int): Int }',
        },
        "a:2",
    ),
    Case(
        "EXTERNAL_ARGUMENT_DEFAULT_MISMATCH",
        {
            "a": _required('fields: "x"', "x(a: Int = 1): Int @external")["a"],
            "b": 'type T @key(fields: "id") { id: ID! x(a: Int = 2): Int }',
        },
        {
            "a": _required('fields: "x"', "x(a: Int = 2): Int @external")["a"],
            "b": 'type T @key(fields: "id") { id: ID! x(a: Int = 2): Int }',
        },
        "a:2",
    ),
    Case(
        "EXTERNAL_ON_INTERFACE",
        {"a": "interface I { x: Int @external }\ntype T implements I { x: Int }\ntype Query { i: I }"},
        {"a": "interface I { x: Int }\ntype T implements I { x: Int }\ntype Query { i: I }"},
        "a:1",
    ),
    Case(
        "EXTERNAL_COLLISION_WITH_ANOTHER_DIRECTIVE",
        {
            "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! r: Int @requires(fields: "x { z }") x: X @external @provides(fields: "z") }\n'
            "type X { z: Int @external }",
            "b": 'type T @key(fields: "id") { id: ID! x: X }\ntype X @shareable { z: Int }',
        },
        {
            "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! r: Int @requires(fields: "x { z }") x: X @external }\n'
            "type X { z: Int @external }",
            "b": 'type T @key(fields: "id") { id: ID! x: X }\ntype X @shareable { z: Int }',
        },
        "a:2",
    ),
    Case(
        "EXTERNAL_MISSING_ON_BASE",
        {"a": GOOD_REQUIRES["a"], "b": 'type T @key(fields: "id") { id: ID! w: Int }'},
        GOOD_REQUIRES,
        "a:2",
    ),
    Case(
        "EXTENSION_WITH_NO_BASE",
        {"a": '# fed1\ntype Query { t: T }\ntype T @extends @key(fields: "id") { id: ID! }'},
        {
            "a": '# fed1\ntype Query { t: T }\ntype T @extends @key(fields: "id") { id: ID! @external }',
            "b": '# fed1\ntype T @key(fields: "id") { id: ID! }',
        },
        "a:3",
    ),
    Case("EXTENSION_WITH_NO_BASE", {"a": f"{Q}\nextend enum E {{ A }}"}, {"a": f"{Q}\nenum E {{ A }}"}, "a:2"),
    Case(
        "MERGED_DIRECTIVE_APPLICATION_ON_EXTERNAL",
        _required('fields: "x"', 'x: Int @external @tag(name: "t")'),
        GOOD_REQUIRES,
        "a:2",
    ),
)

MERGING = (
    Case(
        "TYPE_KIND_MISMATCH",
        {"a": f"{Q}\ntype T {{ x: Int }}", "b": "enum T { A }"},
        {"a": Q, "b": "enum T { A }"},
        "a:2",
    ),
    Case(
        "FIELD_TYPE_MISMATCH",
        {"a": "type Query { q: Int @shareable }", "b": "type Query { q: String @shareable }"},
        {"a": "type Query { q: Int @shareable }", "b": "type Query { q: Int! @shareable }"},
        "a:1",
    ),
    Case(
        "FIELD_ARGUMENT_TYPE_MISMATCH",
        {"a": "type Query { q(a: Int): Int @shareable }", "b": "type Query { q(a: String): Int @shareable }"},
        {"a": "type Query { q(a: Int): Int @shareable }", "b": "type Query { q(a: Int!): Int @shareable }"},
        "a:1",
    ),
    Case(
        "FIELD_ARGUMENT_DEFAULT_MISMATCH",
        {"a": "type Query { q(a: Int = 1): Int @shareable }", "b": "type Query { q(a: Int = 2): Int @shareable }"},
        {"a": "type Query { q(a: Int = 1): Int @shareable }", "b": "type Query { q(a: Int = 1): Int @shareable }"},
        "a:1",
    ),
    Case(
        "INPUT_FIELD_DEFAULT_MISMATCH",
        {"a": "type Query { q(i: In): Int }\ninput In { x: Int = 1 }", "b": "input In { x: Int = 2 }"},
        {"a": "type Query { q(i: In): Int }\ninput In { x: Int = 1 }", "b": "input In { x: Int = 1 }"},
        "a:2",
    ),
    Case(
        "REQUIRED_ARGUMENT_MISSING_IN_SOME_SUBGRAPH",
        {"a": "type Query { q(a: Int!): Int @shareable }", "b": "type Query { q: Int @shareable }"},
        {"a": "type Query { q(a: Int): Int @shareable }", "b": "type Query { q: Int @shareable }"},
        "a:1",
    ),
    Case(
        "REQUIRED_INPUT_FIELD_MISSING_IN_SOME_SUBGRAPH",
        {"a": "type Query { q(i: In): Int }\ninput In { x: Int! y: Int }", "b": "input In { y: Int }"},
        {"a": "type Query { q(i: In): Int }\ninput In { x: Int y: Int }", "b": "input In { y: Int }"},
        "a:2",
    ),
    Case(
        "EMPTY_MERGED_INPUT_TYPE",
        {"a": "type Query { q(i: In): Int }\ninput In { x: Int }", "b": "input In { y: Int }"},
        {"a": "type Query { q(i: In): Int }\ninput In { x: Int y: Int }", "b": "input In { y: Int }"},
        "a:2",
    ),
    Case(
        "EMPTY_MERGED_ENUM_TYPE",
        {"a": "type Query { q(e: E): Int }\nenum E { A }", "b": "type Query { r(e: E): Int }\nenum E { B }"},
        {"a": "type Query { q(e: E): Int }\nenum E { A B }", "b": "type Query { r(e: E): Int }\nenum E { B }"},
        "a:2",
    ),
    Case(
        "ENUM_VALUE_MISMATCH",
        {"a": "type Query { q(e: E): E }\nenum E { A B }", "b": "enum E { A }"},
        {"a": "type Query { q(e: E): E }\nenum E { A B @inaccessible }", "b": "enum E { A }"},
        "b:1",
    ),
    Case(
        "INTERFACE_FIELD_NO_IMPLEM",
        {
            "a": "interface I { x: Int }\ntype T implements I @shareable { x: Int }\ntype Query { i: I }",
            "b": "interface I { x: Int y: Int }\ntype U implements I { x: Int y: Int }",
        },
        {
            "a": "interface I { x: Int }\ntype T implements I @shareable { x: Int }\ntype Query { i: I }",
            "b": "interface I { x: Int }\ntype U implements I { x: Int y: Int }",
        },
        "a:2",
    ),
    Case(
        "INVALID_FIELD_SHARING",
        {"a": "type Query { q: Int }", "b": "type Query { q: Int @shareable }"},
        {"a": "type Query { q: Int @shareable }", "b": "type Query { q: Int @shareable }"},
        "a:1",
    ),
    Case(
        "INVALID_SHAREABLE_USAGE",
        {"a": "interface I { x: Int @shareable }\ntype T implements I { x: Int }\ntype Query { i: I }"},
        {"a": "interface I { x: Int }\ntype T implements I { x: Int @shareable }\ntype Query { i: I }"},
        "a:1",
    ),
    Case(
        "SHAREABLE_HAS_MISMATCHED_RUNTIME_TYPES",
        {
            "a": "type Query { u: U @shareable }\nunion U = A\ntype A { x: Int }",
            "b": "type Query { u: U @shareable }\nunion U = B\ntype B { x: Int }",
        },
        {
            "a": "type Query { u: U @shareable }\nunion U = A\ntype A @shareable { x: Int }",
            "b": "type Query { u: U @shareable }\nunion U = A\ntype A @shareable { x: Int }",
        },
        "a:1",
    ),
    Case(
        "SATISFIABILITY_ERROR",
        {"a": "type Query { t: T }\ntype T @shareable { x: Int }", "b": "type T @shareable { x: Int y: Int }"},
        {
            "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! x: Int }',
            "b": 'type T @key(fields: "id") { id: ID! y: Int }',
        },
        "b:1",
    ),
)

HIDDEN = "type Hidden @inaccessible { x: Int }"
INACCESSIBLE = (
    Case(
        "REFERENCED_INACCESSIBLE",
        {"a": f"type Query {{ h: Hidden q: Int }}\n{HIDDEN}"},
        {"a": f"type Query {{ h: Hidden @inaccessible q: Int }}\n{HIDDEN}"},
        "a:1",
    ),
    Case(
        "DEFAULT_VALUE_USES_INACCESSIBLE",
        {"a": "type Query { q(e: E = A): Int }\nenum E { A @inaccessible B }"},
        {"a": "type Query { q(e: E = B): Int }\nenum E { A @inaccessible B }"},
        "a:1",
    ),
    Case(
        "QUERY_ROOT_TYPE_INACCESSIBLE",
        {"a": "type Query @inaccessible { q: Int }"},
        {"a": "type Query { q: Int p: Int @inaccessible }"},
        "a:1",
    ),
    Case(
        "REQUIRED_INACCESSIBLE",
        {"a": "type Query { q(a: Int! @inaccessible): Int }"},
        {"a": "type Query { q(a: Int! = 1 @inaccessible): Int }"},
        "a:1",
    ),
    Case(
        "IMPLEMENTED_BY_INACCESSIBLE",
        {"a": "type Query { i: I }\ninterface I { x: Int }\ntype T implements I { x: Int @inaccessible y: Int }"},
        {
            "a": "type Query { i: I }\ninterface I { x: Int @inaccessible z: Int }\ntype T implements I { x: Int @inaccessible z: Int }"
        },
        "a:3",
    ),
    Case(
        "DISALLOWED_INACCESSIBLE",
        {"a": f"{Q}\nscalar Int @inaccessible"},
        {"a": f"{Q}\nscalar Other @inaccessible"},
        "a:2",
    ),
    Case(
        "ONLY_INACCESSIBLE_CHILDREN",
        {"a": "type Query { t: T }\ntype T { x: Int @inaccessible }"},
        {"a": "type Query { t: T }\ntype T { x: Int @inaccessible y: Int }"},
        "a:2",
    ),
)

OVERRIDE = (
    Case(
        "OVERRIDE_FROM_SELF_ERROR",
        {"a": 'type Query { q: Int @override(from: "a") }'},
        {"a": 'type Query { q: Int @override(from: "b") }', "b": "type Query { q: Int p: Int }"},
        "a:1",
    ),
    Case(
        "OVERRIDE_SOURCE_HAS_OVERRIDE",
        {
            "a": 'type Query { q: Int @override(from: "b") }',
            "b": 'type Query { q: Int @override(from: "c") p: Int }',
            "c": "type Query { q: Int r: Int }",
        },
        {
            "a": 'type Query { q: Int @override(from: "b") }',
            "b": "type Query { q: Int p: Int }",
            "c": "type Query { r: Int }",
        },
        "a:1",
    ),
    Case(
        "OVERRIDE_COLLISION_WITH_ANOTHER_DIRECTIVE",
        {
            "a": 'type Query { p: Int }\ntype T @key(fields: "id") { id: ID! r: Int @override(from: "b") }',
            "b": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! x: Int @external r: Int @requires(fields: "x") }',
            "c": 'type T @key(fields: "id") { id: ID! x: Int }',
        },
        {
            "a": 'type Query { p: Int }\ntype T @key(fields: "id") { id: ID! r: Int @override(from: "b") }',
            "b": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! r: Int }',
        },
        "a:2",
    ),
    Case(
        "OVERRIDE_ON_INTERFACE",
        {"a": 'interface I { x: Int @override(from: "b") }\ntype T implements I { x: Int }\ntype Query { i: I }'},
        {"a": "interface I { x: Int }\ntype T implements I { x: Int }\ntype Query { i: I }"},
        "a:1",
    ),
    Case(
        "OVERRIDE_LABEL_INVALID",
        {"a": 'type Query { q: Int @override(from: "b", label: "percent(101)") }', "b": "type Query { q: Int p: Int }"},
        {"a": 'type Query { q: Int @override(from: "b", label: "percent(5)") }', "b": "type Query { q: Int p: Int }"},
        "a:1",
    ),
)

ENTITY_INTERFACE = 'interface I @key(fields: "id") { id: ID! }\ntype T implements I @key(fields: "id") { id: ID! }\ntype Query { i: I }'
INTERFACE_OBJECTS = (
    Case(
        "INTERFACE_OBJECT_USAGE_ERROR",
        {"a": ENTITY_INTERFACE, "b": "type I @interfaceObject { y: Int }"},
        {"a": ENTITY_INTERFACE, "b": 'type I @interfaceObject @key(fields: "id") { id: ID! y: Int }'},
        "b:1",
    ),
    Case(
        "INTERFACE_OBJECT_USAGE_ERROR",
        {
            "a": ENTITY_INTERFACE,
            "b": 'type I @interfaceObject @key(fields: "id") { id: ID! y: Int }\ntype T @key(fields: "id") { id: ID! }',
        },
        {"a": ENTITY_INTERFACE, "b": 'type I @interfaceObject @key(fields: "id") { id: ID! y: Int }'},
        "b:1",
    ),
    Case(
        "INTERFACE_OBJECT_USAGE_ERROR",
        {
            "a": ENTITY_INTERFACE,
            "b": 'type I @interfaceObject @key(fields: "id") { id: ID! y: Int }',
            "c": "# fed1\n" + ENTITY_INTERFACE.replace("type Query { i: I }", "type Query { j: I }"),
        },
        {
            "a": ENTITY_INTERFACE,
            "b": 'type I @interfaceObject @key(fields: "id") { id: ID! y: Int }',
            "c": ENTITY_INTERFACE.replace("type Query { i: I }", "type Query { j: I }"),
        },
        "c:2",
    ),
    Case(
        "INTERFACE_KEY_NOT_ON_IMPLEMENTATION",
        {"a": ENTITY_INTERFACE.replace('type T implements I @key(fields: "id")', "type T implements I")},
        {"a": ENTITY_INTERFACE},
        "a:2",
    ),
    Case(
        "INTERFACE_KEY_MISSING_IMPLEMENTATION_TYPE",
        {
            "a": ENTITY_INTERFACE,
            "b": 'type I @interfaceObject @key(fields: "id") { id: ID! y: Int }',
            "c": 'interface I { id: ID! }\ntype U implements I @key(fields: "id") { id: ID! }',
        },
        {"a": ENTITY_INTERFACE, "b": 'type I @interfaceObject @key(fields: "id") { id: ID! y: Int }'},
        "a:1",
    ),
)


def _context(
    argument: str, on: str = '@context(name: "c")', inner: str = 'type U @key(fields: "id")', also: str = ""
) -> dict[str, str]:
    return {
        "a": f'type Query {{ t: T! }}\ntype T @key(fields: "id") {on} {{ id: ID! u: U! x: Int! {also} }}\n'
        f"{inner} {{ id: ID! f({argument}): Int }}",
        "b": "type Query { b: Int }",
    }


GOOD_CONTEXT = _context('a: Int @fromContext(field: "$c { x }")')
CONTEXT = (
    Case("CONTEXT_NOT_SET", _context('a: Int @fromContext(field: "$unset { x }")'), GOOD_CONTEXT, "a:3"),
    Case("NO_CONTEXT_IN_SELECTION", _context('a: Int @fromContext(field: "{ x }")'), GOOD_CONTEXT, "a:3"),
    Case("CONTEXT_INVALID_SELECTION", _context('a: Int @fromContext(field: "$c { nothing }")'), GOOD_CONTEXT, "a:3"),
    Case("CONTEXT_INVALID_SELECTION", _context('a: String @fromContext(field: "$c { x }")'), GOOD_CONTEXT, "a:3"),
    Case(
        "CONTEXT_INVALID_SELECTION",
        _context('a: Int @fromContext(field: "$c { y }")', also="y(need: Int!): Int"),
        _context('a: Int @fromContext(field: "$c { y(need: 1) }")', also="y(need: Int!): Int"),
        "a:3",
    ),
    Case(
        "CONTEXT_NO_RESOLVABLE_KEY",
        _context('a: Int @fromContext(field: "$c { x }")', inner="type U"),
        GOOD_CONTEXT,
        "a:3",
    ),
    Case(
        "CONTEXT_NAME_INVALID",
        _context('a: Int @fromContext(field: "$c { x }")', on='@context(name: "_c") @context(name: "c")'),
        GOOD_CONTEXT,
        "a:2",
    ),
    Case(
        "CONTEXTUAL_ARGUMENT_NOT_CONTEXTUAL_IN_ALL_SUBGRAPHS",
        {
            "a": GOOD_CONTEXT["a"].replace("): Int }", "): Int @shareable }"),
            "b": 'type Query { b: Int }\ntype U @key(fields: "id") { id: ID! f(a: Int!): Int @shareable }',
        },
        {
            "a": GOOD_CONTEXT["a"].replace("): Int }", "): Int @shareable }"),
            "b": 'type Query { b: Int }\ntype U @key(fields: "id") { id: ID! f: Int @shareable }',
        },
        "b:2",
    ),
)

COST_AND_ACCESS = (
    Case(
        "COST_APPLIED_TO_INTERFACE_FIELD",
        {"a": "type Query { i: I }\ninterface I { x: Int @cost(weight: 2) }\ntype T implements I { x: Int }"},
        {"a": "type Query { i: I }\ninterface I { x: Int }\ntype T implements I { x: Int @cost(weight: 2) }"},
        "a:2",
    ),
    Case(
        "LIST_SIZE_APPLIED_TO_NON_LIST",
        {"a": "type Query { q: Int @listSize(assumedSize: 3) }"},
        {"a": "type Query { q: [Int] @listSize(assumedSize: 3) }"},
        "a:1",
    ),
    Case(
        "LIST_SIZE_INVALID_ASSUMED_SIZE",
        {"a": "type Query { q: [Int] @listSize(assumedSize: -3) }"},
        {"a": "type Query { q: [Int] @listSize(assumedSize: 3) }"},
        "a:1",
    ),
    Case(
        "LIST_SIZE_INVALID_SLICING_ARGUMENT",
        {"a": 'type Query { q(first: String): [Int] @listSize(slicingArguments: ["first"]) }'},
        {"a": 'type Query { q(first: Int): [Int] @listSize(slicingArguments: ["first"]) }'},
        "a:1",
    ),
    Case(
        "LIST_SIZE_INVALID_SIZED_FIELD",
        {
            "a": 'type Query { c(first: Int): C @listSize(slicingArguments: ["first"], sizedFields: ["nothing"]) }\ntype C { items: [Int] count: Int }'
        },
        {
            "a": 'type Query { c(first: Int): C @listSize(slicingArguments: ["first"], sizedFields: ["items"]) }\ntype C { items: [Int] count: Int }'
        },
        "a:1",
    ),
    Case(
        "AUTH_REQUIREMENTS_APPLIED_ON_INTERFACE",
        {"a": "type Query { i: I }\ninterface I @authenticated { x: Int }\ntype T implements I { x: Int }"},
        {"a": "type Query { i: I }\ninterface I { x: Int }\ntype T implements I @authenticated { x: Int }"},
        "a:2",
    ),
    Case(
        "MISSING_TRANSITIVE_AUTH_REQUIREMENTS",
        {
            "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! x: Int @external r: Int @requires(fields: "x") }',
            "b": 'type T @key(fields: "id") { id: ID! x: Int @authenticated }',
        },
        {
            "a": 'type Query { t: T }\ntype T @key(fields: "id") { id: ID! x: Int @external r: Int @requires(fields: "x") @authenticated }',
            "b": 'type T @key(fields: "id") { id: ID! x: Int @authenticated }',
        },
        "a:2",
    ),
)

CASES = (
    *DOCUMENT,
    *ROOTS,
    *FIELD_SETS,
    *EXTERNAL,
    *MERGING,
    *INACCESSIBLE,
    *OVERRIDE,
    *INTERFACE_OBJECTS,
    *CONTEXT,
    *COST_AND_ACCESS,
)
