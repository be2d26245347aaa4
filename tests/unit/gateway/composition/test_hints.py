"""Hints tell what subgraphs do not quite agree on, and refuse nothing."""

import pytest

from tests.laboratory.composition import composed

FED = {
    "INCONSISTENT_DESCRIPTION": (
        '"one"\ntype T @shareable { x: Int }\ntype Query { t: T }',
        '"two"\ntype T @shareable { x: Int }',
    ),
    "INCONSISTENT_BUT_COMPATIBLE_FIELD_TYPE": ("type Query { q: Int @shareable }", "type Query { q: Int! @shareable }"),
    "INCONSISTENT_BUT_COMPATIBLE_ARGUMENT_TYPE": (
        "type Query { q(a: Int): Int @shareable }",
        "type Query { q(a: Int!): Int @shareable }",
    ),
    "INCONSISTENT_ARGUMENT_PRESENCE": ("type Query { q(a: Int): Int @shareable }", "type Query { q: Int @shareable }"),
    "INCONSISTENT_DEFAULT_VALUE_PRESENCE": (
        "type Query { q(a: Int = 1): Int @shareable }",
        "type Query { q(a: Int): Int @shareable }",
    ),
    "INCONSISTENT_INPUT_OBJECT_FIELD": ("type Query { q(i: I): Int }\ninput I { x: Int y: Int }", "input I { x: Int }"),
    "INCONSISTENT_ENUM_VALUE_FOR_INPUT_ENUM": ("type Query { q(e: E): Int }\nenum E { A B }", "enum E { A }"),
    "INCONSISTENT_ENUM_VALUE_FOR_OUTPUT_ENUM": ("type Query { q: E }\nenum E { A B }", "enum E { A }"),
    "INCONSISTENT_UNION_MEMBER": (
        "type Query { u: U }\nunion U = A | B\ntype A @shareable { x: Int }\ntype B @shareable { x: Int }",
        "union U = A\ntype A @shareable { x: Int }",
    ),
    "INCONSISTENT_OBJECT_VALUE_TYPE_FIELD": (
        "type Query { t: T }\ntype T @shareable { x: Int y: Int }",
        "type T @shareable { x: Int }",
    ),
    "INCONSISTENT_INTERFACE_VALUE_TYPE_FIELD": (
        "type Query { i: I }\ninterface I { x: Int y: Int }\ntype T implements I { x: Int y: Int }",
        "interface I { x: Int }",
    ),
    "INCONSISTENT_ENTITY": (
        'type Query { t: T }\ntype T @key(fields: "id") { id: ID! }',
        "type T { id: ID! @shareable }",
    ),
    "INCONSISTENT_RUNTIME_TYPES_FOR_SHAREABLE_RETURN": (
        "type Query { u: U @shareable }\nunion U = A | B\ntype A @shareable { x: Int }\ntype B @shareable { x: Int }",
        "type Query { u: U @shareable }\nunion U = A\ntype A @shareable { x: Int }",
    ),
    "INCONSISTENT_NON_REPEATABLE_DIRECTIVE_ARGUMENTS": (
        'type Query { q: Int @shareable @deprecated(reason: "one") }',
        'type Query { q: Int @shareable @deprecated(reason: "two") }',
    ),
    "MERGED_NON_REPEATABLE_DIRECTIVE_ARGUMENTS": (
        "type Query { q: Int @shareable @cost(weight: 1) }",
        "type Query { q: Int @shareable @cost(weight: 2) }",
    ),
    "DIRECTIVE_COMPOSITION_INFO": (
        'type Query { q: Int }\nextend schema @composeDirective(name: "@tag")',
        "type Query { r: Int }",
    ),
    "UNUSED_ENUM_TYPE": ("type Query { q: Int }\nenum E { A }", "enum E { A }"),
    "FROM_SUBGRAPH_DOES_NOT_EXIST": ('type Query { q: Int @override(from: "gone") }', "type Query { r: Int }"),
    "OVERRIDE_DIRECTIVE_CAN_BE_REMOVED": ('type Query { q: Int @override(from: "b") }', "type Query { r: Int }"),
    "OVERRIDDEN_FIELD_CAN_BE_REMOVED": ('type Query { q: Int @override(from: "b") }', "type Query { q: Int r: Int }"),
    "OVERRIDE_MIGRATION_IN_PROGRESS": (
        'type Query { q: Int @override(from: "b", label: "percent(1)") }',
        "type Query { q: Int r: Int }",
    ),
}


@pytest.mark.parametrize("code", FED)
def test_the_hint_is_given_with_its_places(code: str) -> None:
    a, b = FED[code]
    hints = [hint for hint in composed({"a": a, "b": b}).hints if hint.code == code]
    assert hints
    assert all(hint.places for hint in hints)


def test_subgraphs_that_agree_give_no_hint() -> None:
    same = 'type Query { t: T @shareable }\ntype T @key(fields: "id") { id: ID! x: E @shareable }\nenum E { A }'
    assert composed({"a": same, "b": same}).hints == ()


@pytest.mark.parametrize("minor", [12, 13, 14])
def test_a_version_that_todays_libraries_link_composes_without_a_hint(minor: int) -> None:
    link = f'extend schema @link(url: "https://specs.apollo.dev/federation/v2.{minor}", import: ["@key"])\n'
    assert composed({"a": link + "type Query { q: Int }"}).hints == ()


def test_a_later_minor_version_is_read_as_the_newest_known_one() -> None:
    link = 'extend schema @link(url: "https://specs.apollo.dev/federation/v2.99", import: ["@key"])\n'
    (hint,) = composed({"a": link + "type Query { q: Int }"}).hints
    assert hint.code == "NEWER_FEDERATION_VERSION"
