"""A supergraph tells enough of its subgraphs to compose them again."""

from pathlib import Path
from random import Random

from hypothesis import assume, example, given
from hypothesis import strategies as st

from gateway.composition.compose import Composed, compose
from gateway.composition.errors import CompositionFailed
from gateway.composition.extract import extract_subgraphs
from gateway.composition.model import Subgraph
from tests.support.examples import examples
from tests.support.random_subgraphs import random_subgraphs
from tests.support.supergraphs import differences

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


def test_the_market_is_extracted() -> None:
    sdl = SUPERGRAPH.read_text(encoding="utf-8")
    extracted = extract_subgraphs(sdl)
    assert len(extracted) == 8
    assert compose(extracted).supergraph_sdl == sdl
