"""Our plans need no more fetches than those of Apollo's planner and Hive's.

Needs both in the folder `PLANNING_PEER` (see `tests.laboratory.planning_peer`); skipped without it. `PLANNING_WORLDS` says how many random
worlds are compared (default 50). What all plans come to is printed.
"""

import os
from collections.abc import Iterator, Mapping
from pathlib import Path
from random import Random

import pytest

from gateway.supergraph.reader import read_supergraph
from tests.laboratory.planning_comparison import Compared, Question, compare, question, summary
from tests.laboratory.planning_peer import NOTHING, PLANNERS, PlanningPeer, peer_folder
from tests.laboratory.worlds.drawing import draw_world
from tests.laboratory.worlds.operations import draw_operation
from tests.support.planning import goldens

SCHEMA = Path(__file__).parents[3] / "schema"
WORLDS = int(os.environ.get("PLANNING_WORLDS", "50"))

pytestmark = pytest.mark.skipif(peer_folder() is None, reason="PLANNING_PEER names no folder with the peers")

# Where a peer asks less than it must, and why.
WRONG = {
    ("hive", "contexts/each_type_around_gives_its_own_value"): "Hive sends no arguments from contexts.",
    ("hive", "contexts/field_waits_for_the_value_of_the_object_around"): "Hive sends no arguments from contexts.",
    ("hive", "contexts/nearest_object_around_gives_the_value"): "Hive sends no arguments from contexts.",
    ("hive", "contexts/value_of_another_subgraph_is_fetched_first"): "Hive sends no arguments from contexts.",
    ("apollo", "mutations/field_waits_for_everything_of_the_one_before"): "The second mutation runs before the first is complete.",
    ("hive", "mutations/field_waits_for_everything_of_the_one_before"): "The second mutation runs before the first is complete.",
    ("apollo", "interface_objects_behind_interfaces/one_alias_for_different_fields_waits_for_the_type"): "The type of the object is not asked where it is known.",
    ("hive", "interface_objects_behind_interfaces/typename_behind_an_interface_is_fetched_where_it_is_known"): "The interface object's name is taken for the type.",
    ("hive", "interface_objects_behind_interfaces_without_a_key/type_is_asked_by_the_interface_objects_key"): "The interface object's name is taken for the type.",
    ("apollo", "mutations_below_the_root/mutation_is_asked_again_for_each_name"): "A mutation below the root is shared between its names.",
    ("hive", "mutations_below_the_root/mutation_is_asked_again_for_each_name"): "A mutation below the root is shared between its names.",
    ("apollo", "mutations_below_the_root/mutation_that_a_mutation_returns_stays_one_and_is_done_before_the_next"): "The next root mutation does not wait for the one below.",
    ("hive", "mutations_below_the_root/mutation_that_a_mutation_returns_stays_one_and_is_done_before_the_next"): "The next root mutation does not wait for the one below.",
}  # fmt: skip


@pytest.fixture(scope="module")
def peers() -> Iterator[Mapping[str, PlanningPeer]]:
    folder = peer_folder()
    assert folder is not None
    running = {name: PlanningPeer(folder, name) for name in PLANNERS}
    yield running
    for peer in running.values():
        peer.stop()


def show(text: str, capsys: pytest.CaptureFixture[str]) -> None:
    with capsys.disabled():
        print(f"\n{text}", end="")  # noqa: T201  # the summary is for whoever runs this


def unexplained(compared: list[Compared]) -> list[str]:
    return [
        f"{each.question.name}: {how}"
        for each in compared
        for name, how in each.worse().items()
        if (name, each.question.name) not in WRONG
    ]


def test_the_market_needs_no_more_fetches(
    peers: Mapping[str, PlanningPeer], capsys: pytest.CaptureFixture[str]
) -> None:
    supergraph = (SCHEMA / "supergraph.graphql").read_text(encoding="utf-8")
    operations = sorted((SCHEMA / "operations").glob("*.graphql"))
    compared = compare(
        [question(f"market/{path.stem}", supergraph, path.read_text(encoding="utf-8")) for path in operations], peers
    )
    show(summary("market", compared), capsys)
    assert all(each.theirs.keys() == set(PLANNERS) for each in compared)
    assert unexplained(compared) == []


def test_hard_cases_need_no_more_fetches(peers: Mapping[str, PlanningPeer], capsys: pytest.CaptureFixture[str]) -> None:
    questions = [
        question(
            golden.name,
            (golden.query.parent / "supergraph.graphql").read_text(encoding="utf-8"),
            golden.query.read_text(encoding="utf-8"),
        )
        for golden in goldens()
        if golden.query.parent.name != "overrides"
    ]
    compared = compare(questions, peers)
    show(summary("hard cases", compared), capsys)
    assert unexplained(compared) == []


def drawn_questions() -> Iterator[Question]:
    for seed in range(WORLDS):
        random = Random(seed)
        world = draw_world(random)
        schema = read_supergraph(world.supergraph).api
        for number in range(4):
            yield question(f"{seed}/{number}", world.supergraph, draw_operation(random, schema).text)


def test_random_worlds_need_no_more_fetches_in_sum(
    peers: Mapping[str, PlanningPeer], capsys: pytest.CaptureFixture[str]
) -> None:
    compared = compare(drawn_questions(), peers)
    show(summary("random worlds", compared), capsys)
    for name in PLANNERS:
        both = [(each.ours, each.theirs[name]) for each in compared if name in each.theirs]
        assert both
        ours = sum((one for one, _ in both), NOTHING)
        theirs = sum((other for _, other in both), NOTHING)
        assert ours.fetches <= theirs.fetches
        assert ours.depth <= theirs.depth
