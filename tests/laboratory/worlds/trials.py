"""Trials: random operations on a random world, answered by the gateway and by one schema."""

import random
from dataclasses import dataclass
from typing import Any

from graphql import GraphQLSchema

from tests.laboratory.worlds.compared import compared
from tests.laboratory.worlds.drawing import draw_world
from tests.laboratory.worlds.explaining import explain
from tests.laboratory.worlds.gateway import WorldGateway
from tests.laboratory.worlds.operations import draw_operation
from tests.laboratory.worlds.outages import draw_outage


@dataclass(frozen=True, slots=True)
class Trial:
    """One random operation on one random world: what the gateway answers, and what one schema would.

    Attributes:
        answered: what is comparable of the response; the exception, if there is none.
        shown: what is needed to understand a difference; empty if there is none.
    """

    answered: Any
    expected: Any
    shown: str


async def run_trials(seed: int, operations: int = 8) -> list[Trial]:
    """Answers random operations on the world of a seed; a subgraph is away during some of them."""
    rnd = random.Random(seed)
    size = rnd.randint(2, 5)
    world = draw_world(rnd, size)
    gateway = WorldGateway(world)
    trials: list[Trial] = []
    for _ in range(operations):
        drawn = draw_operation(rnd, gateway.schema, size, _kind(rnd, gateway.schema))
        world.outage = draw_outage(rnd, list(world.sdl)) if rnd.random() < 0.15 else None
        answered, expected = await compared(world, gateway, drawn)
        shown = "" if answered == expected else f"seed {seed}\n{await explain(world, drawn)}"
        trials.append(Trial(answered, expected, shown))
    return trials


def _kind(rnd: random.Random, schema: GraphQLSchema) -> str:
    """Queries mostly; mutations and subscriptions where there are some."""
    others = {"mutation": schema.mutation_type, "subscription": schema.subscription_type}
    return rnd.choice(["query", "query", *(name for name, root in others.items() if root is not None)])
