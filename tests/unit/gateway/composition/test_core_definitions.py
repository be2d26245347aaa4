"""A document's own definitions of what specifications define: partial ones are accepted, those that contradict are refused."""

import pytest

from gateway.composition import specs
from gateway.composition.links import FEDERATION
from tests.laboratory.composition import composed, refusal

SCALARS = {name: name for name in specs.TYPES}
IMPORTS = ", ".join(f'"{name}"' for name in (*(f"@{directive}" for directive in specs.DIRECTIVES), *specs.TYPES))
LINK = f'extend schema @link(url: "{FEDERATION}/v2.14", import: [{IMPORTS}])'
OWN = f"{LINK} {' '.join(f'scalar {name}' for name in specs.TYPES)} type Query {{ q: Int }}"
LINKED = f'extend schema @link(url: "{FEDERATION}/v2.9", import: ["@key", "@tag", "FieldSet"])'


def _definition(name: str) -> str:
    definition = specs.DIRECTIVES[name].definition.format(**SCALARS)
    return f"directive @{name}{'' if definition.startswith('(') else ' '}{definition}"


@pytest.mark.parametrize("name", specs.DIRECTIVES)
def test_the_definition_of_each_directive_may_be_printed(name: str) -> None:
    assert composed({"a": f"{OWN} {_definition(name)}"})


@pytest.mark.parametrize("name", specs.DIRECTIVES)
def test_a_definition_with_an_own_argument_is_refused(name: str) -> None:
    definition = _definition(name)
    head, on, places = definition.partition(" on ")
    repeatable = " repeatable" if head.endswith(" repeatable") else ""
    head = head.removesuffix(" repeatable")
    own = f"{head[:-1]}, mine: Int)" if head.endswith(")") else f"{head}(mine: Int)"
    errors = refusal({"a": f"{OWN} {own}{repeatable}{on}{places}"})
    assert [error.code for error in errors] == ["DIRECTIVE_DEFINITION_INVALID"]


@pytest.mark.parametrize("name", specs.DIRECTIVES)
def test_a_definition_for_another_place_is_refused(name: str) -> None:
    errors = refusal({"a": f"{OWN} {_definition(name)} | VARIABLE_DEFINITION"})
    assert [error.code for error in errors] == ["DIRECTIVE_DEFINITION_INVALID"]


@pytest.mark.parametrize("name", [n for n, spec in specs.DIRECTIVES.items() if "repeatable" not in spec.definition])
def test_a_definition_that_may_be_repeated_is_refused_where_the_specification_does_not(name: str) -> None:
    head, on, places = _definition(name).partition("on ")
    errors = refusal({"a": f"{OWN} {head}repeatable {on}{places}"})
    assert [error.code for error in errors] == ["DIRECTIVE_DEFINITION_INVALID"]


@pytest.mark.parametrize(
    "definition",
    [
        "directive @key(fields: FieldSet!, resolvable: String = true) repeatable on OBJECT",
        "directive @key(fields: FieldSet!, resolvable: Boolean) repeatable on OBJECT",
        "directive @key(fields: FieldSet!, resolvable: Boolean = false) repeatable on OBJECT",
        "directive @key(fields: FieldSet, resolvable: Boolean = true) repeatable on OBJECT",
        "directive @key(fields: [FieldSet!]!) repeatable on OBJECT",
        "directive @key(fields: Int!) repeatable on OBJECT",
        "directive @key(resolvable: Boolean = true) repeatable on OBJECT",
        "directive @tag(name: String) repeatable on OBJECT",
        'directive @link(url: String = "x", as: String, import: [link__Import]) repeatable on SCHEMA',
        "directive @link(as: String, import: [link__Import]) repeatable on SCHEMA",
        "directive @link(url: String, as: String, import: [link__Import]) on SCHEMA",
    ],
)
def test_a_contradicting_argument_is_refused(definition: str) -> None:
    errors = refusal({"a": f"{LINKED} type Query {{ q: Int }} {definition}"})
    assert [error.code for error in errors] == ["DIRECTIVE_DEFINITION_INVALID"]


