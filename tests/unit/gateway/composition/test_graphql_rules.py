"""GraphQL's own rules hold for each document with its own references alone, and for what clients see of the whole."""

import pytest
from graphql import build_schema, validate_schema

from tests.laboratory.composition import composed, refusal

ONE_KEY = 'type T @key(fields: "id") { id: ID! }'

ALONE = {
    "a query root that is not defined": "schema { query: Qeury } type Other { x: Int }",
    "a query root in an extension": "extend schema { query: Qeury } type Other { x: Int }",
    "a mutation root that is not defined": "schema { query: Query mutation: Mut } type Query { f: Int }",
    "a default root that is not defined": "schema { query: Query } type Other { x: Int }",
    "the scalar of representations": "type Query { f: _Any }",
    "the scalar of representations, defined": "scalar _Any type Query { f: _Any }",
    "the type of services": "type Query { f(x: Int): [_Service!] }",
    "a scalar of federation": "type Query { f: federation__FieldSet }",
    "a scalar of federation as an argument": "type Query { f(x: [federation__Scope!]): Int }",
    "a scalar of federation as an input field": "type Query { f(i: I): Int } input I { x: federation__FieldSet }",
    "a type of @link": "type Query { f: link__Purpose }",
    "a type of introspection": "type Query { f: __Type }",
    "an argument of a client's directive": "directive @d(x: federation__FieldSet) on FIELD type Query { f: Int }",
    "a query root that this subgraph lacks": "type T { q: Query } type Mutation { m: T }",
    "two definitions of a directive": "directive @d on FIELD directive @d on QUERY type Query { f: Int }",
    "two definitions of a scalar of federation": "scalar federation__FieldSet scalar federation__FieldSet type Query { f: Int }",
    "an object called as a scalar": "type String { x: Int } type Query { f: Int }",
    "an extension of a scalar as an object": "extend type String { x: Int } type Query { f: Int }",
    "an own argument of @deprecated": "directive @deprecated(why: Int) on FIELD_DEFINITION type Query { f: Int @deprecated(why: 1) }",
    "an own place of @include": "directive @include(if: Boolean!) on OBJECT type Query @include(if: true) { f: Int }",
}  # fmt: skip

TOGETHER = {
    "a @oneOf field that is non-null elsewhere": (
        "type Query { f(o: O): Int @shareable } input O @oneOf { x: Int y: Int }",
        "type Query { f(o: O): Int @shareable } input O { x: Int! y: Int }",
    ),
    "a default of two fields of what is @oneOf elsewhere": (
        "type Query { f(o: O): Int } input O @oneOf { x: Int y: Int }",
        "type Query { g(o: O = {x: 1, y: 2}): Int } input O { x: Int y: Int }",
    ),
    "an interface object in a union": (
        'type Query { i: I } interface I @key(fields: "id") { id: ID! } type T implements I @key(fields: "id") { id: ID! }',
        'type Query { u: U } union U = I | O type O { y: Int } type I @interfaceObject @key(fields: "id") { id: ID! x: Int }',
    ),
    "input types that need each other": (
        "type Query { f(a: A): Int @shareable } input A { b: B } input B { a: A! x: Int }",
        "type Query { f(a: A): Int @shareable } input A { b: B! } input B { a: A x: Int }",
    ),
    "a deprecated argument that is required elsewhere": (
        "type Query { f(x: Int @deprecated): Int @shareable }",
        "type Query { f(x: Int!): Int @shareable }",
    ),
    "interfaces that implement each other": (
        "type Query { f: A } interface A implements B { x: Int } interface B { x: Int } type T implements A & B { x: Int @shareable }",
        "type Query { g: B } interface B implements A { x: Int } interface A { x: Int } type T implements A & B { x: Int @shareable }",
    ),
}  # fmt: skip


@pytest.mark.parametrize("sdl", ALONE.values(), ids=ALONE.keys())
def test_a_document_is_held_against_its_own_definitions(sdl: str) -> None:
    (error,) = refusal({"a": sdl, "b": "type Query { g: Int }"})
    assert error.code == "INVALID_GRAPHQL"
    assert [place.subgraph for place in error.places] == ["a"]
    assert error.places[0].line


