"""Trials of equivalence: an operation and its rewritings, answered by the gateway, must get the same data."""

import random
from collections.abc import Mapping, Sequence
from typing import Any

from graphql import GraphQLSchema, validate

from gateway.planning.printer import print_plan
from tests.laboratory.rewriting import (
    Asked,
    Rewrite,
    divided,
    extracted,
    included,
    inlined,
    narrowed,
    renamed,
    reordered,
    wrapped,
)
from tests.laboratory.rewriting_values import relabelled, spelled_out, valued
from tests.laboratory.worlds.drawing import draw_world
from tests.laboratory.worlds.gateway import WorldGateway
from tests.laboratory.worlds.operations import draw_operation
from tests.laboratory.worlds.trials import Trial

REWRITINGS: tuple[Rewrite, ...] = (
    inlined,
    extracted,
    reordered,
    wrapped,
    narrowed,
    divided,
    included,
    renamed,
    valued,
    spelled_out,
    relabelled,
)


def rewrite(asked: Asked, schema: GraphQLSchema, rnd: random.Random, rewritings: Sequence[Rewrite]) -> Asked:
    """The operation after one rewriting and another; still valid.

    Raises:
        AssertionError: a rewriting made something that is not valid.
    """
    for each in rewritings:
        changed = each(asked, schema, rnd)
        errors = validate(schema, changed.document)
        assert not errors, f"{each.__name__} of {asked.text}\nis {changed.text}\n{[error.message for error in errors]}"
        asked = changed
    return asked


def draw_rewriting(text: str, variables: Mapping[str, Any], schema: GraphQLSchema, rnd: random.Random) -> Asked:
    """An operation after some rewritings in some order."""
    chosen = rnd.sample(REWRITINGS, rnd.randint(1, len(REWRITINGS)))
    return rewrite(Asked.of(text, variables), schema, rnd, chosen)


async def run_rewritten_trials(seed: int, operations: int = 2, rewritings: int = 2) -> list[Trial]:
    """Answers random operations on the world of a seed, and rewritings of each; an answer is expected to be that of the first text.

    Raises:
        UnsoundPlan: the checker refuses a plan.
        AssertionError: a subgraph was sent what is not valid there, or not enough.
    """
    rnd = random.Random(seed)
    world = draw_world(rnd, has_clear_faults=True)
    gateway = WorldGateway(world)
    trials: list[Trial] = []
    for _ in range(operations):
        drawn = draw_operation(rnd, gateway.schema)
        first = await gateway.answer(drawn.text, drawn.variables)
        for _ in range(rewritings):
            asked = draw_rewriting(drawn.text, drawn.variables, gateway.schema, rnd)
            answered = await gateway.answer(asked.text, asked.variables)
            parts = [f"# {name}\n{sdl}" for name, sdl in world.sdl.items()]
            before = [drawn.text, str(drawn.variables), print_plan(first.plan)]
            after = [asked.text, str(asked.variables), print_plan(answered.plan)]
            shown = "\n".join([f"seed {seed}", *parts, *before, "rewritten:", *after])
            trials.append(Trial(asked.read_back(answered.response["data"]), first.response["data"], shown))
    return trials