@pytest.mark.parametrize(
    "definition",
    [
        "directive @key(fields: FieldSet!) on OBJECT",
        "directive @key(fields: String!, resolvable: Boolean! = true) repeatable on OBJECT",
        "scalar Fields directive @key(fields: Fields!) on OBJECT | INTERFACE",
        "directive @tag(name: String!) on OBJECT",
        "directive @link(url: String, as: String, import: [link__Import], for: link__Purpose, more: Int) repeatable on SCHEMA",
        "scalar FieldSet",
        "enum link__Purpose { EXECUTION SECURITY }",
    ],
)
def test_a_partial_or_stricter_definition_is_accepted(definition: str) -> None:
    assert composed({"a": f'{LINKED} type Query {{ t: T }} type T @key(fields: "id") {{ id: ID }} {definition}'})


def test_the_definition_of_link_is_known_beside_another_specification_called_link() -> None:
    linked = f'{LINKED} extend schema @link(url: "https://example.org/link/v1.0", as: "other")'
    head = "directive @link(url: String, as: String, import: [link__Import], more: Int)"
    assert composed({"a": f"{linked} type Query {{ q: Int }} {head} repeatable on SCHEMA"})
    errors = refusal({"a": f"{linked} type Query {{ q: Int }} {head} on SCHEMA"})
    assert [error.code for error in errors] == ["DIRECTIVE_DEFINITION_INVALID"]


@pytest.mark.parametrize(
    "definition",
    [
        "enum FieldSet { A }",
        "type FieldSet { x: Int }",
        "type link__Purpose { x: Int }",
        "enum link__Purpose { SECURITY }",
        "enum link__Purpose { SECURITY EXECUTION OTHER }",
        "input link__Import { x: Int }",
    ],
)
def test_a_type_of_a_specification_keeps_its_kind_and_values(definition: str) -> None:
    errors = refusal({"a": f"{LINKED} type Query {{ q: Int }} {definition}"})
    assert [error.code for error in errors] == ["TYPE_DEFINITION_INVALID"]
    assert refusal({"a": "# fed1\nenum _FieldSet { A } type Query { q: Int }"})[0].code == "TYPE_DEFINITION_INVALID"


@pytest.mark.parametrize(
    "sdl",
    [
        'directive @tag(name: String!) on OBJECT type Query { q: Int @tag(name: "x") }',
        'directive @tag(name: String!) on FIELD_DEFINITION type Query { q: Int @tag(name: "x") @tag(name: "y") }',
        'directive @key(fields: FieldSet!) on OBJECT type Query { t: T } type T @key(fields: "id", resolvable: false) { id: ID }',
    ],
)
def test_what_a_partial_definition_leaves_out_cannot_be_used(sdl: str) -> None:
    assert [error.code for error in refusal({"a": f"{LINKED} {sdl}"})] == ["INVALID_GRAPHQL"]


@pytest.mark.parametrize(
    ("url", "imported", "sdl", "is_accepted"),
    [
        ("federation/v2.2", "@tag", 'extend schema @tag(name: "x") type Query { q: Int }', False),
        ("federation/v2.3", "@tag", 'extend schema @tag(name: "x") type Query { q: Int }', True),
        ("federation/v2.6", "@override", 'type Query { q: Int @override(from: "z", label: "percent(1)") }', False),
        ("federation/v2.7", "@override", 'type Query { q: Int @override(from: "z", label: "percent(1)") }', True),
        (
            "federation/v2.1",
            "@shareable",
            "type Query { t: T } type T @shareable { x: Int } extend type T @shareable { y: Int }",
            False,
        ),
        (
            "federation/v2.2",
            "@shareable",
            "type Query { t: T } type T @shareable { x: Int } extend type T @shareable { y: Int }",
            True,
        ),
        ("tag/v0.1", "@tag", 'type Query { s: S } scalar S @tag(name: "x")', False),
        ("tag/v0.2", "@tag", 'type Query { s: S } scalar S @tag(name: "x")', True),
        ("inaccessible/v0.1", "@inaccessible", "type Query { q(x: Int @inaccessible): Int }", False),
        ("inaccessible/v0.2", "@inaccessible", "type Query { q(x: Int @inaccessible): Int }", True),
    ],
)
def test_each_version_of_a_specification_has_its_own_definitions(
    url: str, imported: str, sdl: str, *, is_accepted: bool
) -> None:
    federation = "" if url.startswith("federation") else f' @link(url: "{FEDERATION}/v2.9")'
    whole = f'extend schema @link(url: "https://specs.apollo.dev/{url}", import: ["{imported}"]){federation} {sdl}'
    if is_accepted:
        assert composed({"a": whole})
    else:
        assert [error.code for error in refusal({"a": whole})] == ["INVALID_GRAPHQL"]
