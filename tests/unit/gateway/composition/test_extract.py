"""A supergraph tells enough of its subgraphs to compose them again."""

from pathlib import Path
from random import Random

import pytest
from hypothesis import assume, example, given
from hypothesis import strategies as st

from gateway.composition.compose import Composed, compose
from gateway.composition.errors import CompositionFailed
from gateway.composition.extract import extract_subgraphs
from gateway.composition.model import Subgraph
from gateway.supergraph.errors import SupergraphError
from tests.laboratory.random_subgraphs import random_subgraphs
from tests.laboratory.supergraphs import differences
from tests.support.examples import examples

SUPERGRAPH = Path(__file__).parents[4] / "schema" / "supergraph.graphql"


def composed(seed: int) -> Composed | None:
    try:
        sdls = random_subgraphs(Random(seed), breakage=0)
        return compose([Subgraph(name, f"http://{name}", sdl) for name, sdl in sdls.items()])
    except CompositionFailed:
        return None


@examples(40)
@given(seed=st.integers(min_value=0, max_value=2**32))
@example(seed=561626)  # an overridden field that makes the field nullable
@example(seed=3195)  # an override from a subgraph that never had the field, nor its type
def test_what_is_extracted_composes_to_the_same(seed: int) -> None:
    whole = composed(seed)
    assume(whole is not None)
    assert whole is not None
    again = compose(extract_subgraphs(whole.supergraph_sdl))
    assert differences(again.supergraph_sdl, whole.supergraph_sdl) == []


RENAMED = """
extend schema @link(url: "https://specs.apollo.dev/federation/v2.9", import: ["@composeDirective", "@requiresScopes",
    {name: "@tag", as: "@label"}, {name: "@inaccessible", as: "@hidden"}])
  @link(url: "https://example.org/greet/v1.0", import: [{name: "@hello", as: "@tag"}]) @composeDirective(name: "@tag")
directive @tag(to: String) on FIELD_DEFINITION
type Query { q: Int @label(name: "t") @tag(to: "x") h: Int @hidden s: Int @requiresScopes(scopes: [["a"]]) }
"""


def test_renamed_directives_are_extracted_by_what_they_mean() -> None:
    whole = compose([Subgraph("a", "http://a", RENAMED)])
    (extracted,) = extract_subgraphs(whole.supergraph_sdl)
    assert '@tag(name: "t")' in extracted.sdl
    assert "@tag(to:" not in extracted.sdl
    assert compose([extracted]).api_sdl == whole.api_sdl == "type Query {\n  q: Int\n  s: Int\n}\n"


SMALL = compose([Subgraph("a", "http://a", "type Query { q: Int }")]).supergraph_sdl


@pytest.mark.parametrize(
    "broken",
    [
        "type Query { q: Int }",
        SMALL.replace("join__Graph {", "join__Other {"),
        SMALL.replace("@join__type(graph: A)", "@join__type(graph: B)"),
        SMALL.replace('A @join__graph(name: "a", url: "http://a")', "A"),
        SMALL.replace("q: Int", "q: Unheard"),
    ],
)
def test_what_is_no_supergraph_is_refused_as_one(broken: str) -> None:
    with pytest.raises(SupergraphError) as raised:
        extract_subgraphs(broken)
    assert raised.value.code == "INVALID_FEDERATION_SUPERGRAPH"
    assert raised.value.message
    assert [subgraph.name for subgraph in extract_subgraphs(SMALL)] == ["a"]


def test_the_market_is_extracted() -> None:
    sdl = SUPERGRAPH.read_text(encoding="utf-8")
    extracted = extract_subgraphs(sdl)
    assert len(extracted) == 8
    assert compose(extracted).supergraph_sdl == sdl
