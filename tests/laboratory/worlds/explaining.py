"""Explains a failing trial: finds a smaller operation on a smaller world that fails in the same way, and shows both with the plan."""

import random
import time
from collections.abc import Iterable, Iterator
from typing import TypeVar

from graphql import parse, validate

from tests.laboratory.worlds.compared import compared
from tests.laboratory.worlds.drawing import build
from tests.laboratory.worlds.gateway import WorldGateway
from tests.laboratory.worlds.operations import DrawnOperation
from tests.laboratory.worlds.sdl import LINK
from tests.laboratory.worlds.smaller_blueprints import smaller_blueprints
from tests.laboratory.worlds.smaller_operations import smaller_operations
from tests.laboratory.worlds.world import World

_Item = TypeVar("_Item")

SECONDS = 20.0
"""How long a smaller example is looked for."""


async def explain(world: World, operation: DrawnOperation) -> str:
    """The smallest failing example found, ready to be read."""
    search = _Search(await failure_of(world, operation) or "", time.monotonic() + SECONDS)
    operation = await search.smaller_operation(world, operation)
    world = await search.smaller_world(world, operation)
    operation = await search.smaller_operation(world, operation)
    parts = [f"# {name}\n{sdl.removeprefix(LINK)}" for name, sdl in world.sdl.items()]
    shown = [*parts, f"labels {sorted(world.labels)}, {world.outage}", operation.text, str(operation.variables)]
    try:
        shown.append(WorldGateway(world).printed_plan(operation.text, operation.variables))
    except Exception as error:  # noqa: BLE001  # there may be no plan: that is what is shown
        shown.append(repr(error))
    return "\n".join([*shown, await failure_of(world, operation) or "it fails no more"])


async def failure_of(world: World, operation: DrawnOperation) -> str | None:
    """What is wrong with the gateway's answer to an operation; it begins with the kind of failure."""
    answered, expected = await compared(world, WorldGateway(world), operation)
    if answered == expected:
        return None
    if isinstance(answered, str):
        return answered
    return f"differs\ngateway    {answered}\none schema {expected}"


class _Search:
    def __init__(self, failure: str, ends: float) -> None:
        self._kind = _kind(failure)
        self._ends = ends

    async def smaller_operation(self, world: World, operation: DrawnOperation) -> DrawnOperation:
        schema = WorldGateway(world).schema
        found: DrawnOperation | None = operation
        while found is not None:
            operation, found = found, None
            for smaller in self._in_time(smaller_operations(operation)):
                if not validate(schema, parse(smaller.text)) and await self._fails(world, smaller):
                    found = smaller
                    break
        return operation

    async def smaller_world(self, world: World, operation: DrawnOperation) -> World:
        found: World | None = world
        while found is not None:
            world, found = found, None
            for blueprint in self._in_time(smaller_blueprints(world.blueprint)):
                try:
                    made = build(random.Random(0), blueprint)
                    if made is None or validate(WorldGateway(made).schema, parse(operation.text)):
                        continue
                except (IndexError, KeyError, TypeError):
                    continue  # Something is left that cannot be without what was taken.
                made.labels = world.labels
                made.outage = world.outage
                if await self._fails(made, operation):
                    found = made
                    break
        return world

    def _in_time(self, items: Iterable[_Item]) -> Iterator[_Item]:
        for item in items:
            if time.monotonic() > self._ends:
                return
            yield item

    async def _fails(self, world: World, operation: DrawnOperation) -> bool:
        failure = await failure_of(world, operation)
        return failure is not None and _kind(failure) == self._kind


def _kind(failure: str) -> str:
    return failure.partition(":")[0].partition("\n")[0]
