"""Names that links give, and directives that several versions of a specification define."""

import pytest

from tests.laboratory.composition import composed, refusal

FEDERATION = '@link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@key", "@tag", "@shareable", "@composeDirective"])'
OWN = "https://example.org/own/v{}"


def _composing(version: str, definition: str, use: str, *, imports: str = '"@own"', further: str = "") -> str:
    return (
        f'extend schema {FEDERATION} @link(url: "{OWN.format(version)}", import: [{imports}]) @composeDirective(name: "@own")'
        f" {further} {definition} type Query {{ s: Int @shareable {use} }}"
    )


@pytest.mark.parametrize(
    "links",
    [
        f'@link(url: "{OWN.format("1.0")}", import: [{{name: "@mine", as: "@key"}}])',
        f'@link(url: "{OWN.format("1.0")}", import: ["@tag"])',
        f'@link(url: "{OWN.format("1.0")}", as: "shareable")',
        f'@link(url: "{OWN.format("1.0")}", import: [{{name: "@mine", as: "@federation__mine"}}])',
        '@link(url: "https://specs.apollo.dev/tag/v0.3")',
    ],
)
def test_two_links_do_not_give_one_name(links: str) -> None:
    errors = refusal({"a": f"extend schema {FEDERATION} {links} type Query {{ q: Int }}"})
    assert {error.code for error in errors} == {"INVALID_LINK_DIRECTIVE_USAGE"}


@pytest.mark.parametrize(
    ("older", "use", "newer"),
    [
        ("directive @own(a: String, b: Int) on FIELD_DEFINITION", "@own(b: 2)", "directive @own(a: String) on FIELD_DEFINITION"),
        ("directive @own(a: String) on FIELD_DEFINITION", "@own", "directive @own(a: String!) on FIELD_DEFINITION"),
        ("directive @own(a: String) on FIELD_DEFINITION", '@own(a: "x")', "directive @own(a: Int) on FIELD_DEFINITION"),
        ("directive @own(a: String) on FIELD_DEFINITION", "@own", "directive @own(a: String) on OBJECT"),
    ],
)  # fmt: skip
def test_uses_of_a_composed_directive_fit_the_newest_definition(older: str, use: str, newer: str) -> None:
    errors = refusal({"a": _composing("1.0", older, use), "b": _composing("1.2", newer, "")})
    assert [error.code for error in errors] == ["INVALID_GRAPHQL"]
    assert "newest definition" in errors[0].message
    assert composed({"a": _composing("1.2", older, use), "b": _composing("1.0", newer, "")})


def test_the_newest_version_defines_all_that_is_composed_of_it() -> None:
    definition = "directive @own on FIELD_DEFINITION"
    both = f"{definition} directive @second on FIELD_DEFINITION"
    second = '@composeDirective(name: "@second")'
    older = _composing("1.0", both, "@second", imports='"@own", "@second"', further=second)
    errors = refusal({"a": older, "b": _composing("1.3", definition, "@own")})
    assert [error.code for error in errors] == ["DIRECTIVE_COMPOSITION_ERROR"]
    same = _composing("1.0", definition, "@own")
    assert "s: Int @own @second" in composed({"a": older, "b": same}).supergraph_sdl
    newer = _composing("1.3", both, "@own", imports='"@own", "@second"')
    assert "s: Int @own @second" in composed({"a": older, "b": newer}).supergraph_sdl


def test_a_subgraph_without_a_composed_directive_gets_no_hint_about_its_name() -> None:
    definition = "directive @own on FIELD_DEFINITION"
    other = f'extend schema {FEDERATION} @link(url: "{OWN.format("1.0")}", as: "mine") type Query {{ r: Int }}'
    assert not composed({"a": _composing("1.0", definition, "@own"), "b": other}).hints


def test_two_major_versions_of_what_is_not_kept_are_a_hint() -> None:
    sdl = f'extend schema {FEDERATION} @link(url: "https://example.org/notes/v{{}}") type Query {{{{ {{}}: Int }}}}'
    hints = composed({"a": sdl.format("1.0", "q"), "b": sdl.format("2.3", "r")}).hints
    assert [hint.code for hint in hints] == ["DIRECTIVE_COMPOSITION_INFO"]
    assert not composed({"a": sdl.format("1.0", "q"), "b": sdl.format("1.3", "r")}).hints
    other = f'extend schema {FEDERATION} @link(url: "{OWN.format("2.0")}", import: ["@own"]) type Query {{ r: Int }}'
    hints = composed({"a": _composing("1.0", "directive @own on FIELD_DEFINITION", "@own"), "b": other}).hints
    assert [hint.code for hint in hints] == ["DIRECTIVE_COMPOSITION_INFO"]
