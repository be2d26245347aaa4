"""Specifications of the subgraphs' own: how their addresses give them names, and that they are not taken for standard ones."""

import pytest
from graphql import print_schema

from gateway.composition.compose import compose
from gateway.composition.model import Subgraph
from gateway.supergraph.link_address import read_address
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.composition import FED, composed, refusal

COMPOSE = '@composeDirective(name: "@mine")'
USED = "directive @mine on FIELD_DEFINITION\ntype Query { q: Int @mine }"


def linked(link: str, rest: str = USED) -> dict[str, str]:
    return {"a": f"{FED}extend schema {link}\n{rest}"}


@pytest.mark.parametrize(
    ("url", "read"),
    [
        ("https://example.org/mine/v1.2", ("https://example.org/mine", "mine", (1, 2))),
        ("https://example.org/a/b/mine/v1.2/", ("https://example.org/a/b/mine", "mine", (1, 2))),
        ("https://example.org/mine/v1.2?x=1#part", ("https://example.org/mine", "mine", (1, 2))),
        ("https://example.org/mine", ("https://example.org/mine", "mine", None)),
        ("https://example.org/my-spec/v1.0", ("https://example.org/my-spec", "", (1, 0))),
        ("https://example.org/my__spec/v1.0", ("https://example.org/my__spec", "", (1, 0))),
        ("https://example.org/spec_/v1.0", ("https://example.org/spec_", "", (1, 0))),
        ("https://example.org/v1.0", ("https://example.org", "", (1, 0))),
        ("https://example.org", ("https://example.org", "", None)),
        ("https://example.org/mine/v1.0\n", ("https://example.org/mine/v1.0\n", "", None)),
        ("mine", ("mine", "mine", None)),
        ("v1.0", ("v1.0", "", None)),
    ],
)
def test_an_address_gives_a_name_and_a_version_as_the_link_specification_says(
    url: str, read: tuple[str, str, tuple[int, int] | None]
) -> None:
    address = read_address(url)
    assert (address.identity, address.name, address.version) == read


@pytest.mark.parametrize("address", ["https://example.org/my-spec", "https://example.org/9x", "https://example.org"])
def test_what_is_imported_from_a_specification_without_a_name_is_kept(address: str) -> None:
    sdl = composed(linked(f'@link(url: "{address}/v1.0", import: ["@mine"]) {COMPOSE}')).supergraph_sdl
    assert "q: Int @mine" in sdl
    assert f'@link(url: "{address}/v1.0", as: "' in sdl
    assert read_supergraph(sdl).api.query_type is not None


def test_a_specification_without_a_name_may_be_linked_for_its_types_alone() -> None:
    assert composed(linked('@link(url: "https://example.org/my-spec/v1.0")'))


def test_two_specifications_without_names_have_namespaces_of_their_own() -> None:
    links = (
        '@link(url: "https://example.org/my-spec/v1.0", import: ["@mine"])'
        ' @link(url: "https://example.com/my-spec/v1.0", import: ["@yours"])'
        ' @link(url: "https://example.net/my-spec/v1.0", import: ["@theirs"])'
    )
    names = ("mine", "yours", "theirs")
    asked = " ".join(f'@composeDirective(name: "@{name}")' for name in names)
    defined = "\n".join(f"directive @{name} on FIELD_DEFINITION" for name in names)
    sdl = composed(
        linked(f"{links} {asked}", f"{defined}\ntype Query {{ q: Int @mine @yours @theirs }}")
    ).supergraph_sdl
    assert [name in sdl for name in ('as: "myspec"', 'as: "_myspec"', 'as: "_0myspec"')] == [True] * 3


@pytest.mark.parametrize(
    ("link", "code"),
    [
        ('url: "https://example.org/mine/v1.0", as: "my-mine"', "INVALID_LINK_IDENTIFIER"),
        ('url: "https://example.org/mine/v1.0", as: "my__mine"', "INVALID_LINK_DIRECTIVE_USAGE"),
        ('url: "https://example.org/mine/v1.0", as: "mine_"', "INVALID_LINK_DIRECTIVE_USAGE"),
        ('url: "my own specification"', "INVALID_LINK_IDENTIFIER"),
        ('url: ""', "INVALID_LINK_IDENTIFIER"),
        ('url: "https://[mine/v1.0"', "INVALID_LINK_IDENTIFIER"),
    ],
)
def test_a_namespace_that_cannot_be_one_is_refused(link: str, code: str) -> None:
    (error,) = refusal(linked(f"@link({link})"))
    assert error.code == code


@pytest.mark.parametrize(
    "address", ["https://specs.apollo.dev/mine", "https://specs.apollo.dev/deep/mine", "http://specs.apollo.dev/mine"]
)
def test_a_directive_of_a_specification_of_any_host_is_kept(address: str) -> None:
    sdl = composed(linked(f'@link(url: "{address}/v1.0", import: ["@mine"]) {COMPOSE}')).supergraph_sdl
    assert f'@link(url: "{address}/v1.0", import: ["@mine"])' in sdl
    assert "q: Int @mine" in sdl


@pytest.mark.parametrize(
    "name", ["link", "join", "tag", "inaccessible", "authenticated", "requiresScopes", "policy", "cost"]
)
def test_a_specification_of_another_host_is_not_the_standard_one_of_that_name(name: str) -> None:
    rest = (
        "directive @mine on FIELD_DEFINITION\n"
        'type Query { q: Int @mine secret: Int @inaccessible scoped: Int @requiresScopes(scopes: [["a"]]) }\n'
        f"extend type Query {{ named: {name} }}\ntype {name} {{ x: Int @authenticated }}"
    )
    link = f'@link(url: "https://example.org/{name}/v9.0", import: ["@mine"], as: "own") {COMPOSE}'
    supergraph = read_supergraph(composed(linked(link, rest)).supergraph_sdl)
    assert "secret" not in print_schema(supergraph.api)
    assert f"type {name} {{" in print_schema(supergraph.api)
    assert supergraph.access["Query", "scoped"].scopes
    assert supergraph.access[name, "x"].authenticated


def test_a_directive_of_another_hosts_specification_has_no_meaning_in_composition() -> None:
    rest = "directive @inaccessible on FIELD_DEFINITION\ntype Query { q: Int @inaccessible }"
    sdl = f'extend schema @link(url: "https://example.org/x/inaccessible/v0.2", import: ["@inaccessible"])\n{rest}'
    assert "q: Int" in compose([Subgraph("a", "http://a", sdl)]).api_sdl