@pytest.mark.parametrize(("one", "other"), TOGETHER.values(), ids=TOGETHER.keys())
def test_the_schema_of_clients_is_held_against_graphql(one: str, other: str) -> None:
    errors = refusal({"a": one, "b": other})
    assert {error.code for error in errors} == {"INVALID_GRAPHQL"}
    assert all(place.line for error in errors for place in error.places)
    assert all(error.places for error in errors)


def test_fields_called_as_the_gateways_stand_on_every_type_but_the_query_root() -> None:
    api = composed({"a": "type Query { p: Pet _service: Int } type Pet { _entities: Int _service: Int }"}).api_sdl
    assert "type Pet {\n  _entities: Int\n  _service: Int\n}" in api
    assert "type Query {\n  p: Pet\n}" in api


def test_the_parts_for_the_gateway_may_be_printed() -> None:
    sdl = (
        "schema { query: Root } scalar _Any scalar federation__FieldSet union _Entity = T type _Service { sdl: String }"
        " type Root { t: T _service: _Service! _entities(representations: [_Any!]!): [_Entity]! }"
    )
    assert not validate_schema(build_schema(composed({"a": f"{sdl} {ONE_KEY}"}).api_sdl))


def test_definitions_of_graphqls_own_directives_may_be_printed() -> None:
    sdl = 'directive @deprecated(reason: String = "No longer supported") on FIELD_DEFINITION | ENUM_VALUE'
    assert "f: Int @deprecated" in composed({"a": f"{sdl} type Query {{ f: Int @deprecated g: Int }}"}).api_sdl


@pytest.mark.parametrize("below", ["{ x }", "(x: 1)"])
@pytest.mark.parametrize(
    ("sdl", "code"),
    [
        ('type Query {{ t: T }} type T @key(fields: "id __typename {}") {{ id: ID }}', "KEY_INVALID_FIELDS"),
        (
            'type Query {{ t: T @provides(fields: "x __typename {}") }} type T @key(fields: "id") {{ id: ID x: Int @external }}',
            "PROVIDES_INVALID_FIELDS",
        ),
        (
            'type Query {{ t: T }} type T @key(fields: "id") {{ id: ID x: Int @external y: Int @requires(fields: "x __typename {}") }}',
            "REQUIRES_INVALID_FIELDS",
        ),
    ],
)
def test_a_field_set_selects_nothing_below_a_type_name(sdl: str, code: str, below: str) -> None:
    other = 'type T @key(fields: "id") { id: ID x: Int @shareable }'
    assert [error.code for error in refusal({"a": sdl.format(below), "b": other})] == [code]


def test_external_on_a_type_needs_a_use_of_each_field() -> None:
    sdl = 'type Query { t: T } type T @external @key(fields: "id") { id: ID x: Int }'
    errors = refusal({"a": sdl, "b": 'type T @key(fields: "id") { id: ID x: Int }'})
    assert [(error.code, error.places[0].subgraph) for error in errors] == [("EXTERNAL_UNUSED", "a")]
    assert [error.code for error in refusal({"a": "type Query { f: Int } type Pet @external { x: Int }"})] == [
        "EXTERNAL_UNUSED"
    ]


def test_a_composed_directive_has_arguments_of_types_in_the_supergraph() -> None:
    sdl = (
        'extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective"])'
        ' @link(url: "https://example.org/greet/v1.0", import: ["@d"]) @composeDirective(name: "@d")'
        ' directive @d(x: {}) on FIELD_DEFINITION enum E {{ A }} type Query {{ f: Int @d(x: {}) }}'
    )  # fmt: skip
    errors = refusal({"a": sdl.format("[federation__FieldSet]", '"y"')})
    assert [error.code for error in errors] == ["DIRECTIVE_COMPOSITION_ERROR"]
    assert "@d(x: A)" in composed({"a": sdl.format("E", "A")}).supergraph_sdl
