"""What holds of composition whatever the subgraphs."""

from pathlib import Path
from random import Random

from hypothesis import assume, given
from hypothesis import strategies as st

from gateway.composition.compose import Composed, compose
from gateway.composition.errors import CompositionFailed
from gateway.composition.model import Subgraph
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.large_schemas import large_subgraphs
from tests.laboratory.random_features import wide_subgraphs
from tests.laboratory.random_subgraphs import random_subgraphs
from tests.laboratory.schema_split import split_schema
from tests.laboratory.supergraphs import api_facts, facts
from tests.support.examples import examples
from tests.support.work import calls_of

SCHEMA = Path(__file__).parents[4] / "schema"
seeds = st.integers(min_value=0, max_value=2**32)


def composed(sdls: dict[str, str]) -> Composed | None:
    try:
        return compose([Subgraph(name, "", sdl) for name, sdl in sdls.items()])
    except CompositionFailed:
        return None


@examples(30)
@given(seed=seeds, order=st.randoms())
def test_shuffled_subgraphs_compose_to_the_same_text(seed: int, order: Random) -> None:
    sdls = list(wide_subgraphs(Random(seed), breakage=0.1).items())
    first = composed(dict(sdls))
    order.shuffle(sdls)
    again = composed(dict(sdls))
    assert (first and first.supergraph_sdl) == (again and again.supergraph_sdl)


@examples(30)
@given(seed=seeds, count=st.integers(min_value=1, max_value=4))
def test_the_split_of_an_api_composes_to_it_again(seed: int, count: int) -> None:
    whole = composed(random_subgraphs(Random(seed), breakage=0))
    assume(whole is not None)
    assert whole is not None
    again = composed(split_schema(Random(seed), whole.api_sdl, count))
    assert again is not None
    assert api_facts(again.api_sdl) == api_facts(whole.api_sdl)


def test_the_split_of_the_market_composes_to_it_again() -> None:
    api = (SCHEMA / "api.graphql").read_text(encoding="utf-8")
    again = composed(split_schema(Random(7), api, 5))
    assert again is not None
    assert api_facts(again.api_sdl) == api_facts(api)


@examples(30)
@given(seed=seeds)
def test_a_gateway_can_read_what_composes(seed: int) -> None:
    result = composed(wide_subgraphs(Random(seed), breakage=0.05))
    assume(result is not None)
    assert result is not None
    read = read_supergraph(result.supergraph_sdl)
    ours = {name for name in result.api_schema.type_map if not name.startswith("__")}
    assert {name for name in read.api.type_map if not name.startswith("__")} == ours


def test_the_market_in_the_repository_is_what_its_subgraphs_compose_to() -> None:
    sdls = {path.stem: path.read_text(encoding="utf-8") for path in (SCHEMA / "subgraphs").glob("*.graphql")}
    result = composed(sdls)
    assert result is not None
    written = facts((SCHEMA / "supergraph.graphql").read_text(encoding="utf-8"))
    assert facts(result.supergraph_sdl) == written


def test_twice_the_types_in_twenty_subgraphs_are_no_more_than_twice_the_work() -> None:
    """What two hundred types take in seconds, `python -m tests.bench composition` says."""
    few, many = (large_subgraphs(subgraphs=20, types=count, fields=10) for count in (50, 100))
    assert calls_of(lambda: compose(many)) < 2 * calls_of(lambda: compose(few))
