"""Whatever composition accepts is planned: no operation on a composed set of subgraphs is refused, and each plan is proved."""

from collections.abc import Callable
from random import Random

from hypothesis import Phase, given, settings
from hypothesis import strategies as st

from gateway.composition.compose import compose
from gateway.composition.errors import CompositionFailed
from gateway.composition.model import Subgraph
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.random_empty_interfaces import thinly_implemented_subgraphs
from tests.laboratory.random_features import wide_subgraphs
from tests.laboratory.random_subgraphs import random_subgraphs
from tests.laboratory.random_values import value_subgraphs
from tests.laboratory.worlds.operations import draw_operation
from tests.support.examples import examples
from tests.support.planning import planned

AS_DRAWN = (Phase.explicit, Phase.reuse, Phase.generate)
OPERATIONS = 8


def _check_set(random: Random, sdls: dict[str, str]) -> None:
    """Plan random operations on a set of subgraphs, if it composes."""
    subgraphs = [Subgraph(name=name, url=f"http://{name}.test/", sdl=sdl) for name, sdl in sdls.items()]
    try:
        composed = compose(subgraphs)
    except CompositionFailed:
        return
    supergraph = read_supergraph(composed.supergraph_sdl)
    roots = {"query": supergraph.api.query_type, "mutation": supergraph.api.mutation_type}
    for _ in range(OPERATIONS):
        kind = random.choice([name for name, root in roots.items() if root is not None])
        drawn = draw_operation(random, supergraph.api, random.randint(2, 5), kind)
        planned(supergraph, drawn.text)


def _check(seed: int, make: Callable[[Random], dict[str, str]]) -> None:
    random = Random(seed)
    _check_set(random, make(random))


@settings(examples(120), phases=AS_DRAWN)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_shared_values_and_interface_objects_are_planned(seed: int) -> None:
    _check(seed, value_subgraphs)


@settings(examples(30), phases=AS_DRAWN)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_random_subgraphs_are_planned(seed: int) -> None:
    _check(seed, lambda random: random_subgraphs(random, breakage=0.0))


@settings(examples(30), phases=AS_DRAWN)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_random_subgraphs_with_every_feature_are_planned(seed: int) -> None:
    _check(seed, lambda random: wide_subgraphs(random, breakage=0.0))


@settings(examples(60), phases=AS_DRAWN)
@given(seed=st.integers(min_value=0, max_value=2**32))
def test_interfaces_that_few_types_implement_are_planned(seed: int) -> None:
    _check(seed, thinly_implemented_subgraphs)
