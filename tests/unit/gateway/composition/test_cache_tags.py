"""`@cacheTag` stays in the supergraph, for each subgraph that applies it."""

import pytest

from gateway.composition.extract import extract_subgraphs
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.composition import composed, refusal

IMPORTS = '"@key", "@shareable", "@external", "@provides", "@override", "@interfaceObject"'
TYPE = 'type T @key(fields: "id") @cacheTag(format: "t-{$key.id}") {'


def linked(sdl: str, cache_tag: str = '"@cacheTag"') -> str:
    url = "https://specs.apollo.dev/federation/v2.12"
    return f'extend schema @link(url: "{url}", import: [{IMPORTS}, {cache_tag}])\n{sdl}'


def kept(graphs: str, tag: str) -> str:
    return f'@join__directive(graphs: [{graphs}], name: "federation__cacheTag", args: {{format: "{tag}"}})'


def test_a_tag_of_a_type_names_the_subgraphs_that_apply_it() -> None:
    sdl = composed(
        {"a": linked(f"type Query {{ t: T }}\n{TYPE} id: ID }}"), "b": linked(f"{TYPE} id: ID x: Int }}")}
    ).supergraph_sdl
    assert f"  {kept('A, B', 't-{$key.id}')}\n" in sdl
    assert '@link(url: "https://specs.apollo.dev/cacheTag/v0.1", for: EXECUTION)' in sdl
    assert "directive @cacheTag" not in sdl


def test_each_tag_of_a_field_is_kept_for_its_subgraph() -> None:
    a = linked('type Query { q(id: ID): Int @shareable @cacheTag(format: "q-{$args.id}") @cacheTag(format: "all") }')
    b = linked('type Query { q(id: ID): Int @shareable @cacheTag(format: "q") }')
    made = composed({"a": a, "b": b})
    shown = " ".join((kept("A", "q-{$args.id}"), kept("A", "all"), kept("B", "q")))
    assert f"q(id: ID): Int {shown}\n" in made.supergraph_sdl
    assert made.hints == ()


@pytest.mark.parametrize(
    ("cache_tag", "used"), [('{name: "@cacheTag", as: "@ct"}', "ct"), ('"@tag"', "federation__cacheTag")]
)
def test_a_tag_is_kept_whatever_the_subgraph_calls_it(cache_tag: str, used: str) -> None:
    sdl = composed({"a": linked(f'type Query {{ q: Int @{used}(format: "q") }}', cache_tag)}).supergraph_sdl
    assert f"q: Int {kept('A', 'q')}" in sdl


def test_a_tag_has_one_name_in_all_subgraphs() -> None:
    renamed = linked('type Query { q: Int @ct(format: "q") }', '{name: "@cacheTag", as: "@ct"}')
    (error,) = refusal({"a": renamed, "b": linked('type Query { r: Int @cacheTag(format: "r") }')})
    assert error.code == "LINK_IMPORT_NAME_MISMATCH"


def test_a_tag_is_kept_where_the_subgraph_does_not_resolve_the_field() -> None:
    provided = 'type Query { t: T @provides(fields: "x") }\ntype T @key(fields: "id") { id: ID x: Int @external @cacheTag(format: "x") }'
    resolved = 'type T @key(fields: "id") { id: ID x: Int @shareable }'
    assert kept("A", "x") in composed({"a": linked(provided), "b": linked(resolved)}).supergraph_sdl
    lost = linked('type Query { q: Int @cacheTag(format: "lost") }')
    taken = linked('type Query { q: Int @override(from: "a") @cacheTag(format: "taken") }')
    sdl = composed({"a": lost, "b": taken}).supergraph_sdl
    assert f"{kept('A', 'lost')} {kept('B', 'taken')}" in sdl


def test_a_supergraph_with_tags_is_read_and_taken_apart() -> None:
    a = linked('type Query { t: T q: Int @cacheTag(format: "a \\"q\\"") }\n' + f"{TYPE} id: ID }}")
    b = linked('type Query { r: Int @cacheTag(format: "r") }')
    sdl = composed({"a": a, "b": b}).supergraph_sdl
    assert read_supergraph(sdl).api.query_type is not None
    apart = {subgraph.name: subgraph.sdl for subgraph in extract_subgraphs(sdl)}
    assert composed(apart).supergraph_sdl == sdl
