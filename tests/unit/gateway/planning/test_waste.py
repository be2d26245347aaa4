"""Plans fetch nothing in vain: no value again that an awaited fetch has brought, none that nobody reads."""

from dataclasses import replace
from pathlib import Path
from random import Random

import pytest

from gateway.planning.plan import FetchedField, FetchedFragment
from gateway.supergraph.reader import read_supergraph
from tests.laboratory.planning_waste import waste
from tests.laboratory.worlds.drawing import draw_world
from tests.laboratory.worlds.operations import draw_operation
from tests.support.planning import Golden, goldens, planned, read_supergraph_file

SCHEMA = Path(__file__).parents[4] / "schema"
WORLDS = 15


@pytest.mark.parametrize("golden", goldens(), ids=lambda golden: golden.name)
def test_hard_case_fetches_nothing_in_vain(golden: Golden) -> None:
    assert waste(golden.plan()) == []


@pytest.mark.parametrize("path", sorted((SCHEMA / "operations").glob("*.graphql")), ids=lambda path: path.stem)
def test_market_fetches_nothing_in_vain(path: Path) -> None:
    market = read_supergraph_file(SCHEMA / "supergraph.graphql")
    assert waste(planned(market, path.read_text(encoding="utf-8"))) == []


@pytest.mark.parametrize("seed", range(WORLDS))
def test_random_world_fetches_nothing_in_vain(seed: int) -> None:
    random = Random(seed)
    supergraph = read_supergraph(draw_world(random).supergraph)
    for _ in range(4):
        text = draw_operation(random, supergraph.api).text
        assert waste(planned(supergraph, text)) == [], text


def test_waste_is_seen() -> None:
    golden = next(each for each in goldens() if each.name == "benchmark/deep_query_takes_six_fetches")
    made = golden.plan()
    last = made.fetches[-1]
    (fragment,) = (part for part in last.groups[0].selections if isinstance(part, FetchedFragment))
    added = (FetchedField("__spare", "__spare", "spare", "Int", ""), *fragment.selections)
    wasteful = replace(last, groups=(replace(last.groups[0], selections=(replace(fragment, selections=added),)),))
    assert any("nobody reads" in found for found in waste(replace(made, fetches=(*made.fetches[:-1], wasteful))))
    again = replace(last, id=last.id + 1, depends_on=(last.id,))
    assert any("again" in found for found in waste(replace(made, fetches=(*made.fetches, again))))
